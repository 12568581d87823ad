# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A file on one host says who works on the environment. One command, so that a short run hardly notices it."""

from __future__ import annotations

import json
import os
import shlex

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

# With noclobber the shell opens the file with O_EXCL: of two in the same moment, one gets it.
TAKE = """umask 022; mkdir -p {directory} || exit 3
if ( set -C; printf %s {text} > {path} ) 2>/dev/null; then echo taken; else cat {path} || exit 3; fi"""
OVERWRITE = "printf %s {text} > {path}.new && mv {path}.new {path}"
SHOW = "if [ -e {path} ]; then cat {path}; fi"
RELEASE = "if [ -e {path} ]; then cat {path}; if {force} || grep -qF -e {mine} {path}; then rm -f {path}; fi; fi"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validated, given = self.validate_argument_spec(
            argument_spec={
                "state": {"type": "str", "choices": ["taken", "released"], "required": True},
                "path": {"type": "path", "required": True},
                "owner": {"type": "str", "required": True},
                "about": {"type": "dict", "default": {}},
                "force": {"type": "bool", "default": False},
            }
        )
        result.update(changed=False, holder={}, unmarked="")
        try:
            result.update(self._take(given) if given["state"] == "taken" else self._release(given))
        except AnsibleError as error:
            result["unmarked"] = " ".join(to_text(getattr(error, "message", error)).split())
        # As set_stats tells it, without a task more.
        told = {key: result[key] for key in ("changed", "holder", "unmarked")}
        data = {"lifecycle_marker": {**told, "anchor": self._task.delegate_to or task_vars["inventory_hostname"]}}
        result["ansible_stats"] = {"data": data, "aggregate": False, "per_host": False}
        return result

    def _take(self, given):
        if self._task.check_mode:
            return {"holder": _holder(self._ask(SHOW, given))}
        text = json.dumps({**given["about"], "owner": given["owner"]})
        answer = self._ask(TAKE, given, text).strip()
        if answer == "taken":
            return {"changed": True}
        holder = _holder(answer)
        if holder.get("owner") == given["owner"]:
            self._ask(OVERWRITE, given, text)
            return {"changed": True, "holder": holder}
        return {"failed": True, "holder": holder, "msg": _refusal(holder, given["path"])}

    def _release(self, given):
        answer = self._ask(SHOW if self._task.check_mode else RELEASE, given).strip()
        holder = _holder(answer)
        ours = bool(answer) and (given["force"] or holder.get("owner") == given["owner"])
        return {"changed": ours, "holder": holder}

    def _ask(self, script, given, text=""):
        path = given["path"]
        # As json.dumps writes it in TAKE.
        mine = json.dumps({"owner": given["owner"]})[1:-1]
        words = {"path": path, "directory": os.path.dirname(path), "text": text, "mine": mine}
        words["force"] = "true" if given["force"] else "false"
        command = script.format(**{name: shlex.quote(word) for name, word in words.items()})
        answer = self._low_level_execute_command(command)
        if answer["rc"]:
            raise AnsibleError(answer["stderr"].strip() or answer["stdout"].strip() or f"{path} cannot be used")
        return answer["stdout"]


def _holder(text):
    """What the holder said of itself; of a file that is just being written, nothing is known yet."""
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict):
        return said
    return {"owner": "", "operator": "somebody"} if text.strip() else {}


def _refusal(holder, path):
    known = {key: to_text(value) for key, value in holder.items()}
    since = f" since {known['since']}" if known.get("since") else ""
    what = f": {known['what']}" if known.get("what") else ""
    process = f", process {known['pid']} on {known['host']}" if {"pid", "host"} <= known.keys() else ""
    return (
        f"{known.get('operator', 'somebody')} is at work here{since}{what}{process}, on record with another controller."
        f" Wait for it to end. If it never will: lifecycle lock release -i ENV --force REASON, or remove {path}"
    )
