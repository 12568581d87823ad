#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask the guard of an application on this edge what it thinks."""

from __future__ import annotations

DOCUMENTATION = r"""
module: guard_status
short_description: Ask the guard on an edge what it thinks of a release
description:
  - Reads what the guard of role C(gray_guard) last said, and whether it is still speaking.
  - An edge without a guard is no failure; RV(guard) is null then.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.1.0
attributes:
  check_mode:
    description: Reads as in a real run; the lease is not renewed.
    support: full
  diff_mode:
    description: Nothing is changed that could be shown.
    support: none
options:
  application:
    description: Name of the application.
    type: str
    required: true
  renew:
    description: Renew the lease, because a controller is looking after the release.
    type: bool
    default: false
  wait:
    description: Seconds to wait for the guard to speak.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Ask what the guard thinks
  impl.lifecycle.guard_status:
    application: clinic
  register: guard
"""

RETURN = r"""
guard:
  description:
    - What the guard says; C(opinion), C(step), C(window), C(held), C(lease), C(troubles) among others, and RV(silent).
    - Null on an edge without a guard.
  returned: success
  type: dict
silent:
  description: Why what the guard said does not count; empty while it speaks.
  returned: success
  type: str
"""

import json
import os
import time
import uuid
from typing import Any, Dict, Optional, Tuple

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import guard_disk
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_status import SILENT_SECONDS

# What a guard has to say that has not spoken yet.
NOTHING = {"candidate": "", "stable": "", "opinion": None, "step": {}, "held": {}, "troubles": {}}
RUN = "/run/lifecycle-guard"
STATE = "/var/lib/lifecycle-guard"


def _heard(path: str) -> Tuple[Optional[Dict[str, Any]], str]:
    """What the guard said, and why that does not count. The file's age is told by the kernel, not by a set clock."""
    try:
        with open(path, encoding="utf-8") as handle:
            said = json.load(handle)
            age = time.time() - os.fstat(handle.fileno()).st_mtime
    except FileNotFoundError:
        return None, "the guard has said nothing since the host was started"
    except (OSError, ValueError) as error:
        return None, f"what the guard said cannot be read: {error}"
    return said, "" if abs(age) < SILENT_SECONDS else f"the guard has been silent for {age:.0f} s"


def _listen(path: str, wait: int) -> Tuple[Optional[Dict[str, Any]], str]:
    until = time.monotonic() + wait
    while True:
        said, silent = _heard(path)
        if not silent or time.monotonic() >= until:
            return said, silent
        time.sleep(0.25)


def _renew(directory: str) -> None:
    """A new serial means that a controller has looked; no clock is compared."""
    path = os.path.join(directory, guard_disk.RENEWED)
    fresh = f"{path}.{uuid.uuid4().hex}.tmp"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    os.fchmod(handle, 0o644)
    os.write(handle, uuid.uuid4().hex.encode())
    os.close(handle)
    os.rename(fresh, path)


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(
        argument_spec={
            "application": {"type": "str", "required": True},
            "renew": {"type": "bool", "default": False},
            "wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    application = module.params["application"]
    state = os.path.join(STATE, application)
    if not os.path.isdir(state):
        module.exit_json(changed=False, guard=None, silent="this edge has no guard")
    if module.params["renew"] and not module.check_mode:
        try:
            _renew(state)
        except OSError as error:
            module.fail_json(msg=f"the lease cannot be renewed: {error.filename}: {error.strerror}")
    said, silent = _listen(os.path.join(RUN, application, guard_disk.STATUS), module.params["wait"])
    module.exit_json(changed=False, guard={**NOTHING, **(said or {}), "silent": silent}, silent=silent)


if __name__ == "__main__":
    main()
