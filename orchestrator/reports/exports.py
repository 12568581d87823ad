"""A run as JUnit XML for a CI job, and as Markdown for a ticket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.etree import ElementTree as Xml

from orchestrator.languages import Phrase, _, told
from orchestrator.records.comparison import Spot, spots
from orchestrator.records.entities import ResultRecord, ResultStatus, Run, Status, Step

# What XML 1.0 has no way to write, escaped or not.
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BROKEN = (ResultStatus.FAILED, ResultStatus.UNREACHABLE)


def junit(run: Run, results: Sequence[ResultRecord]) -> str:
    """A test suite for each host of each phase, a test case for each task. What ended badly is never all green."""
    root = Xml.Element("testsuites", name=_xml(f"run {run.id} {run.about.environment}"))
    suites: dict[tuple[str, str], dict[Spot, ResultRecord]] = {}
    for spot, result in spots(run, results).items():
        suites.setdefault((spot.phase, spot.host), {})[spot] = result
    for (phase, host), cases in suites.items():
        suite = _suite(root, run, f"{phase} on {host}", cases)
        for spot, result in cases.items():
            _case(suite, spot, result)
    for phase, status in _ended_unseen(run, results):
        suite = _suite(root, run, phase, {})
        suite.set("tests", "1")
        suite.set("errors", "1")
        case = Xml.SubElement(suite, "testcase", classname=_xml(phase), name="the whole phase", time="0.000")
        Xml.SubElement(case, "error", message=f"it ended {status.replace('_', ' ')}", type=str(status))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(root: Xml.Element, run: Run, name: str, cases: Mapping[Spot, ResultRecord]) -> Xml.Element:
    status = [result.status for result in cases.values()]
    suite = Xml.SubElement(
        root,
        "testsuite",
        name=_xml(name),
        tests=str(len(cases)),
        failures=str(status.count(ResultStatus.FAILED)),
        errors=str(status.count(ResultStatus.UNREACHABLE)),
        skipped=str(status.count(ResultStatus.SKIPPED)),
        time=f"{sum(result.seconds for result in cases.values()):.3f}",
        timestamp=run.started_at.isoformat(timespec="seconds"),
    )
    properties = Xml.SubElement(suite, "properties")
    told = {"run": run.id, "operator": run.about.actor.operator, "commit": run.about.git_commit, "status": run.status}
    for key, value in told.items():
        Xml.SubElement(properties, "property", name=key, value=_xml(str(value or "")))
    return suite


def _case(suite: Xml.Element, spot: Spot, result: ResultRecord) -> None:
    where = _xml(f"{spot.phase}.{spot.host}")
    case = Xml.SubElement(suite, "testcase", classname=where, name=_xml(_task(spot)), time=f"{result.seconds:.3f}")
    if result.status in BROKEN:
        kind = "failure" if result.status is ResultStatus.FAILED else "error"
        told = Xml.SubElement(case, kind, message=_xml(_first(result.message)), type=str(result.status))
        told.text = _xml(result.message)
    elif result.status is ResultStatus.SKIPPED:
        Xml.SubElement(case, "skipped")
    elif result.message:
        Xml.SubElement(case, "system-out").text = _xml(f"{result.status}: {result.message}")


def _ended_unseen(run: Run, results: Sequence[ResultRecord]) -> Iterator[tuple[str, Status]]:
    """Phases that did not succeed although no task says so, and a run that came to no phase."""
    told = {result.step_id for result in results if result.status in BROKEN}
    for step in run.steps:
        if step.status is not Status.SUCCESSFUL and step.id not in told:
            yield step.phase, step.status
    for phase in run.about.phases[len(run.steps) :]:
        if run.status is not Status.SUCCESSFUL:
            yield phase, run.status


def markdown(run: Run, results: Sequence[ResultRecord], gettext: Callable[[str], str] = str) -> str:
    """The run in short, what failed first, then what changed, with its diffs; told in the language of `gettext`."""
    last = spots(run, results)
    broken = {spot: each for spot, each in last.items() if each.status in BROKEN}
    changed = {spot: each for spot, each in last.items() if each.status is ResultStatus.CHANGED}
    lines = [*_heading(run, gettext)]
    for title, found in ((_("What failed"), broken), (_("What changed"), changed)):
        if found:
            lines += [f"## {told(title, gettext)}", ""]
        for spot, each in found.items():
            lines += [f"### {_cell(spot.host)}: {_cell(_task(spot))} ({_cell(spot.phase)})", ""]
            lines += [*_fenced(each.message, "text"), *_fenced(each.diff or "", "diff")]
    return "\n".join(lines).rstrip() + "\n"


def _heading(run: Run, gettext: Callable[[str], str]) -> Iterator[str]:
    about = run.about
    named = {"run": run.id, "phases": _cell(" ".join(about.phases)), "environment": _cell(about.environment)}
    yield "# " + told(_("Run %(run)s: %(phases)s on %(environment)s") % named, gettext)
    yield ""
    changed = _("%(status)s, changed") if run.changed else _("%(status)s, unchanged")
    dirty = _("%(commit)s with uncommitted changes") if about.git_dirty else Phrase("%(commit)s")
    facts = {
        _("status"): changed % {"status": _word(run.status)},
        _("check mode"): _("yes") if about.check else _("no"),
        _("begun"): run.started_at.isoformat(timespec="seconds"),
        _("ended"): run.ended_at.isoformat(timespec="seconds") if run.ended_at else "",
        _("operator"): about.actor.operator,
        _("reason"): about.reason or "",
        _("commit"): dirty % {"commit": about.git_commit} if about.git_commit else "",
        _("recorded"): _word(run.recorded),
    }
    yield from _table(("", ""), [(key, value) for key, value in facts.items() if value], gettext)
    if run.steps:
        yield from (f"## {told(_('Phases'), gettext)}", "")
        counts = _("ok"), _("changed"), _("failed"), _("unreachable"), _("skipped")
        yield from _table((_("phase"), _("host"), _("status"), *counts), list(_recap(run.steps)), gettext)


def _word(status: str) -> Phrase:
    """A status as words; the catalogues know these."""
    return Phrase(str(status).replace("_", " "))


def _recap(steps: Sequence[Step]) -> Iterator[tuple[object, ...]]:
    for step in steps:
        if not step.hosts:
            yield step.phase, "", _word(step.status), "", "", "", "", ""
        for host, totals in step.hosts.items():
            counts = totals.ok, totals.changed, totals.failed, totals.unreachable, totals.skipped
            yield step.phase, host, _word(step.status), *counts


def _table(head: Sequence[str], rows: Sequence[Sequence[object]], gettext: Callable[[str], str]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(_cell(str(told(cell, gettext))) for cell in row)} |"
    yield ""


def _fenced(text: str, language: str) -> list[str]:
    """As it is, in a fence longer than any that the text has itself."""
    if not text.strip():
        return []
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", text.rstrip("\n"), fence, ""]


def _cell(text: str) -> str:
    """Text that Markdown takes for nothing else."""
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", " ".join(text.split()))


def _task(spot: Spot) -> str:
    return f"{spot.task} ({spot.occurrence})" if spot.occurrence > 1 else spot.task


def _first(message: str) -> str:
    return next((line for line in message.splitlines() if line.strip()), "")


def _xml(text: str) -> str:
    return NO_XML.sub("\ufffd", text)
