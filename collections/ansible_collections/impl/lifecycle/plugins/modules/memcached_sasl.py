#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: memcached_sasl
short_description: Write the database of SASL users of a memcached instance
version_added: "0.2.0"
description:
  - Makes the database with Cyrus SASL's own C(saslpasswd2), which reads each password from its standard input,
    and swaps it in.
  - Beside the database lies a salted digest of the users and of the database. Nothing is written while both agree.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  path:
    description: The database. Its directory has to be there.
    type: path
    required: true
  users:
    description: All users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user.
        type: str
        required: true
      password:
        description: Password of the user.
        type: str
        required: true
  group:
    description: The group that may read the database.
    type: str
    default: memcache
attributes:
  check_mode:
    description: Tells whether the database would be written.
    support: full
  diff_mode:
    description: There is nothing to show that is not secret.
    support: none
"""

EXAMPLES = r"""
- name: Have the users
  impl.lifecycle.memcached_sasl:
    path: /etc/memcached/sasl/sessions/users.db
    users:
      - {name: clinic, password: "{{ vault_memcached_clinic_password }}"}
"""

RETURN = r""" # """

import grp
import hashlib
import json
import os
import shutil
import socket
import tempfile

from ansible.module_utils.basic import AnsibleModule


def digest_of(users, realm, salt):
    """A digest from which nobody finds the passwords in reasonable time."""
    text = json.dumps([realm, sorted([user["name"], user["password"]] for user in users)])
    return hashlib.scrypt(text.encode("utf-8"), salt=salt, n=1 << 14, r=8, p=1).hex()


def stamp_of(path, users, realm, salt):
    with open(path, "rb") as handle:
        database = hashlib.sha256(handle.read()).hexdigest()
    return "{0} {1} {2}\n".format(salt.hex(), digest_of(users, realm, salt), database)


def is_current(path, users, realm):
    try:
        with open(path + ".digest", encoding="ascii") as handle:
            stamp = handle.read()
        return stamp == stamp_of(path, users, realm, bytes.fromhex(stamp.split(" ")[0]))
    except (OSError, ValueError):
        return False


def write(module, path, users, realm, group):
    directory = tempfile.mkdtemp(dir=os.path.dirname(path), prefix=".users-")
    try:
        made = os.path.join(directory, "users.db")
        for user in users:
            command = ["saslpasswd2", "-p", "-c", "-f", made, "-u", realm, "-a", "memcached", user["name"]]
            module.run_command(command, data=user["password"], binary_data=True, check_rc=True)
        os.chown(made, 0, grp.getgrnam(group).gr_gid)
        os.chmod(made, 0o640)
        stamp = os.path.join(directory, "digest")
        with open(stamp, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
            handle.write(stamp_of(made, users, realm, os.urandom(16)))
        os.rename(made, path)
        os.rename(stamp, path + ".digest")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    user = {"name": {"type": "str", "required": True}, "password": {"type": "str", "required": True, "no_log": True}}
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "users": {"type": "list", "elements": "dict", "required": True, "options": user},
            "group": {"type": "str", "default": "memcache"},
        },
        supports_check_mode=True,
    )
    # The realm in which memcached looks its users up.
    path, users, realm = module.params["path"], module.params["users"], socket.gethostname()
    changed = not is_current(path, users, realm)
    if changed and not module.check_mode:
        try:
            write(module, path, users, realm, module.params["group"])
        except (OSError, KeyError) as error:
            module.fail_json(msg="{0}: {1}".format(path, error))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
