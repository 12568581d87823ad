# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Controller side of packages: has apt do what the look at dpkg's records has found."""

from __future__ import annotations

from ansible.plugins.action import ActionBase

MODULE = "impl.lifecycle.packages"
APT = "ansible.builtin.apt"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        looked = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        result.update(looked)
        if looked.get("failed") or not looked.get("wanting"):
            return result
        # All names and not only those that are wanting: apt weighs them together, and a pinned one holds others.
        for_apt = {name: value for name, value in arguments.items() if name != "units"}
        result.update(self._execute_module(module_name=APT, module_args=for_apt, task_vars=task_vars))
        if result.get("changed") and not result.get("failed") and not self._task.check_mode:
            again = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
            result.update({told: again.get(told, {}) for told in ("versions", "units")})
        return result
