# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring artifacts from the controller to the host, and only those that the host does not have yet."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase
from ansible_collections.impl.lifecycle.plugins.module_utils.application import sha256_of

MODULE = "impl.lifecycle.artifact_store"


class ActionModule(ActionBase):
    """Controller side of the module of the same name."""

    TRANSFERS_FILES = True
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        """Ask the host, and send what is missing."""
        super().run(tmp, task_vars)
        items = [dict(item) for item in self._task.args.get("items") or []]
        here = {item["dest"]: item.pop("path") for item in items if item.get("path")}
        arguments = {**self._task.args, "items": items}
        try:
            asked = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
            missing = asked.pop("missing", [])
            if asked.get("failed") or not missing:
                return asked
            wanted = {item["dest"]: item["sha256"] for item in items}
            for dest in missing:
                wrong = _wrong(here.get(dest), wanted[dest], dest)
                if wrong:
                    return {"failed": True, "msg": wrong}
            if self._task.check_mode:
                return asked
            directory = self._make_tmp_path()
            for number, item in enumerate(item for item in items if item["dest"] in missing):
                remote = self._connection._shell.join_path(directory, f"artifact-{number}")
                self._transfer_file(here[item["dest"]], remote)
                self._fixup_perms2((directory, remote))
                item["path"] = remote
            sent = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
            sent.pop("missing", None)
            return sent
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)


def _wrong(path, sha256, dest):
    """Why the controller's file cannot be used, before it is sent; empty when it can."""
    if not path:
        return f"{dest}: give the artifact's path on the controller, or the url where the host downloads it"
    if not os.path.isfile(path):
        return f"the artifact {path} does not exist on the controller"
    found = sha256_of(path)
    if found == sha256:
        return ""
    return f"{path} has sha256 {found}, but {sha256} is wanted for {dest}; nothing of it was used"
