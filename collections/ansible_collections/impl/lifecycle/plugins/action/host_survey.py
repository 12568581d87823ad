# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Controller side of host_survey: turns a host that cannot be looked at into a finding, and compares the clocks."""

from __future__ import annotations

import time

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

MODULE = "impl.lifecycle.host_survey"


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        result = {"changed": False, "reached": False, "privileged": False, "facts": None}
        result.update(problem="", privilege_problem="")
        try:
            # What works without privilege tells a host that is away from one whose sudo does not work.
            self._ask("true")
            result["reached"] = True
            # Asked on the connection that is open now: the time it took to open would blur the comparison.
            result["offset_low"], result["offset_high"] = self._offset()
        except AnsibleConnectionFailure as error:
            result["problem"] = _words(error)
            return result
        answer = self._look(result, "privilege_problem", task_vars) if self._connection.become else None
        if answer is None:
            self._connection.set_become_plugin(None)
            answer = self._look(result, "problem", task_vars)
        if answer is not None:
            result.update(answer)
        return result

    def _ask(self, command):
        done = self._low_level_execute_command(command, sudoable=False)
        if done["rc"]:
            raise AnsibleConnectionFailure(done["stderr"] or done["stdout"] or "the login shell does not run commands")
        return done["stdout"]

    def _offset(self):
        """Bounds of (host's clock - ours): it was read after our `before` and before our `after`."""
        before = time.time()
        told = self._ask("date +%s.%N")
        after = time.time()
        try:
            return round(float(told) - after, 3), round(float(told) - before, 3)
        except ValueError as error:
            raise AnsibleConnectionFailure(f"date on the host does not tell the time: {told.strip()}") from error

    def _look(self, result, problem, task_vars):
        """One module call; what kept it from answering goes into result[problem]."""
        try:
            answer = self._execute_module(module_name=MODULE, module_args=dict(self._task.args), task_vars=task_vars)
        except AnsibleError as error:
            result[problem] = _words(error)
            return None
        if "facts" not in answer:
            said = answer.get("module_stderr") or answer.get("module_stdout") or answer.get("msg")
            result[problem] = _last_line(said)
            return None
        return {"facts": answer["facts"], "privileged": answer["privileged"]}


def _words(error):
    return _last_line(to_text(getattr(error, "message", None) or error))


def _last_line(text):
    lines = [line.strip() for line in to_text(text or "no answer").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no answer"
