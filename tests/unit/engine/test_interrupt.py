"""The ladder: who is waited for, and for how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.engine import interrupt
from orchestrator.engine.interrupt import Ladder


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "PATIENCE", -1.0)


def test_the_first_step_asks_and_a_person_is_never_hurried(tmp_path: Path) -> None:
    told: list[str] = []
    ladder = Ladder("nobody.here", told.append)
    ladder.phase_begins(tmp_path / "stop")
    ladder.step()
    ladder.tick()
    assert ((tmp_path / "stop").exists(), ladder.asked, ladder.cut) == (True, True, False)
    assert "interrupt again to stop at once" in told[0]


def test_a_signal_that_nobody_repeats_climbs_by_itself(tmp_path: Path) -> None:
    ladder = Ladder("nobody.here")
    ladder.phase_begins(tmp_path / "stop")
    ladder.step(by_person=False)
    ladder.tick()
    assert ladder.cut


def test_a_phase_that_begins_after_the_interrupt_is_asked_as_well(tmp_path: Path) -> None:
    ladder = Ladder("nobody.here")
    ladder.step()
    ladder.phase_begins(tmp_path / "stop")
    assert (tmp_path / "stop").exists()
