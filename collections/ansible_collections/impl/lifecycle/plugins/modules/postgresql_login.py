#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_login
short_description: Ask a running PostgreSQL server who may log in by TCP
version_added: "0.1.0"
description:
  - Tries each login with C(psql), once with the user's password and once with another one. Fails, naming user and
    database, when the server refuses the first or accepts the second.
  - Passwords are handed over in a password file that only this task can read, never in argv.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  host:
    description: Where the server answers.
    type: str
    default: 127.0.0.1
  port:
    description: TCP port of the server.
    type: int
    default: 5432
  logins:
    description: Who has to reach which database.
    type: list
    elements: dict
    required: true
    suboptions:
      database:
        description: Database to connect to.
        type: str
        required: true
      username:
        description: Name of the user; O(passwords) has the password.
        type: str
        required: true
  passwords:
    description: Password of each user by name.
    type: dict
    required: true
  timeout:
    description: Seconds to wait for a connection.
    type: int
    default: 5
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: The application may log in, but not with any password
  impl.lifecycle.postgresql_login:
    logins:
      - {database: clinic, username: clinic}
    passwords:
      clinic: "{{ clinic_password }}"
"""

RETURN = r"""
answers:
  description: What the server said to each login.
  type: list
  elements: dict
  returned: always
  sample: [{database: clinic, username: clinic, wanted: true, accepted: true, answer: ""}]
"""

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

LOGIN_SPEC = {"database": {"type": "str", "required": True}, "username": {"type": "str", "required": True}}


def password_line(username, password):
    """One line of a libpq password file; a colon or backslash in a field is escaped."""
    fields = (field.replace("\\", "\\\\").replace(":", "\\:") for field in (username, password))
    return "*:*:*:" + ":".join(fields) + "\n"


def try_login(module, login, password, wanted):
    params = module.params
    with tempfile.NamedTemporaryFile("w", dir=module.tmpdir, encoding="utf-8") as file:
        file.write(password_line(login["username"], password))
        file.flush()
        rc, _out, err = module.run_command(
            [
                *("psql", "-XAtqw", "-h", params["host"], "-p", str(params["port"])),
                *("-U", login["username"], "-d", login["database"], "-c", "SELECT 1"),
            ],
            environ_update={"PGPASSFILE": file.name, "PGCONNECT_TIMEOUT": str(params["timeout"])},
            cwd="/",
        )
    return dict(login, wanted=wanted, accepted=rc == 0, answer=err.strip())


def describe(answer):
    who = "{username} on {database}".format(**answer)
    if answer["wanted"]:
        return "{0} is refused: {1}".format(who, answer["answer"])
    return "{0} is accepted with a password that is not the user's; see pg_hba.conf".format(who)


def main():
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 5432},
            "logins": {"type": "list", "elements": "dict", "required": True, "options": LOGIN_SPEC},
            "passwords": {"type": "dict", "required": True, "no_log": True},
            "timeout": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    # libpq would prefer it to the password file, and every login would be tried with the same password.
    os.environ.pop("PGPASSWORD", None)
    passwords = module.params["passwords"]
    answers = [
        try_login(module, login, password, wanted)
        for login in module.params["logins"]
        for password, wanted in ((passwords[login["username"]], True), (passwords[login["username"]] + ".wrong", False))
    ]
    wrong = [describe(answer) for answer in answers if answer["accepted"] != answer["wanted"]]
    if wrong:
        module.fail_json(msg="PostgreSQL answers wrongly: " + "; ".join(wrong), answers=answers)
    module.exit_json(changed=False, answers=answers)


if __name__ == "__main__":
    main()
