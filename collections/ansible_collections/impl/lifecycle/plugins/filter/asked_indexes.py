# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: asked_indexes
short_description: The indexes that delivery.yml lists, by database
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Sorts the entries of C(database.indexes) by their database, each with the line on which it stands.
positional: _input, text, database
options:
  _input:
    description: The content of delivery.yml.
    type: dict
    required: true
  text:
    description: Its text, for the lines.
    type: str
    required: true
  database:
    description: The database of those that name none; empty when nobody knows it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what is asked for
  ansible.builtin.debug:
    msg: "{{ lifecycle_delivery | impl.lifecycle.asked_indexes(text, 'clinic') }}"
  vars:
    text: "{{ lookup('ansible.builtin.file', 'delivery.yml') }}"
"""

RETURN = r"""
_value:
  description: Database to list of indexes, as M(impl.lifecycle.postgresql_index) takes them.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.filter.line_of import line_of


def asked_indexes(delivery, text, database):
    """Return database -> indexes. Raises AnsibleFilterError for one whose database nobody knows."""
    found = {}
    for place, entry in enumerate((delivery.get("database") or {}).get("indexes") or []):
        origin = f"delivery.yml:{line_of(text, 'database', 'indexes', place)}"
        index = dict(entry)
        name = index.pop("database", None) or database
        if not name:
            raise AnsibleFilterError(f"{origin}: in which database? Name it: {{database: clinic, table: ...}}")
        known = {key: value for key, value in index.items() if value is not None}
        found.setdefault(name, []).append({**known, "origin": origin})
    return found


class FilterModule:
    def filters(self):
        return {"asked_indexes": asked_indexes}
