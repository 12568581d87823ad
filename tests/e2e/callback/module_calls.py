"""Counts what a run asks of its hosts: a call for each module, host and loop item. Told in the file MODULE_CALLS."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_calls
type: aggregate
short_description: counts module calls by role and host
description: [For a test.]
"""
# These are done on the controller.
NO_CALL = {
    f"ansible.builtin.{name}"
    for name in (
        *("add_host", "assert", "debug", "fail", "group_by", "include_role", "include_tasks", "include_vars"),
        *("import_role", "import_tasks", "meta", "set_fact", "set_stats", "validate_argument_spec"),
    )
} | {"impl.lifecycle.assert_all"}


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_calls"

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.tasks: dict[str, list[str]] = {}

    def _count(self, result: Any) -> None:
        task = result._task
        if task._role is None or task.resolved_action in NO_CALL:
            return
        key = f"{task._role.get_name()} {result._host.get_name()}"
        self.calls[key] += 1
        self.tasks.setdefault(key, []).append(task.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        if "results" not in result._result or not result._task.loop:
            self._count(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._count(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:  # noqa: ARG002
        told = {"calls": self.calls, "tasks": self.tasks}
        Path(os.environ["MODULE_CALLS"]).write_text(json.dumps(told), encoding="utf-8")
