#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sysctl_apply
short_description: Set kernel parameters of the running kernel, and say which could not be set
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Sets each parameter by itself and reads it back. A parameter the host does not have or does not let anybody set
    (a container, a kernel without the feature) is reported, not hidden; the others are set all the same.
  - A value the kernel refuses is a mistake and always fails.
  - Writes no file. Values that survive a reboot belong into C(/etc/sysctl.d).
options:
  settings:
    description: Parameter and value, such as C(net.core.somaxconn) and C(1024).
    type: dict
    required: true
  strict:
    description: Fail when a parameter cannot be set on this host.
    type: bool
    default: false
  remember:
    description:
      - File on the host that keeps what each parameter was before this module first changed it, as a JSON object.
      - What is in it already stays, so that it has the values of before the role came, whatever was set since.
    type: path
    version_added: "0.2.0"
  root:
    description:
      - Where the kernel shows its parameters.
      - Below C(/sys), a file with all choices in a line holds the one in brackets.
    type: path
    default: /proc/sys
attributes:
  check_mode:
    description: Reports what would change; tells from the file's permissions whether it could.
    support: full
  diff_mode:
    description: Shows the values before and after.
    support: full
"""

EXAMPLES = r"""
- name: Accept many connections at once
  impl.lifecycle.sysctl_apply:
    settings:
      net.core.somaxconn: 1024
      net.ipv4.tcp_fin_timeout: 30
    remember: /var/lib/lifecycle/kernel/os_baseline.json
  register: __kernel
"""

RETURN = r"""
changed_keys:
  description: Parameters that got another value.
  returned: success
  type: list
  elements: str
unset:
  description: Parameters that could not be set, and why.
  returned: always
  type: dict
  sample: {"vm.swappiness": "read-only here; holds 60"}
"""

import errno
import json
import os
import re

from ansible.module_utils.basic import AnsibleModule

NOT_HERE = "this kernel does not have it"
READ_ONLY = "read-only here; holds {0}"
CHOICES = re.compile(r"(?:\S+ )*\[(\S+)\](?: \S+)*")
OTHERWISE = "the kernel made {0} of it"


class Refused(Exception):
    """The kernel does not take the value."""


def path_of(key: str, root: str) -> str:
    """Return the file of `key` as sysctl(8) does: the first of '.' and '/' separates, the other belongs to a name."""
    dot, slash = key.find("."), key.find("/")
    if slash != -1 and (dot == -1 or slash < dot):
        return os.path.join(root, key)
    return os.path.join(root, key.translate(str.maketrans("./", "/.")))


def chosen(text: str) -> str:
    """Return the one that holds of a line of choices below /sys, such as C(always [madvise] never)."""
    match = CHOICES.fullmatch(text)
    return match[1] if match else text


def normal(value) -> str:
    """Return a value as it compares: the kernel separates with tabs what people separate with spaces."""
    return " ".join(str(value).split())


def read(path: str) -> str:
    with open(path, encoding="utf-8") as handle:
        return chosen(normal(handle.read()))


def apply(key: str, wanted: str, root: str, check_mode: bool) -> tuple:
    """Set one parameter. Return (before, after, why it could not be set or '')."""
    path = path_of(key, root)
    try:
        before = read(path)
    except OSError as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        return "", "", NOT_HERE if missing else (error.strerror or str(error))
    if before == wanted:
        return before, before, ""
    if not os.access(path, os.W_OK):
        return before, before, READ_ONLY.format(before)
    if check_mode:
        return before, wanted, ""
    try:
        with open(path, "w", encoding="utf-8") as handle:
            handle.write(wanted)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ERANGE):
            raise Refused("the kernel does not take {0} = {1} (it holds {2})".format(key, wanted, before)) from error
        return before, before, READ_ONLY.format(before)
    after = read(path)
    return before, after, "" if after == wanted else OTHERWISE.format(after)


def note(path: str, before: dict) -> None:
    """Keep the values of before the first change in the file at `path`; what it has already stays."""
    try:
        with open(path, encoding="utf-8") as handle:
            known = json.load(handle)
    except FileNotFoundError:
        known = {}
    if set(before) <= set(known):
        return
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as handle:
        json.dump({**before, **known}, handle, indent=1, sort_keys=True)
        handle.flush()
        os.fsync(handle.fileno())
    os.rename(path + ".new", path)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "required": True},
            "strict": {"type": "bool", "default": False},
            "remember": {"type": "path"},
            "root": {"type": "path", "default": "/proc/sys"},
        },
        supports_check_mode=True,
    )
    changed, unset, shown = {}, {}, {"before": "", "after": ""}
    refused = ""
    for key, value in module.params["settings"].items():
        try:
            before, after, problem = apply(key, normal(value), module.params["root"], module.check_mode)
        except Refused as refusal:
            refused = str(refusal)
            break
        if problem:
            unset[key] = problem
        if before != after:
            changed[key] = before
            shown["before"] += "{0} = {1}\n".format(key, before)
            shown["after"] += "{0} = {1}\n".format(key, after)
    if module.params["remember"] and changed and not module.check_mode:
        try:
            note(module.params["remember"], changed)
        except (OSError, ValueError) as error:
            module.warn("what the parameters were is not kept in {0}: {1}".format(module.params["remember"], error))
    result = {"changed": bool(changed), "changed_keys": list(changed), "unset": unset, "diff": shown}
    if refused:
        module.fail_json(msg=refused, **result)
    if unset and module.params["strict"]:
        words = "; ".join("{0}: {1}".format(key, problem) for key, problem in unset.items())
        module.fail_json(msg="this host cannot set {0}".format(words), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
