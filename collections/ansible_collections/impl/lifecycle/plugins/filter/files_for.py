# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: files_for
short_description: One file of a configuration transaction for each item of a list
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Turns a list of dictionaries into entries for O(impl.lifecycle.config_transaction#module:files).
positional: template, dest, name
options:
  _input:
    description: The items, dictionaries.
    type: list
    elements: dict
    required: true
  template:
    description: The template of each file.
    type: str
    required: true
  dest:
    description: Path of each file; C({key}) stands for the item's own value.
    type: str
    required: true
  name:
    description: Name by which the template knows the item.
    type: str
    required: true
  "**kwargs":
    description: Further options of each file, such as C(mode) or C(on_change).
    type: dict
"""

EXAMPLES = r"""
- name: Configure all virtual hosts
  impl.lifecycle.config_transaction:
    files: >-
      {{ nginx_vhosts | impl.lifecycle.files_for('vhost.conf.j2', '/etc/nginx/conf.d/vhost-{name}.conf', 'vhost') }}
"""

RETURN = r"""
_value:
  description: Entries for the option C(files) of the transaction.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError


def files_for(items, template, dest, name, **options):
    """Return one file entry for each of `items`."""
    files = []
    for item in items:
        try:
            path = dest.format(**item)
        except KeyError as error:
            raise AnsibleFilterError(
                f"files_for: {dest} needs the key {error}, which {item!r} does not have"
            ) from error
        files.append({"template": template, "dest": path, "vars": {name: item}, **options})
    return files


class FilterModule:
    def filters(self):
        return {"files_for": files_for}
