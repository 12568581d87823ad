"""The phases there are. A new phase is one row here plus one playbook of the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Phase:
    """One named stage of the work. `needs`: phases that should have passed here before."""

    name: str
    playbook: str
    summary: str
    changes_hosts: bool = True
    # Cut anywhere, it may be begun anew by somebody who does not know how far it came: a dead worker's is taken over.
    # Not so what leads users round a host, keeps what was before, or measures against it: the second time "before" is
    # what the first has left.
    idempotent: bool = False
    needs: tuple[str, ...] = ()
    evidence: bool = False
    # The command that starts it, where it is not `lifecycle run`.
    through: str = ""
    # It describes how hosts are to be, and to stay: `lifecycle drift` asks for it.
    lasting: bool = False
    # Done whoever is at work by other records: users on a bad version do not wait.
    urgent: bool = False


PHASES: Final = (
    Phase(
        "preflight",
        playbook="impl.lifecycle.preflight",
        summary="check every host against delivery.yml; changes nothing",
        changes_hosts=False,
        evidence=True,
        idempotent=True,
    ),
    Phase(
        "provision",
        playbook="impl.lifecycle.provision",
        summary="install and configure what the groups of the inventory ask for",
        needs=("preflight",),
        lasting=True,
        idempotent=True,
    ),
    Phase(
        "release",
        playbook="impl.lifecycle.release",
        summary="bring a version to the users (through `lifecycle release`)",
        through="lifecycle release",
        needs=("provision",),
        evidence=True,
    ),
    Phase(
        "rollback",
        playbook="impl.lifecycle.rollback",
        summary="send every user back to the stable version (through `lifecycle release`)",
        through="lifecycle release",
        needs=("provision",),
        urgent=True,
        evidence=True,
    ),
    Phase(
        "release_close",
        playbook="impl.lifecycle.release_close",
        summary="stop the version before, when its window is over (through `lifecycle release`)",
        through="lifecycle release",
        needs=("provision",),
    ),
    Phase(
        "release_settle",
        playbook="impl.lifecycle.release_settle",
        summary="bring the hosts to the stable version that do not run it yet (through `lifecycle release`)",
        through="lifecycle release",
        needs=("provision",),
    ),
    Phase(
        "release_status",
        playbook="impl.lifecycle.release_status",
        summary="ask the edge which version it sends to whom; changes nothing",
        through="lifecycle release",
        changes_hosts=False,
        idempotent=True,
    ),
    Phase(
        "restart-pending",
        playbook="impl.lifecycle.restart_pending",
        summary="restart what waits for a restart, one host at a time, users led round each application host",
        needs=("provision",),
    ),
    Phase(
        "service-upgrade",
        playbook="impl.lifecycle.service_upgrade",
        summary="bring one service to another version of its packages, then restart it host by host",
        needs=("provision",),
    ),
    Phase(
        "service-rollback",
        playbook="impl.lifecycle.service_rollback",
        summary="bring one service back to the packages and the configuration that it had before",
        needs=("provision",),
    ),
    Phase(
        "postgresql-upgrade",
        playbook="impl.lifecycle.postgresql_upgrade",
        summary="bring the databases to another major release of PostgreSQL on their host, or back",
        needs=("provision",),
    ),
    Phase(
        "tune",
        playbook="impl.lifecycle.tune",
        summary="fit each service into its host, measure before and after, take back what does not help",
        # Not idempotent, although both sides are set anew before each measurement. What `lifecycle_before` tells (the
        # old values in the report) is what the services answer, which by then is the dead run's plan. Once that run had
        # written lifecycle_tuning.fact, plan is measured against plan, and this verdict replaces the one that counted.
        # A benchmark that it left on a host runs beside the new one. To change it, the first answers would have to be
        # kept on the host until the phase has ended.
        needs=("provision",),
        evidence=True,
    ),
    Phase(
        "tune_plan",
        playbook="impl.lifecycle.tune_plan",
        summary="work out what each host should have set (through `lifecycle tune plan`); changes nothing",
        through="lifecycle tune plan",
        changes_hosts=False,
        idempotent=True,
    ),
    Phase(
        "tune_indexes",
        playbook="impl.lifecycle.tune_indexes",
        summary="say which indexes are missing or too much and which statements are slow; builds only those listed in "
        "delivery.yml, when asked (through `lifecycle tune indexes`)",
        through="lifecycle tune indexes",
    ),
    Phase(
        "bundle",
        playbook="impl.lifecycle.bundle",
        summary="pack the packages that the hosts have, for hosts without Internet; changes nothing on them",
        changes_hosts=False,
        idempotent=True,
    ),
    Phase(
        "inspect",
        playbook="impl.lifecycle.inspect",
        summary="say what is on the hosts; changes nothing",
        changes_hosts=False,
        idempotent=True,
    ),
)
