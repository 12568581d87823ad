#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: config_transaction
short_description: Change all configuration files of a service as one, validated, or not at all
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Renders templates on the controller, then makes one round trip to the host. There it stages the files beside their
    destinations, compares, swaps by rename and runs the service's own validators on the live paths.
  - When anything fails (a validator refuses, hangs or is missing, the disk is full, the module is interrupted) every
    file, link and directory is again what it was, nothing is left behind, and the task fails with the validator's own
      words.
  - A transaction that was cut off (the host died) is put back by the next transaction on that host.
  - A destination that is a symbolic link is refused, because it is not clear whether the link or its target is meant.
  - Parent directories are not made by themselves. List them under O(directories).
  - A replaced file keeps its extended attributes, its access list (ACL) and its SELinux context; a new one has the
    context of the host's policy. The mode that is asked for holds, and with an access list it is its mask, as after
    C(chmod).
options:
  files:
    description: The files to manage, applied in this order.
    type: list
    elements: dict
    default: []
    suboptions:
      dest:
        description: Absolute path on the host.
        type: path
        required: true
      template:
        description:
          - A template, searched like M(ansible.builtin.template) does and rendered on the controller (C(trim_blocks)).
          - Exactly one of O(files[].template), O(files[].src) and O(files[].content) is given, unless
            O(files[].state=absent).
        type: str
      vars:
        description: Additional variables for the template, for instance one item of a list.
        type: dict
      src:
        description: A file on the controller, taken as it is, searched like M(ansible.builtin.copy) does.
        type: str
      content:
        description: The content itself.
        type: str
      owner:
        description: Name or number of the owner.
        type: str
        default: root
      group:
        description: Name or number of the group.
        type: str
        default: root
      mode:
        description: Permissions as a quoted octal number.
        type: str
        default: "0644"
      on_change:
        description: What the service needs when this file changes.
        type: str
        choices: [none, live, reload, restart]
        default: reload
      service:
        description: The service that reads this file; see RV(required_actions).
        type: str
        version_added: "0.2.0"
      secret:
        description: Never show the content in differences or in the validator's output.
        type: bool
        default: false
      state:
        description: Whether the file should be there.
        type: str
        choices: [present, absent]
        default: present
      size:
        description: Set by the action plugin. Length of this file's content in O(payload).
        type: int
  payload:
    description: Set by the action plugin. All contents, one after the other, compressed.
    type: str
  owns:
    description: Files which match the pattern and are not in O(files) or O(links) are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      directory:
        description: The directory, not searched recursively.
        type: path
        required: true
      pattern:
        description: A shell pattern for names. C(*) does not match hidden files.
        type: str
        required: true
      on_change:
        description: What the service needs when a file is removed.
        type: str
        choices: [none, live, reload, restart]
        default: reload
      service:
        description: The service that reads these files; see RV(required_actions).
        type: str
        version_added: "0.2.0"
      foreign:
        description:
          - What happens to a matching file that O(role) has never written.
          - V(refuse) fails the task before anything changes, and names the file.
        type: str
        choices: [remove, refuse]
        default: remove
  directories:
    description: Directories to make before the swap, parents before children.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path on the host.
        type: path
        required: true
      owner:
        description: Name or number of the owner.
        type: str
        default: root
      group:
        description: Name or number of the group.
        type: str
        default: root
      mode:
        description: Permissions as a quoted octal number.
        type: str
        default: "0755"
      on_change:
        description: What the service needs when the directory changes.
        type: str
        choices: [none, live, reload, restart]
        default: none
      service:
        description: The service that uses this directory; see RV(required_actions).
        type: str
        version_added: "0.2.0"
  links:
    description: Symbolic links, swapped atomically.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path of the link.
        type: path
        required: true
      target:
        description: What the link says.
        type: str
        required: true
      on_change:
        description: What the service needs when the link changes.
        type: str
        choices: [none, live, reload, restart]
        default: reload
      service:
        description: The service that follows this link; see RV(required_actions).
        type: str
        version_added: "0.2.0"
  validate:
    description:
      - Commands as lists of words, run one after the other after the swap. They look at the live paths.
      - All of them have to accept. With files of several services, give the validators of each.
    type: list
    elements: list
    default: []
  validate_when:
    description: Whether to run the validators when nothing changed, too.
    type: str
    choices: [changed, always]
    default: changed
  validate_timeout:
    description: Seconds one validator may take.
    type: float
    default: 30
  role:
    description:
      - The role whose configuration this is. What the transaction replaces is then kept on the host, readable by root
        only, and M(impl.lifecycle.config_generation) can bring it back. The last twenty changes are kept.
    type: str
    version_added: "0.2.0"
  journal_directory:
    description: Where the host keeps the journal of a transaction under way.
    type: path
    default: /var/lib/lifecycle/transactions
  generations_directory:
    description: Where the host keeps what was replaced.
    type: path
    default: /var/lib/lifecycle/generations
    version_added: "0.2.0"
attributes:
  check_mode:
    description: Reports what would change, writes nothing, runs no validator. Accepts owners that do not exist yet.
    support: full
  diff_mode:
    description: Shows content, owner and mode; secret contents are hidden.
    support: full
"""

EXAMPLES = r"""
- name: Configure Redis
  impl.lifecycle.config_transaction:
    files:
      - template: redis.conf.j2
        dest: /etc/redis/redis.conf
        owner: redis
        group: redis
        mode: "0640"
        on_change: restart
      - template: users.acl.j2
        dest: /etc/redis/users.acl
        owner: redis
        group: redis
        mode: "0640"
        secret: true
        on_change: live
  register: __redis_configuration

- name: Configure the virtual hosts, and no others
  impl.lifecycle.config_transaction:
    files: "{{ __nginx_vhost_files }}"
    owns:
      - directory: /etc/nginx/conf.d
        pattern: "vhost-*.conf"
    validate: [[nginx, -t]]

- name: Give two services their new password at the same time, or neither of them
  impl.lifecycle.config_transaction:
    files:
      - {template: upstream.conf.j2, dest: /etc/nginx/conf.d/upstream-clinic.conf, service: nginx}
      - {template: users.acl.j2, dest: /etc/redis/users.acl, secret: true, on_change: restart, service: redis-server}
    validate:
      - [nginx, -t]
      - [/usr/local/lib/lifecycle/redis-check]
  register: both

- name: Let nginx read it
  ansible.builtin.systemd_service: {name: nginx, state: reloaded}
  when: both.required_actions.nginx == 'reload'
"""

RETURN = r"""
required_action:
  description: The strongest C(on_change) among what changed.
  returned: success
  type: str
  sample: reload
required_actions:
  description: The same for each C(service) that the task or an earlier transaction which was put back names.
  returned: success
  type: dict
  sample: {"nginx": "reload", "redis-server": "none"}
changed_files:
  description: Files and links that changed, appeared or went.
  returned: success
  type: list
  elements: str
changed_directories:
  description: Directories that were made or got another owner or mode.
  returned: success
  type: list
  elements: str
recovered_files:
  description: Paths of an earlier transaction which was cut off and which this run put back first.
  returned: success
  type: list
  elements: str
validator_output:
  description: What the validator said.
  returned: when a validator refused
  type: str
restored:
  description: Whether everything is again what it was.
  returned: failure
  type: bool
"""

import base64
import contextlib
import os
import zlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import generations
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction as tx
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_journal as journals
from ansible_collections.impl.lifecycle.plugins.module_utils import transaction_state as states

ON_CHANGE = {"type": "str", "choices": list(states.ACTIONS), "default": "reload"}


def argument_spec() -> dict:
    owner = {"owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}}
    path = {"type": "path", "required": True}
    files = {
        "dest": path,
        "template": {"type": "str"},
        "vars": {"type": "dict"},
        "src": {"type": "str"},
        "content": {"type": "str"},
        **owner,
        "mode": {"type": "str", "default": "0644"},
        "on_change": ON_CHANGE,
        "service": {"type": "str"},
        "secret": {"type": "bool", "default": False, "no_log": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        # Set by the action plugin: where this file's content is in `payload`.
        "size": {"type": "int"},
    }
    directories = {
        "path": path,
        **owner,
        "mode": {"type": "str", "default": "0755"},
        "on_change": dict(ON_CHANGE, default="none"),
        "service": {"type": "str"},
    }
    links = {
        "path": path,
        "target": {"type": "str", "required": True},
        "on_change": ON_CHANGE,
        "service": {"type": "str"},
    }
    owns = {
        "directory": path,
        "pattern": {"type": "str", "required": True},
        "on_change": ON_CHANGE,
        "service": {"type": "str"},
        "foreign": {"type": "str", "choices": ["remove", "refuse"], "default": "remove"},
    }
    return {
        "files": _list_of(files),
        "owns": _list_of(owns),
        "directories": _list_of(directories),
        "links": _list_of(links),
        "validate": {"type": "list", "elements": "list", "default": []},
        "validate_when": {"type": "str", "choices": ["changed", "always"], "default": "changed"},
        "validate_timeout": {"type": "float", "default": 30},
        "role": {"type": "str"},
        "journal_directory": {"type": "path", "default": "/var/lib/lifecycle/transactions"},
        "generations_directory": {"type": "path", "default": generations.ROOT},
        # All contents, one after the other, compressed. no_log keeps them out of the host's syslog and of `invocation`.
        "payload": {"type": "str", "no_log": True},
    }


def _list_of(options: dict) -> dict:
    return {"type": "list", "elements": "dict", "default": [], "options": options}


def targets_of(params: dict, tolerant: bool) -> list:
    """Return all targets in the order in which they are applied: directories, files, links, then what is purged."""
    targets = [
        # A directory may well be reached through a link; the directory itself is meant.
        states.Target(
            os.path.realpath(item["path"]),
            _owned("directory", item, item["path"], tolerant),
            item["on_change"],
            service=item["service"] or "",
        )
        for item in params["directories"]
    ]
    payload = zlib.decompress(base64.b64decode(params["payload"])) if params["payload"] else b""
    start = 0
    for item in params["files"]:
        if item["state"] == "absent":
            wanted = states.State("absent")
        elif item["size"] is None:
            raise states.PlanError("{0}: the content is missing; call this module as a task".format(item["dest"]))
        else:
            content = payload[start : start + item["size"]]
            start += item["size"]
            wanted = _owned("file", item, item["dest"], tolerant, content)
        targets.append(states.Target(item["dest"], wanted, item["on_change"], item["secret"], item["service"] or ""))
    for item in params["links"]:
        wanted = states.State("link", target=item["target"])
        targets.append(states.Target(item["path"], wanted, item["on_change"], service=item["service"] or ""))
    declared = {states.place(target.path) for target in targets}
    for item in params["owns"]:
        about = (item["directory"], item["pattern"], item["on_change"])
        purged = states.purge_targets(*about, declared, item["service"] or "")
        if item["foreign"] == "refuse":
            _refuse_foreign(purged, params)
        declared.update(states.place(target.path) for target in purged)
        targets.extend(purged)
    return targets


def _refuse_foreign(purged: list, params: dict) -> None:
    if params["role"] is None:
        raise states.PlanError("owns: foreign=refuse needs role: whose files are not foreign?")
    own = {states.place(path) for path in generations.written(params["generations_directory"], params["role"])}
    foreign = [target.path for target in purged if states.place(target.path) not in own]
    if foreign:
        raise states.PlanError(
            "the role {0} has not written {1}, and would remove it; move it away, or take it into the inventory".format(
                params["role"], ", ".join(foreign)
            )
        )


def _owned(kind: str, item: dict, path: str, tolerant: bool, content: bytes = b"") -> states.State:
    return states.State(
        kind,
        content=content,
        uid=states.user_id(item["owner"], tolerant),
        gid=states.group_id(item["group"], tolerant),
        mode=states.parse_mode(item["mode"], path),
    )


def run(params: dict, check_mode: bool, show_diff: bool, warn) -> dict:
    """Do what the task asks and return its result. Raises PlanError or TransactionError."""
    root = params["journal_directory"]
    if check_mode:
        if journals.interrupted(root):
            warn("an interrupted transaction waits in {0}; the next real run puts its files back first".format(root))
        return _result(params, states.pending_changes(targets_of(params, True)), [], show_diff)
    with journals.exclusive(root, patience=60 + params["validate_timeout"]):
        recovered = journals.recover(root)
        targets = targets_of(params, False)
        changes = states.pending_changes(targets)
        _refuse_missing_parents(changes)
        secrets = [target.wanted.content for target in targets if target.secret]
        try:
            if changes:
                with _kept(changes, targets, params, warn):
                    tx.carry_out(changes, params["validate"], params["validate_timeout"], root)
                return _result(params, changes, recovered, show_diff)
            if params["validate_when"] == "always":
                tx.validate(params["validate"], params["validate_timeout"])
        except tx.ValidationError as error:
            raise tx.TransactionError(
                "{0}; nothing was changed".format(error), tx.mask(error.output, secrets), True
            ) from error
        except tx.TransactionError as error:
            raise tx.TransactionError(str(error), tx.mask(error.output, secrets), error.restored) from error
        if params["role"] is not None:
            generations.remember(params["generations_directory"], params["role"], targets)
    return _result(params, [], recovered, show_diff)


@contextlib.contextmanager
def _kept(changes: list, targets: list, params: dict, warn):
    """Keep what the changes replace, when a role is named and they come about."""
    if params["role"] is None:
        yield
        return
    draft = generations.Draft(params["generations_directory"], params["role"], changes, params["validate"], targets)
    try:
        yield
    except BaseException:
        draft.discard()
        raise
    try:
        draft.publish()
    except OSError as error:  # the new files are live: whoever asked has to learn which service needs what
        warn("the way back of this change is not kept: {0}: {1}".format(error.strerror, error.filename))


def _refuse_missing_parents(changes: list) -> None:
    made = {change.path for change in changes if change.target.wanted.kind == "directory"}  # real paths
    for change in changes:
        parent = os.path.dirname(change.path)
        if os.path.realpath(parent) not in made and not os.path.isdir(parent):
            raise states.PlanError("the directory {0} does not exist; list it under `directories`".format(parent))


def _result(params: dict, changes: list, recovered: list, show_diff: bool) -> dict:
    kinds = {change.path: change.target.wanted.kind for change in changes}
    named = [item["service"] for option in ("files", "owns", "directories", "links") for item in params[option]]
    said = [(change.target.service, change.target.on_change) for change in changes]
    said += [(entry.get("service"), entry["on_change"]) for entry in recovered]
    return {
        "changed": bool(changes or recovered),
        "required_action": states.strongest(pair[1] for pair in said),
        "required_actions": states.by_service([(service, "none") for service in named] + said),
        "changed_files": [path for path, kind in kinds.items() if kind != "directory"],
        "changed_directories": [path for path, kind in kinds.items() if kind == "directory"],
        "recovered_files": [entry["path"] for entry in recovered],
        "diff": [entry for change in changes for entry in states.diff_of(change)] if show_diff else [],
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        result = run(module.params, module.check_mode, module._diff, module.warn)
    except states.PlanError as error:
        module.fail_json(msg=str(error), restored=True)
    except tx.TransactionError as error:
        words = "\n" + error.output if error.output else ""
        module.fail_json(msg=str(error) + words, validator_output=error.output, restored=error.restored)
    except OSError as error:
        module.fail_json(msg="{0}: {1}".format(error.strerror or error, error.filename or ""), restored=True)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
