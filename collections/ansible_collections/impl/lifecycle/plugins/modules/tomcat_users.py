#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Digests of passwords for Tomcat, the same ones as long as the passwords are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_users
short_description: Digests of passwords for Tomcat, the same ones as long as the passwords are
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Returns for each user what Tomcat's C(SecretKeyCredentialHandler) keeps instead of the password
    (PBKDF2 with HMAC-SHA-512 and a random salt).
  - A digest that the host's file has is returned again when it is one of this password, so a second run changes
    nothing.
  - Writes nothing.
options:
  files:
    description: Files of users, which need not exist.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file in the form of C(tomcat-users.xml).
        type: path
        required: true
      users:
        description: Who should be in it.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: Name of the user.
            type: str
            required: true
          password:
            description: The password.
            type: str
            required: true
          roles:
            description: Not looked at, so that users may be given as the role tomcat has them.
            type: list
            elements: str
            default: []
  iterations:
    description: How often the password is hashed. Another number makes new digests.
    type: int
    default: 210000
attributes:
  check_mode:
    description: Reads only, so it is the same.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Have the digests
  impl.lifecycle.tomcat_users:
    files:
      - path: /var/lib/tomcat-instances/one/conf/tomcat-users.xml
        users: [{name: operator, password: "{{ vault_operator }}"}]
  register: users
  no_log: true
"""

RETURN = r"""
digests:
  description: For each path, the digest of each user by name.
  returned: success
  type: dict
"""

import hashlib
import hmac
import os
import re
from typing import Any, Dict
from xml.etree import ElementTree

from ansible.module_utils.basic import AnsibleModule

SALT_BYTES = 16
KEY_BYTES = 32
STORED = re.compile(r"([0-9a-f]{%d})[$](\d+)[$]([0-9a-f]{%d})" % (2 * SALT_BYTES, 2 * KEY_BYTES))


def digest(password: str, salt: bytes, iterations: int) -> str:
    """As Tomcat writes it: salt, iterations and key, in hexadecimal digits."""
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations, KEY_BYTES)
    return f"{salt.hex()}${iterations}${key.hex()}"


def stored(path: str) -> Dict[str, str]:
    """What the file has for each name; nothing when it cannot be read as such a file."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return {}
    users = [element for element in root if element.tag.rpartition("}")[2] == "user"]
    return {user.get("username", user.get("name", "")): user.get("password", "") for user in users}


def kept_or_new(password: str, before: str, iterations: int) -> str:
    """The digest of before when it is one of this password."""
    found = STORED.fullmatch(before)
    if found and int(found.group(2)) == iterations:
        again = digest(password, bytes.fromhex(found.group(1)), iterations)
        if hmac.compare_digest(again, before):
            return before
    return digest(password, os.urandom(SALT_BYTES), iterations)


def _digests(params: Dict[str, Any]) -> Dict[str, Dict[str, str]]:
    digests = {}
    for file in params["files"]:
        before = stored(file["path"])
        digests[file["path"]] = {
            user["name"]: kept_or_new(user["password"], before.get(user["name"], ""), params["iterations"])
            for user in file["users"]
        }
    return digests


def main() -> None:
    """Run as an Ansible module."""
    user = {
        "name": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "roles": {"type": "list", "elements": "str", "default": []},
    }
    file = {
        "path": {"type": "path", "required": True},
        "users": {"type": "list", "elements": "dict", "required": True, "options": user},
    }
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "list", "elements": "dict", "required": True, "options": file},
            "iterations": {"type": "int", "default": 210000},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, digests=_digests(module.params))


if __name__ == "__main__":
    main()
