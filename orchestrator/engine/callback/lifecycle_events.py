"""Loaded by ansible, not by lifecycle: ansible-runner's events without those nobody reads, through lifecycle's pipe.

ansible-runner has a file for each event, a rename, and a dozen escape sequences on the terminal. Here it is a line in a
pipe. `runner_on_start` and the events of single loop items are half of the volume, and are dropped where they arise; a
loop's result still holds all its items. What ansible prints besides goes to the terminal, as ansible-runner has it.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
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

# Python's own.
COLLECTIONS = (700, 10, 10)
MARKERS = ("marker_take.yml", "marker_release.yml")

_Base: Any = callback_loader.get("awx_display", class_only=True)
# The module's own clock, so that durations are measured as awx_display measures them.
_current_time = _Base.v2_runner_on_start.__globals__["current_time"]

_Encoder: Any = _Base.v2_runner_on_start.__globals__["AnsibleJSONEncoderLocal"]

# awx_display wraps every method of Display to know where a line came from. Ansible calls debug() thirty times a task to
# print nothing; unwrapped it costs nothing, and its lines are not recorded anyway.
Display.debug = getattr(Display.debug, "__wrapped__", Display.debug)

# What lifecycle reads of what awx_display has for an event.
KEPT = (
    *("name", "host", "res", "duration", "ignore_errors"),
    *("processed", "ok", "changed", "failures", "dark", "skipped", "rescued", "ignored", "artifact_data"),
)


class Channel:
    """lifecycle's pipe: events as lines of JSON, numbered, so that one that is missing is missed."""

    def __init__(self, path: str, limit: int) -> None:
        self._file = open(path, "w", encoding="ascii")  # noqa: PTH123, SIM115
        self._encode = _Encoder().encode
        self._limit = limit
        self._counter = 0

    def tell(self, name: str, data: dict[str, Any]) -> None:
        self._counter += 1
        created = _current_time().isoformat()
        event = {"counter": self._counter, "event": name, "pid": os.getpid(), "created": created, "event_data": data}
        line = self._encode(event)
        if len(line) > self._limit and "res" in data:
            data["res"] = {}
            line = self._encode(event)
        self._file.write(line + "\n")
        self._file.flush()


class CallbackModule(_Base):  # type: ignore[misc]
    """What is overridden here is what is not sent."""

    CALLBACK_NAME = "lifecycle_events"
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"

    def __init__(self) -> None:
        super().__init__()
        # All that Ansible is made of has been loaded. From here on there are collections again (see start_ansible).
        gc.freeze()
        gc.set_threshold(*COLLECTIONS)
        # The hosts of each play that it has not been begun for; with `serial`, only some begin at a time.
        self._waiting: dict[str, set[str] | None] = {}
        self._stopped = False
        # The playbooks that only mark the environment stand aside: they are in no record, unless they refuse.
        self._may_stand_aside = bool(os.environ.get("LIFECYCLE_ASIDE"))
        self._aside = self._refused = self._told_start = False
        self._warm: Any = None
        self._stop_file = os.environ.get("LIFECYCLE_STOP_FILE", "")
        self._channel = Channel(os.environ["LIFECYCLE_CHANNEL"], int(os.environ["MAX_EVENT_RES"]))
        self._play_name = ""

    @contextlib.contextmanager
    def capture_event_data(self, event: str, **known: Any) -> Iterator[None]:
        """awx_display's, which is around what its base prints: here that is nothing.

        What no_log hides is not in the results that Ansible gives to callbacks, in the whole or in items of a loop.
        """
        data = {name: known[name] for name in KEPT if name in known}
        task = known.get("task")
        if task is not None:
            data |= {"task": task.name or task.action, "task_uuid": str(task._uuid), "task_path": task.get_path()}
        if task is not None and event == "playbook_on_task_start":
            action = getattr(task, "resolved_action", None) or task.action
            # Whether a task has no_log, of its own or from its block, role or play, is known here only.
            data |= {"action": action, "play": self._play_name, "no_log": bool(task.no_log)}
        self._channel.tell(event, data)
        yield

    def set_play(self, play: Any) -> None:
        self._play_name = play.get_name().strip()

    def set_playbook(self, playbook: Any) -> None:
        """Not of interest, as what follows. awx_display keeps it for its own events."""

    def set_task(self, task: Any, local: bool = False) -> None:
        """Not of interest."""

    def clear_play(self) -> None:
        """Not of interest."""

    def clear_task(self, local: bool = False) -> None:
        """Not of interest."""

    def v2_playbook_on_start(self, playbook: Any) -> None:
        # Not by callbacks_enabled, which is the operator's: what it names there is not to be lost.
        self._warm = callback_loader.get("impl.lifecycle.warm")
        if self._warm is not None:
            self._warm.set_options()
            self._warm.v2_playbook_on_start(playbook)
        self._aside = self._may_stand_aside and os.path.basename(playbook._file_name) in MARKERS  # noqa: PTH119
        if not self._aside:
            self._waiting.update((play._uuid, None) for play in playbook.get_plays())
        if not self._told_start:
            self._told_start = True
            super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        # Ansible forks for every task on every host. What is frozen is not walked by the garbage collection that each
        # of these processes makes when it ends: 0.2 s less user time in 200 tasks.
        gc.collect()
        gc.freeze()
        if not self._aside:
            self._begun(play)
            super().v2_playbook_on_play_start(play)

    def _begun(self, play: Any) -> None:
        inventory = play.get_variable_manager()._inventory
        waiting = self._waiting.get(play._uuid)
        if waiting is None:
            waiting = {host.name for host in inventory.get_hosts(play.hosts, ignore_restrictions=True)}
        self._waiting[play._uuid] = waiting - {host.name for host in inventory.get_hosts(play.hosts)}

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if self._aside:
            self._refused = True
            super().v2_playbook_on_task_start(result.task, False)
        self._stopped |= not ignore_errors and stops_all(result)
        super().v2_runner_on_failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._stopped |= stops_all(result)
        super().v2_runner_on_unreachable(result)

    def v2_runner_on_ok(self, result: Any) -> None:
        if not self._aside:
            super().v2_runner_on_ok(result)
        elif result.result.get("unmarked"):
            words = "other controllers are not told that this run is at work"
            Display().warning(f"{words}: {result.result['unmarked']} (lifecycle_anchor names another host for it)")

    def v2_runner_on_skipped(self, result: Any) -> None:
        if not self._aside:
            super().v2_runner_on_skipped(result)

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._stopped = True
        super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if not self._aside:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        if self._aside:
            # The recap counts over all playbooks of this process. Marking is none of its business.
            for counts in (name for name in vars(stats).values() if isinstance(name, dict)):
                counts.clear()
            if not self._refused:
                return
        # The recap alone does not tell whether a host without a failure has finished, or was stopped with others.
        stats.set_custom_stats(
            "lifecycle_ran_through", not self._stopped and all(left == set() for left in self._waiting.values())
        )
        super().v2_playbook_on_stats(stats)

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if self._warm is not None:
            self._warm.v2_playbook_on_task_start(task, is_conditional)
        if not self._aside:
            self._stop_if_asked()
            super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        self._stop_if_asked()
        super().v2_playbook_on_handler_task_start(task)

    def _stop_if_asked(self) -> None:
        # No host is at work between two tasks of the linear strategy. Ansible answers an interrupt there by ending.
        if self._stop_file and os.path.exists(self._stop_file):  # noqa: PTH110
            raise KeyboardInterrupt

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


def stops_all(result: Any) -> bool:
    """Whether a failure of this task ends the play for hosts that did not fail. Ansible tells that of no host."""
    return bool(result.task.any_errors_fatal or result.task.run_once)
