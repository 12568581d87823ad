# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: line_of
short_description: The line on which a key stands in a YAML file
version_added: "0.1.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Finds where a key is written, so that a refusal can name the line that caused it.
positional: _input, keys
options:
  _input:
    description: The text of the file.
    type: str
    required: true
  keys:
    description: The way to the key from the top; a number counts the entries of a list from 0.
    type: list
    elements: raw
    required: true
"""

EXAMPLES = r"""
- name: Show where the artifact is named
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'releases/1.1.0.yml') | impl.lifecycle.line_of('artifact', 'path') }}"
"""

RETURN = r"""
_value:
  description: The line, counted from 1; of the nearest key above when the key itself is not there.
  type: int
"""

import yaml
from ansible.errors import AnsibleFilterError


def line_of(text, *keys):
    """Return the line of the last of `keys` that is there."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise AnsibleFilterError(f"line_of: not YAML: {error}") from error
    line = 1
    for key in keys:
        if isinstance(node, yaml.SequenceNode):
            found = next(((value, value) for place, value in enumerate(node.value) if place == key), None)
        else:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            found = next(((name, value) for name, value in pairs if name.value == key), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line


class FilterModule:
    def filters(self):
        return {"line_of": line_of}
