"""How often the judge would have taken back a harmless version on this site: its own log, its users split at random."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestrator.errors import UsageError
from orchestrator.languages import _
from orchestrator.paths import module_util

# Fewer requests than a step asks for say nothing about a site.
LEAST_REQUESTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Replayed:
    """`rate`: share of the splits that would have been rolled back for nothing; `worst`: metric -> largest evidence."""

    log: str
    requests: int
    passed_over: int
    users: int
    hours: float
    splits: int
    rolled_back: int
    rate: float
    worst: dict[str, float]


def replay(log: Path, *, splits: int, share: int, alpha: float, margin: float) -> Replayed:
    """Replay an access log of the gray edge (gzip is fine). `share`: percent of the users called candidates.

    Raises UsageError when the file cannot be read or holds too few requests of the edge's log format.
    """
    harm, again = module_util("harm"), module_util("replay")
    lines = passed_over = 0
    entries = []
    for line in _lines(log):
        lines += 1
        found = _entry(line)
        if found is None:
            passed_over += 1
        else:
            entries.append(again.Entry(*found))
    if len(entries) < LEAST_REQUESTS:
        raise UsageError(
            _("%(count)s of %(lines)s lines are requests to a slot; a replay needs %(least)s")
            % {"count": len(entries), "lines": lines, "least": LEAST_REQUESTS},
            where=str(log),
            remedy=_("give it /var/log/nginx/gray-APPLICATION.json.log of an edge, of a day or more"),
        )
    policy = harm.Policy(alpha=alpha, margin=margin)
    done = again.replay(entries, policy, splits=splits, share=share / 100)
    return Replayed(
        log=str(log),
        requests=len(entries),
        passed_over=passed_over,
        users=len({entry.user for entry in entries}),
        hours=(max(entry.at for entry in entries) - min(entry.at for entry in entries)) / 3600,
        splits=done.splits,
        rolled_back=done.rolled_back,
        rate=done.rate,
        worst={metric: max(odds, default=1.0) for metric, odds in done.worst_odds.items()},
    )


def _entry(line: bytes) -> tuple[float, str, str, bool, float] | None:
    parsed = module_util("guard_log").parse(line)
    return None if parsed is None else (
        parsed.at, str(parsed.user), parsed.route, bool(parsed.failed), float(parsed.seconds or 0.0)
    )  # fmt: skip


def _lines(log: Path) -> Iterator[bytes]:
    try:
        with gzip.open(log) if log.suffix == ".gz" else log.open("rb") as file:
            yield from file
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(
            _("cannot be read: %(reason)s") % {"reason": getattr(error, "strerror", None) or error}, where=str(log)
        ) from error
