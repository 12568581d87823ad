# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: mariadb_password_hash
short_description: A password as MariaDB keeps it
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Computes what C(mysql_native_password) keeps, so that no statement with the password itself reaches the server, its
    logs or its binary log.
options:
  _input:
    description: The password.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Have the user
  community.mysql.mysql_user:
    name: clinic
    encrypted: true
    password: "{{ clinic_password | impl.lifecycle.mariadb_password_hash }}"
"""

RETURN = r"""
_value:
  description: The hash, beginning with an asterisk.
  type: str
"""

import hashlib


def mariadb_password_hash(password):
    """SHA-1 of the SHA-1; the server compares it with what the client proves to know."""
    once = hashlib.sha1(str(password).encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()


class FilterModule:
    def filters(self):
        return {"mariadb_password_hash": mariadb_password_hash}
