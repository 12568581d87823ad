# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring the artifact from the controller to the host, and only when the host does not have the version yet."""

from __future__ import annotations

import os

from ansible.plugins.action import ActionBase

MODULE = "impl.lifecycle.application_version"


class ActionModule(ActionBase):
    """Controller side of the module of the same name."""

    TRANSFERS_FILES = True
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        """Ask the host, and send the artifact if it is missing."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        artifact = arguments.pop("path", None)
        if not artifact:
            return self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        try:
            asked = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
            if asked.get("failed") or not asked.pop("missing", False) or self._task.check_mode:
                return asked
            if not os.path.isfile(artifact):
                return {"failed": True, "msg": f"the artifact {artifact} does not exist on the controller"}
            remote = self._connection._shell.join_path(self._make_tmp_path(), "artifact")
            self._transfer_file(artifact, remote)
            self._fixup_perms2((self._connection._shell.tmpdir, remote))
            arguments["path"] = remote
            return self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
