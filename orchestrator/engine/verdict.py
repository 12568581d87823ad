"""What a step came to, from ansible's exit code and what its events told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.engine.closed import NOTHING_CLOSED, Closed, why_closed
from orchestrator.engine.request import HostFailure
from orchestrator.errors import ExitCode
from orchestrator.languages import _
from orchestrator.records.entities import Status

if TYPE_CHECKING:
    from orchestrator.engine.recorder import Heard

# As the shell counts it: 128 and more.
ENDED_BY_SIGNAL = 128

EXIT_CODES = {
    Status.SUCCESSFUL: ExitCode.DONE,
    Status.FAILED: ExitCode.HOST_FAILED,
    Status.UNREACHABLE: ExitCode.UNREACHABLE,
    Status.INCOMPLETE: ExitCode.HOST_FAILED,
    Status.CANCELED: ExitCode.INTERRUPTED,
    Status.CANCELED_UNCLEAN: ExitCode.INTERRUPTED,
}


def status_of(code: int, heard: Heard, *, interrupted: bool, cut: bool) -> Status:
    """A missing final event or a gap in the counters means that nobody knows: incomplete, never successful."""
    if interrupted and not (heard.finished and code == 0):
        return Status.CANCELED_UNCLEAN if cut else Status.CANCELED
    # Ansible that could not open a vault says so between two tasks; before the first of them no host was touched.
    nothing_begun = not heard.tasks and code < ENDED_BY_SIGNAL and why_closed(NOTHING_CLOSED, heard.spoken) is not None
    if (heard.started and not heard.finished and not nothing_begun) or heard.gaps:
        return Status.INCOMPLETE
    if code == 0 and heard.hosts:
        return Status.SUCCESSFUL
    if any(totals.failed for totals in heard.hosts.values()):
        return Status.FAILED
    if any(totals.unreachable for totals in heard.hosts.values()):
        return Status.UNREACHABLE
    return Status.FAILED


def failures_of(heard: Heard, status: Status, phase: str, closed: Closed = NOTHING_CLOSED) -> list[HostFailure]:
    """Why each host that did not get through did not: its last failure, since earlier ones were rescued.

    `closed`: the vault files that no password opened, for when Ansible ended over one of them.
    """
    if status in (Status.SUCCESSFUL, Status.CANCELED, Status.CANCELED_UNCLEAN):
        return []
    last = {failure.host: failure for failure in heard.failures}
    if heard.finished:
        last = {
            host: failure
            for host, failure in last.items()
            if host not in heard.hosts or heard.hosts[host].failed or heard.hosts[host].unreachable
        }
    return list(last.values()) or [HostFailure("", phase, _reason(heard, status, closed), "")]


def _reason(heard: Heard, status: Status, closed: Closed) -> str:
    if why := why_closed(closed, heard.spoken):
        return why
    if heard.spoken:
        # Of warnings and an error it is the error that ended it.
        error = next((number for number, line in enumerate(heard.spoken) if line.startswith("[ERROR]")), 0)
        return "\n".join(heard.spoken[error:])
    if status is Status.INCOMPLETE:
        return _("ansible ended without its final report: what the hosts are like is not known")
    if not heard.hosts:
        return _("no host matched, so nothing was done")
    return _("ansible failed without naming a host")


def run_status(steps: Sequence[Status], interrupted: bool) -> Status:
    """A run is what its last step is; one interrupted before or between its steps is canceled."""
    last = steps[-1] if steps else Status.CANCELED
    return Status.CANCELED if interrupted and last is Status.SUCCESSFUL else last


def exit_code(status: Status, *, any_host: bool) -> ExitCode:
    """A failure before any host was touched is a refusal."""
    if status is Status.FAILED and not any_host:
        return ExitCode.REFUSED
    return EXIT_CODES[status]
