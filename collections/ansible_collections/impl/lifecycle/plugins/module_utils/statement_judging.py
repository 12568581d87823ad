# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which statements cost a server the most time. Pure."""

from __future__ import annotations

import re
from typing import Iterator, List, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils.database_catalog import Finding, Statement, finding

COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
# Only of these the server takes the constants out. A CREATE USER would be shown with its password.
PLANNED = re.compile(r"(?:select|with|insert|update|delete|merge|replace|values|\()", re.IGNORECASE)
SHOWN = 400


def shown(text: str) -> str:
    """A statement in one line without its comments, at most 400 letters; "" for one that might hold secrets."""
    words = " ".join(COMMENTS.sub(" ", text).split())
    if not PLANNED.match(words):
        return ""
    return words if len(words) <= SHOWN else words[: SHOWN - 3] + "..."


def slowest(statements: Sequence[Statement], count: int) -> Iterator[Finding]:
    """A finding for each of the `count` statements with the most time in all, and the `count` with the most a call.

    Those that are both are told once, with both ranks.
    """
    told = [one for one in statements if one.calls > 0 and shown(one.text)]
    in_all = sorted(told, key=lambda one: one.total_ms, reverse=True)[:count]
    a_call = sorted(told, key=lambda one: one.mean_ms, reverse=True)[:count]
    whole = sum(one.total_ms for one in statements) or 1.0
    for one in in_all + [one for one in a_call if one not in in_all]:
        ranks = _ranks(one, in_all, a_call)
        calls = "1 call" if one.calls == 1 else f"{one.calls} calls"
        yield finding(
            "slow_statement",
            (one.database, "", ""),
            f"{one.mean_ms:.1f} ms a call, {calls}, {100 * one.total_ms / whole:.0f} % of all time "
            f"({' and '.join(ranks)}): {shown(one.text)}",
            "",
            {
                "statement": shown(one.text),
                "calls": one.calls,
                "total_ms": round(one.total_ms, 1),
                "mean_ms": round(one.mean_ms, 3),
                "rows": one.rows,
            },
        )


def _ranks(one: Statement, in_all: List[Statement], a_call: List[Statement]) -> List[str]:
    lists = ((in_all, "by time in all"), (a_call, "by time a call"))
    return [f"number {ranked.index(one) + 1} {words}" for ranked, words in lists if one in ranked]
