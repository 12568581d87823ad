#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_login
short_description: Ask a running Redis server who may log in
version_added: "0.1.0"
description:
  - Tries each login on its own connection and fails, naming the user, when the server accepts one that it should refuse
    or refuses one that it should accept.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  address:
    description: Where the server answers, V(unix:PATH) or V(HOST:PORT).
    type: str
    default: 127.0.0.1:6379
  logins:
    description: The logins to try.
    type: list
    elements: dict
    required: true
    suboptions:
      username:
        description: Name of the user.
        type: str
        required: true
      password:
        description: Password to try. Not given means that no login is tried and the server is asked as nobody.
        type: str
      accepted:
        description: Whether the server has to accept it.
        type: bool
        default: true
  tls_address:
    description: Where the server answers by TLS, V(HOST:PORT). Every login is tried there, too.
    type: str
  tls_certificate:
    description: Path of the certificate that the server has to show at O(tls_address). It is also shown to the server.
    type: path
  tls_key:
    description: Path of the key of O(tls_certificate).
    type: path
  timeout:
    description: Seconds to wait for an answer.
    type: float
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
- name: The application may log in, an unknown visitor may not
  impl.lifecycle.redis_login:
    logins:
      - {username: clinic, password: "{{ clinic_redis_password }}"}
      - {username: default, accepted: false}
"""

RETURN = r"""
answers:
  description: What the server said to each login.
  type: list
  elements: dict
  returned: always
  sample: [{username: clinic, address: "127.0.0.1:6379", wanted: true, accepted: true, answer: OK}]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.redis_protocol import (
    Connection,
    RedisError,
    RedisUnreachable,
    certificate_in,
    tls_context,
)

LOGIN_SPEC = {
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "accepted": {"type": "bool", "default": True},
}


def try_login(module, login, tls):
    address = module.params["tls_address"] if tls else module.params["address"]
    answer = {"username": login["username"], "address": address, "wanted": login["accepted"], "accepted": True}
    with Connection(address, module.params["timeout"], tls) as connection:
        # Before a password goes there.
        if tls and connection.certificate() != certificate_in(module.params["tls_certificate"]):
            raise RedisUnreachable(
                "{0}: it shows another certificate than {1}".format(address, module.params["tls_certificate"])
            )
        try:
            if login["password"] is None:
                answer["answer"] = connection.command("PING")
            else:
                answer["answer"] = connection.command("AUTH", login["username"], login["password"])
        except RedisError as error:
            answer.update(accepted=False, answer=str(error))
    return answer


def try_all(module):
    params = module.params
    doors = [None]
    if params["tls_address"]:
        doors.append(tls_context(certificate=params["tls_certificate"], key=params["tls_key"]))
    return [try_login(module, login, tls) for tls in doors for login in params["logins"]]


def main():
    module = AnsibleModule(
        argument_spec={
            "address": {"type": "str", "default": "127.0.0.1:6379"},
            "logins": {"type": "list", "elements": "dict", "required": True, "options": LOGIN_SPEC},
            "tls_address": {"type": "str"},
            "tls_certificate": {"type": "path"},
            "tls_key": {"type": "path", "no_log": False},
            "timeout": {"type": "float", "default": 5},
        },
        required_by={"tls_address": ["tls_certificate", "tls_key"]},
        supports_check_mode=True,
    )
    try:
        answers = try_all(module)
    except RedisUnreachable as error:
        module.fail_json(msg="Redis does not answer at {0}".format(error), answers=[])
    except (OSError, ValueError) as error:
        module.fail_json(msg="TLS cannot be tried: {0}".format(error), answers=[])
    wrong = [
        "{0}: should be {1} at {2}, the server answered {3!r}".format(
            answer["username"], "accepted" if answer["wanted"] else "refused", answer["address"], answer["answer"]
        )
        for answer in answers
        if answer["accepted"] != answer["wanted"]
    ]
    if wrong:
        module.fail_json(msg="Redis lets in the wrong users: " + "; ".join(wrong), answers=answers)
    module.exit_json(changed=False, answers=answers)


if __name__ == "__main__":
    main()
