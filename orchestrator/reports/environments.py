"""Two environments side by side: a test site is worth what it has in common with production. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.languages import _
from orchestrator.records.entities import Release, ReleaseState, Run
from orchestrator.reports.by_machine import by_machine

INSPECT = "inspect"
UNKNOWN = _("unknown")


@dataclass(frozen=True, slots=True)
class Standing:
    """What an environment is like. Each fact has a value for every way its hosts have it; `inspected`: by which run.

    `settings` are such facts as well: what services have set, by service and name.
    """

    environment: str
    facts: Mapping[str, tuple[str, ...]]
    inspected: int | None
    settings: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unlike:
    """A fact in which two environments differ; none of its values: it is not there.

    `by_machine`: it follows from a machine's address or size, and says nothing against a test site.
    """

    fact: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    by_machine: bool = False


def standing(environment: str, applied: Mapping[str, Run], releases: Sequence[Release]) -> Standing:
    """Read from the newest run that applied each phase, and the releases, the newest first."""
    found: dict[str, set[str]] = {}
    for name, value in (*_applied(applied), *_released(releases), *_inspected(applied.get(INSPECT))):
        found.setdefault(name, set()).add(value)
    inspection = applied.get(INSPECT)
    facts = {name: tuple(sorted(values)) for name, values in found.items()}
    settings: dict[tuple[str, str], set[str]] = {}
    for place, value in _settings(inspection):
        settings.setdefault(place, set()).add(value)
    told = {place: tuple(sorted(values)) for place, values in settings.items()}
    return Standing(environment, facts, inspection.id if inspection else None, told)


def unlike(left: Standing, right: Standing) -> list[Unlike]:
    """The facts in which they differ, by name; settings after the others, those of machines last."""
    names = sorted({*left.facts, *right.facts})
    pairs = [Unlike(name, left.facts.get(name, ()), right.facts.get(name, ())) for name in names]
    pairs += sorted(_settings_of_both(left, right), key=lambda each: (each.by_machine, each.fact))
    return [pair for pair in pairs if pair.left != pair.right]


def untold(left: Standing, right: Standing) -> list[tuple[str, str]]:
    """(service, environment) where only the other environment's inspection told what the service has set."""
    told = {side.environment: {service for service, _name in side.settings} for side in (left, right)}
    both = told[left.environment] & told[right.environment]
    every = told[left.environment] | told[right.environment]
    return [(one, env) for one in sorted(every - both) for env, known in told.items() if one not in known]


def known(left: Standing, right: Standing) -> int:
    """How many facts were compared."""
    return len({*left.facts, *right.facts}) + len(list(_settings_of_both(left, right)))


def _settings_of_both(left: Standing, right: Standing) -> Iterator[Unlike]:
    """Of services that told on both sides: a service that nobody asked has not another value, it has none."""
    silent = {service for service, _environment in untold(left, right)}
    for service, name in sorted({*left.settings, *right.settings}):
        if service not in silent:
            values = left.settings.get((service, name), ()), right.settings.get((service, name), ())
            yield Unlike(
                _("setting %(service)s %(name)s") % {"service": service, "name": name},
                *values,
                by_machine=by_machine(service, name),
            )


def _applied(applied: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    for phase, run in applied.items():
        if phase != INSPECT:
            yield _("commit of %(phase)s") % {"phase": phase}, run.about.git_commit or _("not in a git repository")
            yield _("collection of %(phase)s") % {"phase": phase}, run.about.versions.get("collection", UNKNOWN)


def _plain(value: Any) -> str:
    """As text, and a phrase as it is."""
    return value if isinstance(value, str) else str(value)


def _released(releases: Sequence[Release]) -> Iterator[tuple[str, str]]:
    seen = set()
    for release in releases:
        if release.state is ReleaseState.PROMOTED and release.application not in seen:
            seen.add(release.application)
            yield _("version of %(application)s") % {"application": release.application}, release.version


def _inspected(run: Run | None) -> Iterator[tuple[str, str]]:
    """What the hosts told. They are named differently in each environment, so it is not by host."""
    for report in _reports(run):
        yield _("operating system"), _plain(report.get("os", UNKNOWN))
        yield _("kernel"), _plain(report.get("kernel", UNKNOWN))
        for role in report.get("roles", ()):
            yield _("role %(role)s") % {"role": role}, _("in use")
        for package in report.get("packages", ()):
            yield (
                _("package %(name)s") % {"name": package["name"]},
                _plain(package.get("installed") or _("not installed")),
            )
        for database in report.get("databases", ()):
            yield _("database %(name)s") % {"name": database["name"]}, _("there")


def _settings(run: Run | None) -> Iterator[tuple[tuple[str, str], str]]:
    """(service, name) and value, of every host that has the service."""
    for report in _reports(run):
        for service, values in report.get("settings", {}).items():
            yield from (((service, name), str(value)) for name, value in values.items())


def _reports(run: Run | None) -> Iterable[Any]:
    steps = [step for step in run.steps if step.phase == INSPECT] if run else []
    reports: Any = steps[0].data.get("lifecycle_inspect", {}).get("hosts", {}) if steps else {}
    return list(reports.values())
