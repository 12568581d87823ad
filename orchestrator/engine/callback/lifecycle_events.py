"""Loaded by ansible, not by lifecycle: ansible-runner's events without those nobody reads.

`runner_on_start` and the events of single loop items are half of the volume, and each costs a file, a rename and a
dozen escape sequences on the terminal. They are dropped where they arise; a loop's result still holds all its items.
"""

from __future__ import annotations

import gc
from typing import Any

from ansible.plugins.loader import callback_loader
from ansible.utils.display import Display

DOCUMENTATION = """
name: lifecycle_events
type: stdout
short_description: ansible-runner's events for the record of lifecycle
description:
  - Sends the events of ansible-runner's C(awx_display), without the starts of tasks on hosts and without items that
    did not fail.
extends_documentation_fragment:
  - default_callback
"""

_Base: Any = callback_loader.get("awx_display", class_only=True)
# The module's own clock, so that durations are measured as awx_display measures them.
_current_time = _Base.v2_runner_on_start.__globals__["current_time"]

# awx_display wraps every method of Display to know where a line came from. Ansible calls debug() thirty times a task to
# print nothing; unwrapped it costs nothing, and its lines are not recorded anyway.
Display.debug = getattr(Display.debug, "__wrapped__", Display.debug)


class CallbackModule(_Base):  # type: ignore[misc]
    """What is overridden here is what is not sent."""

    CALLBACK_NAME = "lifecycle_events"
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"

    def v2_playbook_on_start(self, playbook: Any) -> None:
        # Not by callbacks_enabled, which is the operator's: what it names there is not to be lost.
        warm = callback_loader.get("impl.lifecycle.warm")
        if warm is not None:
            warm.set_options()
            warm.v2_playbook_on_start(playbook)
        super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        # Ansible forks for every task on every host. What is frozen is not walked by the garbage collection that each
        # of these processes makes when it ends: 0.2 s less user time in 200 tasks.
        gc.collect()
        gc.freeze()
        super().v2_playbook_on_play_start(play)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:  # noqa: ARG002
        self._host_start[host.get_name()] = _current_time()

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Not sent."""

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Not sent."""

    def v2_on_file_diff(self, result: Any) -> None:
        """Not sent: the result carries its diff."""

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Not sent."""

    def v2_playbook_on_notify(self, handler: Any, host: Any) -> None:
        """Not sent."""
