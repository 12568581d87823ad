"""`lifecycle release replay` on a log as the edge writes it."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.main import invoke, lifecycle
from orchestrator.errors import ExitCode


def line(at: float, user: int, status: str, seconds: float) -> str:
    return json.dumps(
        {
            "msec": f"{at:.3f}", "seconds": f"{seconds:.3f}", "pool": "blue", "user": f"{user:08d}", "bucket": "07",
            "route": "/api/appointments", "status": status, "answered": "blue", "upstream_addr": "10.0.0.1:8080",
            "upstream_status": status, "upstream_seconds": f"{seconds:.3f}",
        }
    )  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    chance = random.Random(1)
    lines = [
        line(1_700_000_000 + number / 2, chance.randrange(60), "500" if chance.random() < 0.01 else "200", 0.05)
        for number in range(4000)
    ]
    path = tmp_path / "gray-clinic.json.log"
    path.write_text("\n".join([*lines, "garbage", '{"pool": "blue"']) + "\n")
    return path


@pytest.fixture
def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    site = tmp_path / "demo-test"
    site.mkdir()
    (site / "hosts.yml").write_text("all: {}\n")
    (site / "delivery.yml").write_text(
        "schema: 1\nclient: demo\nstage: test\napplication: {name: clinic, context_path: /, health: {path: /health}, "
        "slots: {blue: 8080, green: 8180}}\n"
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(lifecycle, ["release", "replay", *arguments, "-i", str(site)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_site_learns_how_often_it_would_have_been_rolled_back_for_nothing(replay: Any, log: Path) -> None:
    code, out, err = replay(str(log), "--splits", "40", "--json")
    assert code == ExitCode.DONE, err
    told = json.loads(out)
    assert (told["requests"], told["passed_over"], told["users"], told["splits"]) == (4000, 2, 60, 40)
    assert told["rate"] <= 0.05
    assert set(told["worst"]) == {"failed", "slow"}
    assert "splits would have been taken back for nothing" in replay(str(log), "--splits", "5")[1]


def test_a_rotated_log_is_read_as_it_is(replay: Any, log: Path) -> None:
    packed = log.with_suffix(".log.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert json.loads(replay(str(packed), "--splits", "2", "--json")[1])["requests"] == 4000


def test_a_file_that_is_no_such_log_is_refused_in_one_line(replay: Any, tmp_path: Path) -> None:
    other = tmp_path / "access.log"
    other.write_text("10.0.0.1 - - [24/Nov/2026] GET /\n" * 5)
    code, _, err = replay(str(other))
    assert code == ExitCode.REFUSED
    assert "0 of 5 lines are requests to a slot; a replay needs 1000" in err
    code, _, err = replay(str(tmp_path / "none.log"))
    assert (code, err.count("\n")) == (ExitCode.REFUSED, 1)
    assert "cannot be read: No such file or directory" in err
