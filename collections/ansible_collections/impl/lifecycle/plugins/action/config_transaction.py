# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Controller side of config_transaction: collects every content, then makes exactly one module call."""

from __future__ import annotations

import base64
import os
import zlib

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_bytes, to_text
from ansible.plugins.action import ActionBase
from ansible.template import generate_ansible_template_vars, trust_as_template

MODULE = "impl.lifecycle.config_transaction"
SOURCES = ("template", "src", "content")


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        task_vars = task_vars or {}
        arguments = dict(self._task.args)
        _refuse_odd_validators(arguments.get("validate") or [])
        contents = []
        arguments["files"] = [self._file(item, contents, task_vars) for item in _items(arguments, "files")]
        for option in ("directories", "links", "owns"):
            _refuse_numbers_as_mode(_items(arguments, option))
        arguments["payload"] = to_text(base64.b64encode(zlib.compress(b"".join(contents))))
        result = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        result.pop("invocation", None)
        return result

    def _file(self, item, contents, task_vars):
        """Return the module's form of one file: its content moves to `contents`."""
        dest = item.get("dest")
        _refuse_numbers_as_mode([item])
        given = [source for source in SOURCES if item.get(source) is not None]
        passed = {key: value for key, value in item.items() if key not in (*SOURCES, "vars")}
        if item.get("state", "present") == "absent":
            return passed
        if len(given) != 1:
            raise AnsibleActionFail(f"{dest}: give exactly one of template, src and content, not {given or 'none'}")
        content = getattr(self, "_from_" + given[0])(item, task_vars)
        contents.append(content)
        return {**passed, "size": len(content)}

    def _from_content(self, item, task_vars):
        if not isinstance(item["content"], str):
            raise AnsibleActionFail(f"{item.get('dest')}: content is not text; render data with to_nice_json")
        return to_bytes(item["content"], errors="surrogate_or_strict")

    def _from_src(self, item, task_vars):
        with open(self._find("files", item["src"]), "rb") as handle:
            return handle.read()

    def _from_template(self, item, task_vars):
        source = self._find("templates", item["template"])
        about = generate_ansible_template_vars(item["template"], fullpath=source, dest_path=item.get("dest"))
        if "ansible_managed" in task_vars:  # the site's own text wins
            about.pop("ansible_managed", None)
        variables = {**task_vars, **about, **(item.get("vars") or {})}
        try:
            text = self._render(source, variables)
        except AnsibleError as error:
            raise AnsibleActionFail(f"template {item['template']} for {item.get('dest')}: {error}") from error
        return to_bytes("" if text is None else text, errors="surrogate_or_strict")

    def _render(self, source, variables):
        """Render as ansible.builtin.template does: same search path for includes, trim_blocks, newlines kept."""
        search = [*variables.get("ansible_search_path", []), self._loader.get_basedir(), os.path.dirname(source)]
        search = [path for base in search for path in (os.path.join(base, "templates"), base)]
        text = trust_as_template(self._loader.get_text_file_contents(source))
        templar = self._templar.copy_with_new_env(searchpath=search, available_variables=variables)
        return templar.template(text, escape_backslashes=False, overrides={"trim_blocks": True})

    def _find(self, directory, name):
        try:
            return self._loader.get_real_file(self._find_needle(directory, name))
        except AnsibleError as error:
            raise AnsibleActionFail(to_text(error)) from error


def _items(arguments, option):
    items = arguments.get(option) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise AnsibleActionFail(f"{option} must be a list of dictionaries")
    return items


def _refuse_odd_validators(validators):
    if not isinstance(validators, list) or not all(isinstance(argv, list) and argv for argv in validators):
        raise AnsibleActionFail("validate is a list of commands, each a list of words: [[nginx, -t]]")


def _refuse_numbers_as_mode(items):
    for item in items:
        if "mode" in item and not isinstance(item["mode"], str):
            raise AnsibleActionFail(
                f"{item.get('dest', item.get('path'))}: quote mode, YAML reads {item['mode']} as a number"
            )
