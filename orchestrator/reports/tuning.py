"""The report of a tuning: from runs on record to what a page shows. Pure: no files, no clock, no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from orchestrator.errors import ReportError
from orchestrator.languages import _
from orchestrator.paths import module_util
from orchestrator.records.entities import Run, Status, Step
from orchestrator.reports import told
from orchestrator.reports.sameness import same
from orchestrator.reports.words import clean

TUNE, PLAN = "tune", "tune_plan"
WORSE: Final = "worse"
TRIED: Final = (_("tried over the plan"), "tune_try")
# Shares of the memory that belong to no service.
SHARES: Final = {"reserve": _("reserve"), "unassigned": _("unassigned")}


@dataclass(frozen=True, slots=True)
class Slice:
    """One piece of a host's memory, MiB. `part`: of the RAM, 0 to 1."""

    name: str
    mb: int
    part: float
    why: str
    source: str

    @property
    def shown(self) -> str:
        """The name as people read it."""
        return SHARES.get(self.name, self.name)


@dataclass(frozen=True, slots=True)
class Value:
    """One setting. `old` is None where it was left to the service, or not asked; `state` says which, in words."""

    name: str
    old: str | None
    new: str
    why: str
    source: str
    state: str


@dataclass(frozen=True, slots=True)
class Service:
    """What one service has set. `taken_back`: measuring found the new values worse, so the old ones hold."""

    name: str
    values: tuple[Value, ...]
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    """One service before and after. `before`, `after`: every round, in the order they were measured, in `unit`."""

    service: str
    verdict: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    median_before: float
    median_after: float
    ratio: float | None
    p: float
    tool: str
    unit: str
    higher_is_better: bool
    broken: str = ""


@dataclass(frozen=True, slots=True)
class HostReport:
    """One host, by the newest run that tells of it. `phase`: tune, or tune_plan when nothing was set yet.

    `supposed`: its size is not its own, but was given for the plan.
    """

    host: str
    run_id: int
    phase: str
    status: str
    at: datetime
    operator: str
    reason: str
    ram_mb: int
    cores: int
    disk: str
    profile: str
    supposed: bool
    arithmetic: str
    slices: tuple[Slice, ...]
    services: tuple[Service, ...]
    measurements: tuple[Measurement, ...]

    @property
    def is_plan(self) -> bool:
        return self.phase == PLAN


@dataclass(frozen=True, slots=True)
class Silent:
    """A run of `tune` that is newer than what is shown, and told nothing: it failed, or is still running."""

    run_id: int
    status: str


@dataclass(frozen=True, slots=True)
class TuningReport:
    """All hosts of an environment, in the order of their names. `silent`: the newest first."""

    environment: str
    hosts: tuple[HostReport, ...]
    silent: tuple[Silent, ...] = ()

    @property
    def measured(self) -> bool:
        return any(host.measurements for host in self.hosts)


def tuning_report(environment: str, runs: Iterable[Run]) -> TuningReport:
    """Put together what `runs`, the newest first, tell of each host: what was done goes before what was only planned.

    Rehearsals with --check do not count. Raises ReportError when there is nothing, or when it cannot be read.
    """
    steps = [(run, step) for run in runs if not run.about.check for step in reversed(run.steps)]
    found: dict[str, HostReport] = {}
    for phase in (TUNE, PLAN):
        for run, step in steps:
            if step.phase == phase and step.status is not Status.RUNNING:
                for host in _hosts_of(step):
                    if clean(host) not in found:
                        found[clean(host)] = _host_report(host, run, step)
    if not found:
        raise ReportError(
            _("nothing is on record of its tuning"),
            where=environment,
            remedy=_("`lifecycle tune plan -i %(environment)s` plans, `lifecycle run tune -i %(environment)s` measures")
            % {"environment": environment},
        )
    shown = max((one.run_id for one in found.values() if not one.is_plan), default=0)
    silent = (
        Silent(run.id, str(step.status))
        for run, step in steps
        if step.phase == TUNE and run.id > shown and not _hosts_of(step)
    )
    return TuningReport(clean(environment), tuple(found[name] for name in sorted(found)), tuple(silent))


def _hosts_of(step: Step) -> list[str]:
    plans = step.data.get("lifecycle_tuning")
    return list(plans) if isinstance(plans, Mapping) else []


def _of_host(step: Step, key: str, host: str) -> Any:
    hosts = step.data.get(key)
    return hosts.get(host) if isinstance(hosts, Mapping) else None


def _host_report(host: str, run: Run, step: Step) -> HostReport:
    plan: told.Plan = told.read(told.Plan, _of_host(step, "lifecycle_tuning", host), run.id, "lifecycle_tuning")
    found = _of_host(step, "lifecycle_evidence", host) or {}
    evidence: Mapping[str, told.Evidence] = told.read(
        Mapping[told.Text, told.Evidence], found, run.id, "lifecycle_evidence"
    )
    refused = {service for service, one in evidence.items() if one.verdict == WORSE}
    tried = _tried(step.data.get("lifecycle_tried"), run)
    return HostReport(
        host=clean(host),
        run_id=run.id,
        phase=step.phase,
        status=str(step.status),
        at=run.started_at,
        operator=clean(run.about.actor.operator),
        reason=clean(run.about.reason or ""),
        ram_mb=plan.machine.ram_mb,
        cores=plan.machine.cores,
        disk=f"{plan.machine.disk} ({source})" if (source := plan.machine.disk_source) else plan.machine.disk,
        profile=plan.machine.profile,
        supposed="tune_ram_mb" in (run.about.options.get("extra_vars") or ()),
        arithmetic=plan.budget.arithmetic,
        slices=tuple(_slices(plan.budget)),
        services=tuple(_services(plan, _before(host, run, step), tried, refused, step.phase == PLAN)),
        measurements=tuple(_measurement(service, one) for service, one in evidence.items()),
    )


def _slices(budget: told.Budget) -> Iterator[Slice]:
    """The RAM from left to right; all of them add up to it."""
    yield Slice(
        "reserve", budget.reserve_mb, budget.reserve_mb / budget.ram_mb, _("stays with the system"), budget.reserve_why
    )
    for name, share in budget.shares.items():
        yield Slice(
            name,
            share.mb,
            share.mb / budget.ram_mb,
            "; ".join(filter(None, (share.arithmetic, share.why))),
            share.source,
        )
    yield Slice("unassigned", budget.unassigned_mb, budget.unassigned_mb / budget.ram_mb, _("left over"), "")


def _before(host: str, run: Run, step: Step) -> told.Tuned | None:
    """Service -> setting -> value before; None when it was not asked."""
    found = _of_host(step, "lifecycle_before", host)
    return None if found is None else told.read(told.Tuned, found, run.id, "lifecycle_before")


def _tried(variables: Any, run: Run) -> told.Tuned:
    settings = module_util("tuning_variables").settings_of(variables) if isinstance(variables, Mapping) else {}
    return told.read(told.Tuned, settings, run.id, "lifecycle_tried")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of a service: its values `before` (None: it was not there), and whether anybody asked."""

    before: Mapping[str, str] | None
    anybody: bool
    planned: bool
    refused: bool


def _services(
    plan: told.Plan, before: told.Tuned | None, tried: told.Tuned, refused: set[str], planned: bool
) -> Iterator[Service]:
    for name in dict.fromkeys((*plan.settings, *tried)):
        # What is tried is kept or given up whole: where something was worse, only that service shows what it had tried.
        over = {} if refused and name not in refused else tried.get(name, {})
        asked = _Asked((before or {}).get(name), before is not None, planned, name in refused)
        values = tuple(_value(one, asked) for one in _with_tried(plan.settings.get(name, ()), over))
        if values:
            yield Service(name, values, name in refused)


def _with_tried(settings: Sequence[told.Setting], tried: Mapping[str, str]) -> list[told.Setting]:
    why, source = TRIED
    found = {one.name: one for one in settings}
    for name, value in tried.items():
        # What the inventory gives goes over everything, over what is tried as well.
        if name not in found or not found[name].given:
            found[name] = told.Setting(name=name, value=value, why=why, source=source)
    return list(found.values())


def _value(one: told.Setting, asked: _Asked) -> Value:
    # A collector of the JVM has no value but its name.
    new = one.value or one.name
    old = (asked.before or {}).get(one.name)
    return Value(one.name, old, new, one.why, one.source, _state(one, asked, old, new))


def _state(one: told.Setting, asked: _Asked, old: str | None, new: str) -> str:
    if asked.planned:
        return _("planned")
    if one.given:
        return _("kept as given")
    if old is not None and same(old, new):
        return _("as it was")
    if asked.refused:
        return _("taken back")
    if not asked.anybody:
        return _("set")
    if old is not None:
        return _("changed")
    return _("service is new") if asked.before is None else _("was default")


def _measurement(service: str, one: told.Evidence) -> Measurement:
    return Measurement(
        service=service,
        verdict=one.verdict,
        before=one.series.before,
        after=one.series.after,
        median_before=one.before,
        median_after=one.after,
        ratio=one.ratio,
        p=one.p,
        tool=one.tool,
        unit=one.unit,
        higher_is_better=one.rises,
        broken=one.broken,
    )
