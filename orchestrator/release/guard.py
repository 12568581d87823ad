"""What the guards on the edges say, put together. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from orchestrator.errors import ReleaseError
from orchestrator.languages import Phrase, _, joined

KEY: Final = "lifecycle_guard"
# The OK test needs about so many events in the candidate's arm (simulated; docs/decisions/0007).
EVENTS_TO_SETTLE: Final = 30
MOST_ODDS: Final = 1e12


class Judgement(StrEnum):
    """The guard's verdicts, in the order in which one edge's outweighs another's."""

    HARM = "HARM"
    INCONCLUSIVE = "INCONCLUSIVE"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Side:
    """One version as the edges see it in the present step. `p50` and `p95` in seconds, of the slowest edge."""

    requests: int = 0
    users: int = 0
    failed: int = 0
    p50: float = 0.0
    p95: float = 0.0


@dataclass(frozen=True, slots=True)
class Word:
    """All guards together. Odds: metric -> E ("340 : 1" is 340.0); `held`: edge -> why it holds the version back;

    `silent`: edge -> why nobody judges there.
    """

    judgement: Judgement
    reason: str
    harm_odds: Mapping[str, float]
    ok_odds: Mapping[str, float]
    stable: Side
    candidate: Side
    held: Mapping[str, str]
    mode: str
    lease_until: float | None = None
    silent: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    @property
    def requests(self) -> int:
        return self.candidate.requests

    @property
    def users(self) -> int:
        return self.candidate.users

    def would_settle(self, minutes: float) -> str:
        """How long it would take at the present pace until the evidence says something."""
        if not self.candidate.failed or not minutes:
            return (
                _("without a failure in %(requests)s requests a rate above %(rate)s is excluded")
                % {"requests": self.requests, "rate": f"{3 / self.requests:.2%}"}
                if self.requests
                else _("the candidate has had no request")
            )
        more = max(0.0, EVENTS_TO_SETTLE - self.candidate.failed) * minutes / self.candidate.failed
        return _("about %(more)s min more at this pace would settle it") % {"more": f"{more:.0f}"}


def read(data: Mapping[str, Any], alpha: float, version: str, metrics: int = 2) -> Word | None:
    """The guards' word on `version` out of what a playbook told; None when no edge has a guard.

    Edges see different requests, so their evidence multiplies: a product of independent e-values is an e-value.
    HARM on one edge is HARM. Raises ReleaseError when the answer cannot be understood.
    """
    told = data.get(KEY) or {}
    edges = {edge: status for edge, status in told.items() if status}
    if not edges:
        return None
    try:
        return _together(edges, version, {edge: _silence(told[edge]) for edge in told}, metrics / alpha)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(_("the guard's answer cannot be understood: %(error)s") % {"error": repr(error)}) from error


def taken_back(data: Mapping[str, Any], version: str) -> Phrase:
    """Why the guards took `version` back by themselves; empty when none did."""
    told = data.get(KEY) or {}
    held = {edge: (status.get("held") or {}).get(version) for edge, status in told.items() if status}
    text = _("the guard on %(edge)s took it back: %(reason)s")
    return joined("; ", (text % {"edge": edge, "reason": why["reason"]} for edge, why in held.items() if why))


def evidence(data: Mapping[str, Any], version: str) -> dict[str, Mapping[str, Any]]:
    """Edge -> what its guard knew when it took `version` back by itself."""
    known = {edge: status.get("taken_back") or {} for edge, status in (data.get(KEY) or {}).items() if status}
    return {edge: back for edge, back in known.items() if back.get("version") == version}


def _silence(status: Mapping[str, Any] | None) -> str:
    return str(status.get("silent") or "") if status else _("this edge has no guard")


def _opinion(status: Mapping[str, Any], version: str) -> Mapping[str, Any]:
    """What the guard thinks of `version`; of another one, or of none, it thinks nothing yet."""
    opinion: Mapping[str, Any] | None = status["opinion"]
    if opinion and status["candidate"] == version:
        return opinion
    return {"verdict": "INCONCLUSIVE", "reason": _("no user was seen on it yet"), "harm_odds": {}, "ok_odds": {}}


def _together(
    edges: Mapping[str, Mapping[str, Any]], version: str, silences: Mapping[str, str], threshold: float
) -> Word:
    opinions = {edge: _opinion(status, version) for edge, status in edges.items()}
    harm = _product(opinion["harm_odds"] for opinion in opinions.values())
    fine = _product(opinion["ok_odds"] for opinion in opinions.values())
    held = {
        edge: str(status["held"][version]["reason"])
        for edge, status in edges.items()
        if version in (status["held"] or {})
    }
    judgement, reason = _judgement(opinions, harm, fine, threshold)
    silent = {edge: why for edge, why in silences.items() if why}
    if silent and judgement is not Judgement.HARM:
        edge, why = next(iter(silent.items()))
        judgement, reason = Judgement.INCONCLUSIVE, _("nobody judges on %(edge)s: %(why)s") % {"edge": edge, "why": why}
    if held and judgement is not Judgement.HARM:
        edge, why = next(iter(held.items()))
        judgement, reason = Judgement.HARM, _("%(edge)s holds it back: %(why)s") % {"edge": edge, "why": why}
    return Word(
        judgement=judgement,
        reason=reason,
        harm_odds=harm,
        ok_odds=fine,
        stable=_side(edges.values(), "stable"),
        candidate=_side(edges.values(), "candidate"),
        held=held,
        mode="/".join(sorted({str(status.get("mode", "")) for status in edges.values()})),
        lease_until=min((float(s["lease"]["until"]) for s in edges.values() if s.get("lease")), default=None),
        silent=silent,
        troubles=tuple(
            f"{edge}: {trouble}"
            for edge, status in edges.items()
            for trouble in (status.get("troubles") or {}).values()
        ),
    )


def _judgement(
    opinions: Mapping[str, Mapping[str, Any]], harm: Mapping[str, float], fine: Mapping[str, float], threshold: float
) -> tuple[Judgement, str]:
    for edge, opinion in opinions.items():
        if opinion["verdict"] == Judgement.HARM:
            return Judgement.HARM, f"{edge}: {opinion['reason']}"
    worst = max(harm, key=lambda metric: harm[metric], default="")
    if worst and harm[worst] >= threshold:
        return Judgement.HARM, _("all edges together: evidence %(odds)s for harm by %(metric)s") % {
            "odds": spoken_odds(harm[worst]),
            "metric": worst,
        }
    if all(opinion["verdict"] == Judgement.OK for opinion in opinions.values()) or (
        fine and min(fine.values()) >= threshold
    ):
        return Judgement.OK, joined(
            "; ", (joined(": ", (edge, opinion["reason"])) for edge, opinion in opinions.items())
        )
    open_ones = [edge for edge, opinion in opinions.items() if opinion["verdict"] != Judgement.OK]
    return Judgement.INCONCLUSIVE, joined("; ", (joined(": ", (edge, opinions[edge]["reason"])) for edge in open_ones))


def _product(odds: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for one in odds:
        for metric, value in one.items():
            total[metric] = min(MOST_ODDS, total.get(metric, 1.0) * float(value))
    return total


def _side(statuses: Iterable[Mapping[str, Any]], name: str) -> Side:
    sides = [status.get("step", {}).get(name) or {} for status in statuses]
    return Side(
        requests=sum(int(side.get("requests") or 0) for side in sides),
        # A user may come through two edges; the largest count is the one that is certain.
        users=max((int(side.get("users") or 0) for side in sides), default=0),
        failed=sum(int(side.get("failed") or 0) for side in sides),
        p50=max((float(side.get("p50") or 0) for side in sides), default=0.0),
        p95=max((float(side.get("p95") or 0) for side in sides), default=0.0),
    )


def spoken_odds(odds: float) -> str:
    """`340 : 1`, or `1 : 12` when it speaks against."""
    if odds >= 1:
        return f"{odds:,.0f} : 1" if odds < MOST_ODDS else "overwhelming"
    return f"1 : {1 / odds:,.0f}" if odds > 0 and math.isfinite(odds) else "none"
