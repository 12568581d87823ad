# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Several assertions in one task: what costs is the task, not the expression."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

KEYS = frozenset(("name", "that", "fail_msg", "when"))


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    @classmethod
    def finalize_task_arg(cls, name, value, templar, context):
        """Leave the checks as they are written: a message is made when its check refuses, and not for every check."""
        if name == "checks" and isinstance(value, list):
            return value
        return super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        refused, words = [], []
        for number, check in enumerate(_checks(self._task.args), start=1):
            name = check.get("name") or f"check {number}"
            try:
                if self._hold(check.get("when")) is False or self._hold(check["that"]):
                    continue
                message = to_text(self._templar.template(check["fail_msg"])).strip()
            except AnsibleError as error:
                # What was refused before may be why this one cannot be judged: it says more than an undefined variable.
                if refused:
                    break
                raise AnsibleActionFail(f"{name}: {to_text(getattr(error, 'message', error))}") from error
            refused.append(name)
            words.append(message)
        result.update(changed=False, refused=refused, failed=bool(refused))
        result["msg"] = "\n".join(words) if words else "All assertions passed"
        return result

    def _hold(self, conditions):
        """Say whether all of `conditions` hold; None where there are none."""
        if conditions is None:
            return None
        listed = conditions if isinstance(conditions, list) else [conditions]
        return all(self._templar.evaluate_conditional(condition) for condition in listed)


def _checks(arguments):
    """Return the checks, or say which of them is not one."""
    checks = arguments.get("checks")
    if set(arguments) != {"checks"} or not isinstance(checks, list) or not checks:
        raise AnsibleActionFail("assert_all takes one argument, checks: a list of checks with that and fail_msg")
    for number, check in enumerate(checks, start=1):
        if not isinstance(check, dict) or not {"that", "fail_msg"} <= set(check) <= KEYS:
            raise AnsibleActionFail(
                f"check {number} of assert_all has to have that and fail_msg, may have name and when, and nothing else"
            )
    return checks
