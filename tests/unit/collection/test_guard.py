"""The guard over real files: what it takes back, what it leaves alone, and what it survives."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import guard_disk, routing, routing_hold, way_back

from tests.unit.collection.guard_site import FIRST, OPEN, STAGED, GuardSite

WIDER = routing.weigh(OPEN, 50)
PROMOTED = routing.promote(OPEN)


@pytest.fixture
def site(tmp_path: Path) -> GuardSite:
    made = GuardSite(tmp_path)
    made.put(FIRST)
    return made


def test_a_failing_candidate_is_taken_back_and_held_and_the_evidence_is_kept(site: GuardSite) -> None:
    site.put(OPEN)
    began = site.seconds
    while site.state.candidate and site.seconds < began + 60:
        site.traffic(1, failing=0.2)
    assert site.state == FIRST
    assert site.seconds - began <= 20
    held = routing_hold.read(site.settings.root)["1.1.0"]
    assert "evidence" in held.reason
    (kept,) = (Path(site.settings.state) / "evidence").iterdir()
    evidence = json.loads(kept.read_text())
    assert (evidence["version"], evidence["opinion"]["verdict"]) == ("1.1.0", "HARM")
    assert evidence["step"]["candidate"]["failed"] >= 3
    assert site.told["held"]["1.1.0"]["reason"] == held.reason
    assert site.told["taken_back"]["version"] == "1.1.0"


def test_a_healthy_candidate_stays_and_is_called_so(site: GuardSite) -> None:
    site.traffic(60)
    site.put(WIDER)
    site.traffic(120, share=0.5)
    assert site.state == WIDER
    assert site.told["opinion"]["verdict"] != "HARM"
    assert site.told["step"]["candidate"]["requests"] == 1200
    assert site.told["held"] == {}


def test_a_slow_candidate_goes_back_when_it_had_its_time_to_warm_up(site: GuardSite) -> None:
    site.traffic(30, share=0, seconds="0.150")
    site.put(WIDER)
    site.traffic(55, share=0.5, seconds="0.900")
    assert site.state == WIDER
    site.traffic(30, share=0.5, seconds="0.900")
    assert site.state == FIRST
    assert "is slow more than" in routing_hold.read(site.settings.root)["1.1.0"].reason


def test_what_nobody_notices_is_not_slow(site: GuardSite) -> None:
    site.traffic(30, share=0, seconds="0.003")
    site.put(WIDER)
    site.traffic(120, share=0.5, seconds="0.060")
    assert site.state == WIDER
    assert site.told["opinion"]["candidate"]["slow"] == [0, 0, 0]


def test_a_shared_incident_is_not_the_candidates_fault(site: GuardSite) -> None:
    site.put(WIDER)
    for _ in range(60):
        for colour in ("blue", "green"):
            for number in range(10):
                site.request(colour, status="500" if number % 2 else "200")
        site.pass_time(1)
    # Its first requests fail too: the hard guard cannot know, and takes back. After them it must not.
    opening = site.told["taken_back"]
    assert opening is None or "first" in opening["reason"]


def test_five_of_the_first_ten_failing_go_back_at_once(site: GuardSite) -> None:
    site.put(OPEN)
    for number in range(10):
        site.request("green", status="500" if number % 2 else "200")
    site.pass_time(3)
    assert site.state == FIRST


def test_failover_goes_back_although_users_see_no_error(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(30)
    elsewhere = {"status": "502, 200", "seconds": "0.001, 0.010", "upstream_addr": "10.0.0.1:8180, 10.0.0.1:8080"}
    site.traffic(8, user=7, **elsewhere)  # one user is one witness a minute, so the counts prove nothing yet
    assert site.state == FIRST
    assert "failover is active" in routing_hold.read(site.settings.root)["1.1.0"].reason


def test_one_user_hammering_a_broken_page_is_one_witness(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(30)
    for _ in range(300):
        site.request("green", user=7, status="500")
        site.request("blue")
    site.pass_time(5)
    assert site.state == OPEN


def test_an_observing_guard_judges_and_never_acts(tmp_path: Path) -> None:
    site = GuardSite(tmp_path, acts=False)
    site.put(FIRST)
    site.put(OPEN)
    site.traffic(40, failing=0.5)
    assert site.told["opinion"]["verdict"] == "HARM"
    assert site.told["mode"] == "observe"
    assert site.state == OPEN
    assert routing_hold.read(site.settings.root) == {}


def test_killed_nine_it_goes_on_as_if_nothing_had_happened(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(13, failing=0.1)
    before = site.told["opinion"]
    site.restart()
    site.pass_time(3)
    after = site.told["opinion"]
    assert after["candidate"]["requests"] == before["candidate"]["requests"] + 2
    assert after["stable"]["requests"] == site.told["step"]["stable"]["requests"]
    site.traffic(40, failing=0.2)
    assert site.state == FIRST


def test_every_line_is_counted_once_over_a_restart(site: GuardSite) -> None:
    site.put(OPEN)
    site.look_every = 0.3  # ticks end every seventh look, and ten seconds are over with the 34th: between two ticks
    for _ in range(3):
        site.traffic(13)
        site.restart()
    site.pass_time(3)
    for told in (site.told["step"], site.told["opinion"]):
        assert told["stable"]["requests"] + told["candidate"]["requests"] == 3 * 13 * 20


def test_stopped_for_good_it_has_weighed_what_it_has_read(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(7)
    site.guard.end()
    site.restart()
    site.pass_time(3)
    assert site.told["opinion"]["candidate"]["requests"] == 14


def test_a_memory_that_cannot_be_read_is_begun_anew_and_said(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(12)
    (Path(site.settings.state) / "state.json").write_text("{broken")
    site.guard = site.new_guard()
    site.pass_time(1)
    assert "began anew" in site.told["troubles"]["memory"]
    site.traffic(40, failing=0.5)
    assert site.state == FIRST


def test_what_cannot_be_remembered_goes_back_after_a_minute(site: GuardSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.put(OPEN)
    monkeypatch.setattr(guard_disk, "write", full)
    site.traffic(50)
    assert site.state == OPEN
    assert "No space left" in site.told["troubles"]["disk"]
    site.traffic(30)
    assert site.state == FIRST
    assert "cannot write its memory" in routing_hold.read(site.settings.root)["1.1.0"].reason


def full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device", "state.json")


def test_a_hold_that_cannot_be_written_does_not_keep_users_on_a_bad_version(
    site: GuardSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put(OPEN)
    with monkeypatch.context() as patched:
        patched.setattr(routing_hold, "hold", full)
        site.traffic(30, failing=0.5)
        assert site.state == FIRST
        assert "not written down" in site.told["troubles"]["hold"]
    site.pass_time(1)
    assert "1.1.0" in routing_hold.read(site.settings.root)
    assert "hold" not in site.told["troubles"]


@pytest.mark.parametrize("step", [-7200, 7200])
def test_a_clock_that_is_set_neither_blinds_it_nor_takes_anything_back(site: GuardSite, step: float) -> None:
    site.put(OPEN)
    site.traffic(20)
    site.wall_offset = step
    site.traffic(20)
    assert site.state == OPEN
    assert site.told["step"]["candidate"]["requests"] == 80
    site.traffic(30, failing=0.3)
    assert site.state == FIRST


def test_garbage_and_half_lines_are_told_and_stop_nothing(site: GuardSite) -> None:
    site.put(OPEN)
    with site.log.open("ab") as log:
        log.write(b'\x00\xff garbage\n{"pool":"green"\n[1,2]\n' + b"x" * 300_000 + b"\n")
    site.traffic(30, failing=0.3)
    assert site.state == FIRST
    assert "could not be understood" in site.told["troubles"]["garbage"]


def test_it_follows_the_log_through_rotation(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(3)
    site.log.rename(f"{site.log}.1")
    site.traffic(3)
    site.pass_time(3)
    step = site.told["step"]
    assert step["stable"]["requests"] + step["candidate"]["requests"] == 120


def test_requests_whose_slot_was_chosen_before_do_not_count(site: GuardSite) -> None:
    site.put(OPEN)
    for _ in range(20):
        site.request("green", status="500", seconds="3600.0")
    site.pass_time(3)
    assert site.state == OPEN


def test_an_abandoned_step_falls_back_when_the_lease_is_over(tmp_path: Path) -> None:
    site = GuardSite(tmp_path, lease_minutes=1)
    site.put(FIRST)
    site.pass_time(90)
    site.put(OPEN)
    site.pass_time(50)
    (Path(site.settings.state) / "renewed").write_text("looked")
    site.pass_time(50)
    assert site.state == OPEN
    assert site.told["lease"]["until"] == pytest.approx(site.wall() + 10, abs=1)
    site.restart()
    site.pass_time(15)
    assert site.state == FIRST
    assert "lease" in routing_hold.read(site.settings.root)["1.1.0"].reason


def test_widening_keeps_the_evidence_and_begins_the_steps_counts_anew(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(20)
    site.put(WIDER)
    assert site.told["step"]["candidate"]["requests"] == 0
    site.traffic(4, share=0.5)
    site.pass_time(2)
    assert site.told["opinion"]["candidate"]["requests"] == 40 + 40
    assert site.told["step"]["candidate"]["requests"] == 40


def test_a_staged_candidate_has_no_judge_yet(site: GuardSite) -> None:
    site.put(STAGED)
    site.traffic(20, share=0)
    assert site.told["opinion"] is None
    assert site.told["candidate"] == "1.1.0"


def promoted(site: GuardSite) -> None:
    site.traffic(60, share=0)
    site.put(OPEN)
    site.traffic(10)
    site.put(PROMOTED)


def test_a_promoted_version_that_fails_goes_back_within_the_window(site: GuardSite) -> None:
    promoted(site)
    site.traffic(30, share=1)
    assert site.state == PROMOTED
    assert site.told["window"]["previous"] == "1.0.0"
    site.traffic(30, share=1, failing=0.2)
    assert site.state == FIRST
    assert "since its promotion" in routing_hold.read(site.settings.root)["1.1.0"].reason


def test_nobody_goes_back_to_a_slot_whose_window_was_closed(site: GuardSite) -> None:
    promoted(site)
    site.put(routing.close(PROMOTED))
    site.traffic(30, share=1, failing=0.3)
    assert site.told["window"] is None
    assert site.state.stable == PROMOTED.stable


def test_where_going_back_would_do_more_harm_it_holds_and_says_so(site: GuardSite) -> None:
    bound = way_back.OldestCompatible("1.1.0", "releases/1.1.0.yml:7")
    unsafe = replace(OPEN, oldest_compatible=bound)
    site.put(unsafe)
    site.traffic(40, failing=0.5)
    assert site.state == unsafe
    assert "1.1.0" in routing_hold.read(site.settings.root)
    assert "NOT taken back" in site.told["troubles"]["unsafe"]
    assert "releases/1.1.0.yml:7" in site.told["troubles"]["unsafe"]


def test_nobody_watches_after_the_window(tmp_path: Path) -> None:
    site = GuardSite(tmp_path, window_minutes=1)
    site.put(FIRST)
    promoted(site)
    site.traffic(65, share=1)
    assert site.told["window"] is None
    site.traffic(30, share=1, failing=0.2)
    assert site.state == PROMOTED


def test_the_window_survives_a_restart(site: GuardSite) -> None:
    promoted(site)
    site.traffic(15, share=1)
    site.restart()
    site.traffic(30, share=1, failing=0.3)
    assert site.state == FIRST


def test_a_changed_policy_begins_the_evidence_anew_and_says_so(site: GuardSite) -> None:
    site.put(OPEN)
    site.traffic(12, failing=0.1)
    site.settings = replace(site.settings, margin=3.0)
    site.restart()
    site.put(WIDER)
    assert "begins anew" in site.told["troubles"]["policy"]
    assert site.told["opinion"]["candidate"]["requests"] == 0


def test_what_it_keeps_on_disk_is_bounded(site: GuardSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_disk, "MOST_TICKS", 2_000)
    monkeypatch.setattr(guard_disk, "MOST_EVIDENCE", 3)
    site.put(OPEN)
    site.traffic(300)
    kept = {path.name: path.stat().st_size for path in Path(site.settings.state).iterdir()}
    assert kept.keys() - {"ticks.ndjson"} == {"state.json", "ticks.ndjson.1"}
    assert kept["ticks.ndjson.1"] + kept.get("ticks.ndjson", 0) < 5_000
    for number in range(6):
        guard_disk.keep_evidence(site.settings.state, f"{number}.json", {})
    left = sorted(path.name for path in (Path(site.settings.state) / "evidence").iterdir())
    assert left == ["3.json", "4.json", "5.json"]


def test_the_state_that_cannot_be_read_is_told_and_left_alone(site: GuardSite) -> None:
    site.put(OPEN)
    (Path(site.store.current) / "complete").unlink()
    site.traffic(10, failing=0.5)
    assert "cannot be read" in site.told["troubles"]["routing"]


def test_status_is_written_for_others_to_read(site: GuardSite) -> None:
    site.put(OPEN)
    written = json.loads((Path(site.settings.run) / "status.json").read_text())
    assert (written["application"], written["stable"], written["candidate"]) == ("clinic", "1.0.0", "1.1.0")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"margin": 0.5}, "margin"),
        ({"acts": "yes"}, "acts"),
        ({"log": "here"}, "log"),
        ({"ports": {"1": "blue"}}, "ports"),
        ({"strange": 1}, "strange"),
        ({"lease_minutes": True}, "lease_minutes"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(site: GuardSite, tmp_path: Path, changed: Any, word: str) -> None:
    file = tmp_path / "guard.json"
    file.write_text(json.dumps({**vars_of(site), **changed}))
    done = checked(file)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stderr.count("\n") == 1
    file.write_text(json.dumps(vars_of(site)))
    assert checked(file).returncode == 0


def vars_of(site: GuardSite) -> dict[str, Any]:
    return {name: getattr(site.settings, name) for name in site.settings.__dataclass_fields__}


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ansible_collections.impl.lifecycle.plugins.module_utils.guard", "--check", str(file)]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(COLLECTIONS)})


COLLECTIONS = Path(__file__).resolve().parents[3] / "collections"
