"""Every Molecule scenario as one test: create, converge, verify, idempotence, verify again, destroy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "var" / "molecule"
# Longest first, so that the parallel run does not end with one long scenario alone.
LONGEST_FIRST = (
    *("release", "one_slot", "wildfly", "upgrade_rollback", "postgresql", "mariadb", "tune", "redis_sentinel"),
    *("postgresql_major", "apache", "tune_indexes", "tomcat", "gray_guard", "os_baseline", "redis", "app_slot"),
    *("other_servers", "nginx", "memcached", "package_source"),
)
# Left out by `make test`, which has to end within the hour on two cores; `make molecule` runs them. Whole releases by
# the plain playbooks (e2e has the same road by `lifecycle release`), a role that is tried against a stand-in, every
# service's way to another version and back, measuring in turns (tune, other_servers), indexes (tests/unit has a
# PostgreSQL of its own for them), Sentinel's failovers, and the largest roles: those that the end-to-end road does not
# need, and those that it installs, changes and asks itself.
LONG = (
    *("release", "one_slot", "wildfly", "upgrade_rollback", "redis_sentinel", "postgresql", "mariadb", "apache"),
    *("tune", "other_servers", "tune_indexes", "tomcat", "redis", "app_slot", "os_baseline", "postgresql_major"),
)
LIMIT_SECONDS = 2400


def scenarios() -> list[str]:
    found = sorted(path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml"))
    return sorted(found, key=lambda name: LONGEST_FIRST.index(name) if name in LONGEST_FIRST else len(LONGEST_FIRST))


def marked(scenario: str) -> Any:
    return pytest.param(scenario, marks=pytest.mark.long) if scenario in LONG else scenario


@pytest.mark.lab
@pytest.mark.parametrize("scenario", map(marked, scenarios()))
def test_scenario(scenario: str) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{scenario}.log"
    # Molecule keeps its state below HOME; one directory a scenario lets several run at once.
    environment = os.environ | {
        "MOLECULE_EPHEMERAL_DIRECTORY": str(LOGS / scenario),
        "PY_COLORS": "0",
        "ANSIBLE_NOCOLOR": "1",
    }
    with log.open("w") as output:
        ended = subprocess.run(
            [str(Path(sys.executable).with_name("molecule")), "test", "-s", scenario],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, timeout=LIMIT_SECONDS, check=False,
        )  # fmt: skip
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-60:])
    assert ended.returncode == 0, f"molecule test -s {scenario} ended with {ended.returncode}; {log} ends:\n{tail}"
