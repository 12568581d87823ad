"""From the events of `lifecycle_events` to records. Pure: an event in, rows out."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from orchestrator.records.entities import HostTotals, ResultRecord, ResultStatus, TaskRecord, now

Event = Mapping[str, Any]

# What is kept of one result's output or diff; `cut` says when there was more.
KEEP_CHARACTERS = 256_000
KEEP_MESSAGE = 4_000

RESULTS = {
    "runner_on_ok": ResultStatus.OK,
    "runner_on_skipped": ResultStatus.SKIPPED,
    "runner_on_failed": ResultStatus.FAILED,
    "runner_on_unreachable": ResultStatus.UNREACHABLE,
    "runner_item_on_failed": ResultStatus.FAILED,
    "runner_retry": ResultStatus.RETRIED,
}
# Module arguments may hold secrets, diffs are stored apart, facts are bulk that the host can tell again at any time.
LEFT_OUT = frozenset(("invocation", "diff", "ansible_facts", "exception"))

HIDDEN_SUDO_SIGNS = ("Sorry, try again", "Incorrect sudo password", "incorrect password attempt")


def task_of(event: Event, run_id: int, step_id: int) -> TaskRecord:
    data = event["event_data"]
    return TaskRecord(
        run_id=run_id,
        step_id=step_id,
        uuid=str(data["task_uuid"]),
        name=str(data.get("name") or data.get("task") or ""),
        action=str(data.get("action") or ""),
        where=str(data.get("task_path") or ""),
        play=str(data.get("play") or ""),
    )


def hides(event: Event) -> bool:
    """Whether the task of a task's start has no_log, of its own or from its block or play."""
    return bool(event["event_data"].get("no_log"))


def result_of(event: Event, run_id: int, step_id: int, counter: int) -> ResultRecord:
    """The row of one task on one host. Only for events named in RESULTS."""
    data = event["event_data"]
    outcome: Mapping[str, Any] = data.get("res") or {}
    status = status_of(event["event"], data, outcome)
    output, cut_output = _limited(output_of(outcome))
    diff, cut_diff = _limited(diff_of(outcome))
    return ResultRecord(
        run_id=run_id,
        counter=counter,
        step_id=step_id,
        task_uuid=str(data.get("task_uuid", "")),
        host=str(data.get("host", "")),
        status=status,
        at=_moment(event.get("created")),
        seconds=float(data.get("duration") or 0.0),
        message=message_of(outcome)[:KEEP_MESSAGE] if status in TOLD else "",
        diff=diff,
        output=output,
        # A result without anything in it was above what the runner takes, which leaves an empty one.
        cut=cut_output or cut_diff or ("res" in data and not outcome),
        task=str(data.get("task") or ""),
    )


TOLD = (ResultStatus.FAILED, ResultStatus.UNREACHABLE, ResultStatus.IGNORED, ResultStatus.RETRIED)


def status_of(name: str, data: Mapping[str, Any], outcome: Mapping[str, Any]) -> ResultStatus:
    status = RESULTS[name]
    if status is ResultStatus.OK and outcome.get("changed"):
        return ResultStatus.CHANGED
    if status is ResultStatus.FAILED and data.get("ignore_errors"):
        return ResultStatus.IGNORED
    return status


def message_of(outcome: Mapping[str, Any]) -> str:
    """Why it failed, the most telling line first."""
    if "censored" in outcome:
        return "the details are hidden: the task has no_log"
    text = "\n".join(_texts(outcome.get("msg"))).strip()
    if any(sign in _everything(outcome, text) for sign in HIDDEN_SUDO_SIGNS):
        return "Incorrect sudo password"
    lines = [line for line in text.splitlines() if line.strip()]
    spoken = _own_words(outcome)
    if spoken and (not lines or len(lines) == 1):
        lines = [f"{lines[0].rstrip('.:')}: {spoken[0]}" if lines else spoken[0], *spoken[1:]]
    return "\n".join(lines) or "failed without saying why"


def _texts(message: Any) -> Iterator[str]:
    if isinstance(message, str):
        yield message
    elif isinstance(message, Sequence):
        for part in message:
            yield from _texts(part)
    elif message is not None:
        yield json.dumps(message, default=str)


def _own_words(outcome: Mapping[str, Any]) -> list[str]:
    """What the program behind the module said itself."""
    for key in ("validator_output", "stderr", "module_stderr", "stdout", "module_stdout"):
        text = outcome.get(key)
        lines = [line.strip() for line in text.splitlines() if line.strip()] if isinstance(text, str) else []
        if lines:
            # A traceback tells its reason last, everything else first.
            return [lines[-1]] if "Traceback (most recent call last):" in lines else lines[:20]
    return []


def _everything(outcome: Mapping[str, Any], text: str) -> str:
    parts = (text, *(outcome.get(key) for key in ("module_stderr", "module_stdout", "stderr")))
    return "\n".join(part for part in parts if isinstance(part, str))


def output_of(outcome: Mapping[str, Any]) -> str | None:
    """The result as JSON without what is stored apart; None when nothing is left that is worth storing."""
    kept = _kept(outcome)
    return json.dumps(kept, sort_keys=True, default=str) if kept.keys() - {"changed", "skipped"} else None


def _kept(outcome: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in outcome.items() if key not in LEFT_OUT and not key.startswith("_ansible")}
    if isinstance(kept.get("results"), list):
        kept["results"] = [_kept(item) if isinstance(item, dict) else item for item in kept["results"]]
    return kept


def diff_of(outcome: Mapping[str, Any]) -> str | None:
    """All diffs of a result, its items' included, as unified text."""
    items = outcome.get("results")
    sources = [outcome, *(item for item in items if isinstance(item, dict))] if isinstance(items, list) else [outcome]
    parts: list[str] = []
    for source in sources:
        found = source.get("diff")
        for part in found if isinstance(found, list) else [found]:
            if isinstance(part, dict):
                parts.append(_unified(part))
    return "\n".join(part for part in parts if part) or None


def _unified(part: Mapping[str, Any]) -> str:
    if "prepared" in part:
        return str(part["prepared"])
    before, after = _lines(part.get("before")), _lines(part.get("after"))
    header = str(part.get("before_header") or "before"), str(part.get("after_header") or "after")
    return "\n".join(difflib.unified_diff(before, after, *header, lineterm=""))


def _lines(side: Any) -> list[str]:
    text = side if isinstance(side, str) else json.dumps(side, indent=2, sort_keys=True, default=str) if side else ""
    return text.splitlines()


def _limited(text: str | None) -> tuple[str | None, bool]:
    if text is None or len(text) <= KEEP_CHARACTERS:
        return text, False
    return text[:KEEP_CHARACTERS], True


def _moment(created: Any) -> datetime:
    try:
        return datetime.fromisoformat(created)
    except (TypeError, ValueError):
        return now()


def totals_of(stats: Mapping[str, Any]) -> dict[str, HostTotals]:
    """The recap, a line per host, from playbook_on_stats."""
    return {
        host: HostTotals(
            ok=_count(stats, "ok", host),
            changed=_count(stats, "changed", host),
            failed=_count(stats, "failures", host),
            unreachable=_count(stats, "dark", host),
            skipped=_count(stats, "skipped", host),
            rescued=_count(stats, "rescued", host),
            ignored=_count(stats, "ignored", host),
        )
        for host in sorted(stats.get("processed") or {})
    }


def _count(stats: Mapping[str, Any], kind: str, host: str) -> int:
    counts = stats.get(kind)
    return int(counts.get(host, 0)) if isinstance(counts, Mapping) else 0
