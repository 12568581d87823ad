#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: mariadb_login
short_description: Ask a running MariaDB server who may log in
version_added: "0.2.0"
description:
  - Tries each account by the socket or by one of the server's addresses, whichever its host part allows, once with its
    password and once with another one. Fails, naming the account, when the server refuses the first or accepts the
    second, or takes the user for another account.
  - An account that only other hosts may use cannot be tried here and is returned in RV(untried).
  - Passwords are handed over in an option file on the client's standard input, never in argv.
author:
  - impl.lifecycle contributors (@impl-lifecycle)
options:
  accounts:
    description: Who has to be let in.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the user; O(passwords) has the password under V(name@host).
        type: str
        required: true
      host:
        description: Host part of the account, a name, an address or a pattern.
        type: str
        default: localhost
  passwords:
    description: Password of each account under V(name@host).
    type: dict
    required: true
  socket:
    description: The server's local socket.
    type: path
    default: /run/mysqld/mysqld.sock
  bind_address:
    description: Where the server listens, with commas, in the words of its variable.
    type: str
    default: 127.0.0.1
  port:
    description: TCP port of the server.
    type: int
    default: 3306
  tls:
    description: Whether to ask for TLS. The server's own host does not check the certificate's name.
    type: bool
    default: false
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
  impl.lifecycle.mariadb_login:
    accounts:
      - {name: clinic, host: localhost}
    passwords:
      clinic@localhost: "{{ clinic_password }}"
"""

RETURN = r"""
answers:
  description: What the server said to each login.
  type: list
  elements: dict
  returned: always
  sample: [{account: clinic@localhost, way: socket, wanted: true, accepted: true, answer: "clinic@localhost"}]
untried:
  description: Accounts that only other hosts may use.
  type: list
  elements: str
  returned: always
"""

import ipaddress
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_client import defaults_text

EVERYWHERE = {"*", "0.0.0.0", "::", ""}
ACCOUNT_SPEC = {"name": {"type": "str", "required": True}, "host": {"type": "str", "default": "localhost"}}


def ways_of(bind_address, own_addresses):
    """How the server can be reached from its own host: by the socket, and by each address it listens on."""
    given = [word.strip() for word in bind_address.split(",")]
    listening = [address for address in given if address not in EVERYWHERE]
    if len(listening) < len(given):
        listening += ["127.0.0.1", *(address for address in own_addresses if ":" not in address)]
    return [None, *dict.fromkeys(listening)]


def names_of(way, hostnames):
    """What the server may call a client that comes by this way."""
    if way is None:
        return {"localhost"}
    if way in ("localhost", "::1") or way.startswith("127."):
        return {way, "localhost"}
    return {way, *hostnames}


def fits(pattern, name):
    """Whether the host part of an account means a client of this name."""
    if "/" in pattern:
        try:
            return ipaddress.ip_address(name) in ipaddress.ip_network(pattern, strict=False)
        except ValueError:
            return False
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern.lower())
    return re.fullmatch(expression, name.lower()) is not None


def exactness(host):
    """The server takes the account whose host part is the most exact: without a pattern, or with a late one."""
    first = min((host.find(letter) for letter in "%_" if letter in host), default=-1)
    return first if first >= 0 else 1000 + len(host)


def way_for(account, accounts, ways, hostnames):
    """The first way on which the server takes the user for this account, or False."""
    for way in ways:
        names = names_of(way, hostnames)
        rivals = [
            other
            for other in accounts
            if other["name"] == account["name"] and any(fits(other["host"], name) for name in names)
        ]
        if rivals and max(rivals, key=lambda rival: exactness(rival["host"])) == account:
            return way
    return False


def try_login(module, account, way, password, wanted):
    params = module.params
    path = ["--protocol=tcp", "--host=" + way, "--port=" + str(params["port"])] if way else ["--protocol=socket"]
    path += [] if way else ["--socket=" + params["socket"]]
    # Newer clients check the certificate unless they are told not to.
    path += ["--ssl", "--skip-ssl-verify-server-cert"] if params["tls"] and way else []
    rc, out, err = module.run_command(
        [
            *("mariadb", "--defaults-file=/dev/stdin", "--batch", "--raw", "--skip-column-names"),
            *("--connect-timeout=" + str(params["timeout"]), *path, "--execute=SELECT CURRENT_USER()"),
        ],
        data=defaults_text(account["name"], password),
        cwd="/",
    )
    return {
        "account": "{name}@{host}".format(**account),
        "way": way or "socket",
        "wanted": wanted,
        "accepted": rc == 0,
        "refused": rc != 0 and "ERROR 1045" in err,
        "answer": (out if rc == 0 else err).strip(),
    }


def complaint(answer):
    """What is wrong with an answer, or nothing."""
    who = "{account} by {way}".format(**answer)
    if answer["wanted"] and not answer["accepted"]:
        return "{0} is refused: {1}".format(who, answer["answer"])
    if answer["wanted"] and answer["answer"].lower() != answer["account"].lower():
        return "{0} is taken for {1}, whose host part fits better".format(who, answer["answer"])
    if answer["wanted"] or answer["refused"]:
        return None
    if answer["accepted"]:
        return "{0} is accepted with a password that is not the user's".format(who)
    return "{0} with another password is not refused, but: {1}".format(who, answer["answer"])


def main():
    module = AnsibleModule(
        argument_spec={
            "accounts": {"type": "list", "elements": "dict", "required": True, "options": ACCOUNT_SPEC},
            "passwords": {"type": "dict", "required": True, "no_log": True},
            "socket": {"type": "path", "default": "/run/mysqld/mysqld.sock"},
            "bind_address": {"type": "str", "default": "127.0.0.1"},
            "port": {"type": "int", "default": 3306},
            "tls": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    _rc, own, _err = module.run_command(["hostname", "-I"])
    _rc, names, _err = module.run_command(["hostname", "-A"])
    ways = ways_of(module.params["bind_address"], own.split())
    answers, untried = [], []
    for account in module.params["accounts"]:
        way = way_for(account, module.params["accounts"], ways, names.split())
        key = "{name}@{host}".format(**account)
        if way is False:
            untried.append(key)
            continue
        password = module.params["passwords"][key]
        answers += [
            try_login(module, account, way, *guess) for guess in ((password, True), (password + ".wrong", False))
        ]
    wrong = [text for text in map(complaint, answers) if text]
    if wrong:
        module.fail_json(msg="MariaDB answers wrongly: " + "; ".join(wrong), answers=answers)
    module.exit_json(changed=False, answers=answers, untried=untried)


if __name__ == "__main__":
    main()
