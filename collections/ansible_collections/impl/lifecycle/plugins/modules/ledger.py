#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ledger
short_description: Keep the host's own record of what is installed and which restart is pending
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Merges into C(/etc/ansible/facts.d/lifecycle.fact).
    Every later run reads it as C(ansible_facts.ansible_local.lifecycle).
  - Writes only when something differs. A restart that is already pending keeps the time since when it is.
  - Each role has its way back in C(before), the versions and the number of the configuration
    (see M(impl.lifecycle.config_generation)) as they were before one of them last changed.
  - A role that has nothing installed any more is forgotten, and so is the configuration that was kept for its way back.
options:
  role:
    description:
      - The role that reports, such as V(redis). An instance with a way back of its own reports as V(redis@NAME).
      - It then has units and a configuration, but no packages, as these belong to the role.
    type: str
    required: true
  installed:
    description: Name and version of what the role installed. An empty version removes the name.
    type: dict
    default: {}
  pending_restart:
    description: Units whose new configuration or package waits for a restart.
    type: list
    elements: str
    default: []
  cleared_restart:
    description: Units that were restarted; their entry goes.
    type: list
    elements: str
    default: []
  units:
    description: The units that run what is installed, and have to be restarted when it gets another version.
    type: list
    elements: str
    version_added: "0.2.0"
  unmet:
    description: What the role was asked for and this host cannot do, with the reason. Replaces what was said before.
    type: dict
  path:
    description: The ledger.
    type: path
    default: /etc/ansible/facts.d/lifecycle.fact
  generations_directory:
    description: Where M(impl.lifecycle.config_transaction) keeps what it replaces.
    type: path
    default: /var/lib/lifecycle/generations
    version_added: "0.2.0"
attributes:
  check_mode:
    description: Reports what would change, writes nothing.
    support: full
  diff_mode:
    description: Shows the ledger before and after.
    support: full
"""

EXAMPLES = r"""
- name: Record that Redis waits for its restart
  impl.lifecycle.ledger:
    role: redis
    installed:
      redis-server: "5:7.0.15-1~deb12u5"
    pending_restart: [redis-server.service]

- name: Record that Redis was restarted
  impl.lifecycle.ledger:
    role: redis
    cleared_restart: [redis-server.service]
"""

RETURN = r"""
ledger:
  description: The whole ledger.
  returned: success
  type: dict
  sample: {"roles": {"redis": {"installed": {"redis-server": "5:7.0.15"}}}, "pending_restart": {}}
pending_restart:
  description: All units of the host that wait for a restart.
  returned: success
  type: list
  elements: str
"""

import copy
import datetime
import fcntl
import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import generations


class LedgerError(Exception):
    """The ledger cannot be used as it is."""


def read(path: str) -> dict:
    """Return the ledger at `path`, or an empty one."""
    try:
        with open(path, encoding="utf-8") as handle:
            found = json.load(handle)
    except FileNotFoundError:
        found = {}
    except ValueError as error:
        raise LedgerError(
            "{0} is not JSON ({1}); move it away, the next run of the roles writes it anew".format(path, error)
        ) from error
    if not isinstance(found, dict):
        raise LedgerError(
            "{0} is not a JSON object; move it away, the next run of the roles writes it anew".format(path)
        )
    return {"roles": {}, "pending_restart": {}, **found}


def merge(ledger: dict, said: dict, now: str, configuration: int = 0) -> dict:
    """Return `ledger` with what a role reports.

    `said`: the module's options role, installed, pending_restart, cleared_restart, units, unmet. `configuration`: the
    number of the role's newest change. A unit both cleared and pending was restarted and waits again.
    """
    merged = copy.deepcopy(ledger)
    role = said["role"]
    entry = merged["roles"].setdefault(role, {})
    _merge_installed(entry, said.get("installed") or {}, configuration)
    if said.get("units") is not None:
        entry["units"] = sorted(said["units"])
    if said.get("unmet") is not None:
        entry.pop("unmet", None)
        if said["unmet"]:
            entry["unmet"] = {name: str(reason) for name, reason in said["unmet"].items()}
    for unit in said.get("cleared_restart") or []:
        merged["pending_restart"].pop(unit, None)
    for unit in said.get("pending_restart") or []:
        merged["pending_restart"].setdefault(unit, {"since": now, "role": role})
    if is_removal(said) and not entry["installed"]:
        del merged["roles"][role]
    return merged


def _merge_installed(entry: dict, installed: dict, configuration: int) -> None:
    old = {"installed": entry.get("installed", {}), "configuration": entry.get("configuration", 0)}
    # An instance has units, and its packages are the role's. What has neither is no service that could be brought back.
    known = bool(old["installed"] or entry.get("units"))
    versions = {**old["installed"], **{name: str(version or "") for name, version in installed.items()}}
    entry["installed"] = {name: version for name, version in versions.items() if version}
    if configuration:
        entry["configuration"] = configuration
    new = {"installed": entry["installed"], "configuration": entry.get("configuration", 0)}
    if known and new != old:
        entry["before"] = old


def is_removal(said: dict) -> bool:
    """Say whether a role reports that what it had installed is gone."""
    installed = said.get("installed") or {}
    return bool(installed) and not any(installed.values())


def text_of(ledger: dict) -> str:
    return json.dumps(ledger, indent=2, sort_keys=True) + "\n"


def write(path: str, ledger: dict) -> None:
    """Replace the ledger by rename: whoever gathers facts meanwhile reads the old or the new one, never half of it."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".lifecycle-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            os.fchmod(handle, 0o644)
            stream.write(text_of(ledger))
            stream.flush()
            os.fsync(handle)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def record(path: str, check_mode: bool, change) -> tuple:
    """Apply `change` (ledger -> ledger) to the file at `path`. Return the ledger before and after."""
    if check_mode:
        before = read(path)
        return before, change(before)
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # held for milliseconds: two roles may report at the same time
        before = read(path)
        after = change(before)
        if after != before:
            write(path, after)
    finally:
        os.close(lock)
    return before, after


def main() -> None:
    units = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "role": {"type": "str", "required": True},
            "installed": {"type": "dict", "default": {}},
            "pending_restart": units,
            "cleared_restart": units,
            "units": {"type": "list", "elements": "str"},
            "unmet": {"type": "dict"},
            "path": {"type": "path", "default": "/etc/ansible/facts.d/lifecycle.fact"},
            "generations_directory": {"type": "path", "default": generations.ROOT},
        },
        supports_check_mode=True,
    )
    asked = module.params
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def change(ledger: dict) -> dict:
        return merge(ledger, asked, now, generations.current(asked["generations_directory"], asked["role"]))

    try:
        before, after = record(asked["path"], module.check_mode, change)
        if is_removal(asked) and asked["role"] not in after["roles"] and not module.check_mode:
            generations.forget(asked["generations_directory"], asked["role"])
    except LedgerError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg="{0}: {1}".format(error.strerror or error, error.filename or asked["path"]))
    module.exit_json(
        changed=before != after,
        ledger=after,
        pending_restart=sorted(after["pending_restart"]),
        diff={
            "before_header": asked["path"],
            "after_header": asked["path"],
            "before": text_of(before),
            "after": text_of(after),
        },
    )


if __name__ == "__main__":
    main()
