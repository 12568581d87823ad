"""`lifecycle release` from the command line to the screen, with an engine that touches no host."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import orchestrator.engine
from orchestrator.cli.main import invoke, lifecycle
from orchestrator.delivery import Environment
from orchestrator.engine import HostFailure, RunOutcome, RunRequest
from orchestrator.errors import ExitCode, LockedError
from orchestrator.languages import LANGUAGES, _, speak
from orchestrator.records import Store
from orchestrator.records.entities import Actor, NewRun

sys.path.insert(0, str(Path(__file__).parents[1] / "release"))

from release_fakes import FakeEdge, KilledError
from release_site import make_environment


class Engine:
    """Carries out on a fake edge and remembers what it was asked."""

    def __init__(self) -> None:
        self.edge = FakeEdge()
        self.requests: list[RunRequest] = []

    def carry_out(self, request: RunRequest, store: Store, _listener: object = None) -> RunOutcome:
        self.requests.append(request)
        about = NewRun(request.environment.name, "/x", request.phases, Actor("alice", "here", 1, "1"))
        run_id = store.begin_run(about)
        done = self.edge.carry_out(request.phases[0], request.extra_vars)
        failures = tuple(HostFailure(f.host, "Health", f.message, "release.yml:3") for f in done.failures)
        store.end_run(run_id, done.status)
        return RunOutcome(run_id, done.status, (), done.data, failures, done.exit_code)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("LIFECYCLE_DATABASE_URL", raising=False)
    return make_environment(tmp_path)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(orchestrator.engine, "carry_out", engine.carry_out)
    return engine


@pytest.fixture
def release(environment: Environment, engine: Engine, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `lifecycle release ...` and return (exit code, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = invoke(lifecycle, ["release", *arguments, "-i", str(environment.path)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_the_road_of_a_release(release: Any) -> None:
    assert release("start", "1.0.0")[0] == ExitCode.DONE
    code, out, _ = release("start", "1.1.0", "--weight", "10")
    assert code == ExitCode.DONE
    assert "1.1.0 has 10 % of the users" in out
    assert "stable     1.0.0        blue   90 % of the users" in out
    assert "candidate  1.1.0        green  10 % of the users" in out
    assert "10 % done, 50 % next, 100 %" in out
    assert "may follow widen, hold, abort, rollback" in out
    release("widen")
    release("widen", "100")
    assert release("promote")[0] == ExitCode.DONE
    code, out, _ = release("rollback", "--reason", "the reception cannot print")
    assert code == ExitCode.DONE
    assert "1.1.0 is rolled back; all users have 1.0.0" in out


def test_a_failed_step_ends_with_the_exit_code_of_its_own(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0", "--weight", "10")
    engine.edge.fault = "failed after"
    code, out, err = release("widen")
    assert code == ExitCode.TAKEN_BACK
    assert "the step failed, and 1.1.0 was taken back; all users have 1.0.0" in out
    assert "app1: the candidate does not get well" in err


@pytest.mark.parametrize("command", [("widen",), ("promote",), ("abort",), ("rollback",), ("start", "9.9.9")])
def test_a_refusal_is_one_line_and_touches_nothing(release: Any, engine: Engine, command: tuple[str, ...]) -> None:
    code, out, err = release(*command)
    assert code == ExitCode.REFUSED
    assert out == ""
    assert err.startswith("lifecycle: ")
    assert len(err.splitlines()) == 1
    assert engine.requests == []


def test_every_mistake_of_a_manifest_has_a_line_of_its_own(release: Any, environment: Environment) -> None:
    manifest = environment.manifest_path("1.1.0")
    manifest.write_text(manifest.read_text().replace("clinic\n", "shop\n").replace("../", "../not-"))
    code, _, err = release("start", "1.1.0")
    assert code == ExitCode.REFUSED
    assert [line.split(": ")[1].rsplit(":", 1)[1] for line in err.splitlines()] == ["2", "4"]


def test_status_shows_the_record_without_touching_a_host(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    asked = len(engine.requests)
    code, out, _ = release("status")
    assert code == ExitCode.DONE
    assert len(engine.requests) == asked
    assert "--live asks the edge" in out
    release("status", "--live")
    assert engine.requests[-1].phases == ("release_status",)


def test_json_is_one_object_and_nothing_else(release: Any) -> None:
    release("start", "1.0.0")
    code, out, _ = release("start", "1.1.0", "--weight", "50", "--json")
    data = json.loads(out)
    assert code == data["exit_code"] == 0
    assert data["release"]["version"] == "1.1.0"
    assert data["release"]["state"] == "widening"
    assert (data["done"], data["next"], data["may_follow"]) == ([10, 50], 100, ["widen", "hold", "abort", "rollback"])
    assert data["edge"]["candidate"]["version"] == "1.1.0"
    assert len(data["runs"]) == 2


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LIFECYCLE_LANG", "zh_CN")
    yield
    speak(LANGUAGES[0])


def test_a_release_in_chinese_is_put_on_record_in_english(
    release: Any, engine: Engine, chinese: None, tmp_path: Path
) -> None:
    release("start", "1.0.0")
    code, out, _ = release("start", "1.1.0", "--weight", "10")
    assert code == ExitCode.DONE
    assert "1.1.0 有 10 % 的用户" in out
    assert "稳定版     1.0.0        blue   90 % 的用户" in out
    assert "10 % 已完成, 50 % 下一步, 100 %" in out
    assert "可执行     widen, hold, abort, rollback" in out
    engine.edge.fault = "failed after"
    code, out, err = release("widen")
    assert code == ExitCode.TAKEN_BACK
    assert "该步骤失败，1.1.0 已被回退；所有用户使用 1.0.0" in out
    assert "app1: the candidate does not get well" in err
    code, _, err = release("promote")
    assert (code, err) == (ExitCode.REFUSED, "lifecycle: 没有进行中的发布；用 `lifecycle release start VERSION` 开始\n")
    assert "\n".join(sqlite3.connect(tmp_path / "var" / "lifecycle.db").iterdump()).isascii()


def test_a_refusal_is_told_in_chinese_and_put_on_record_in_english(
    release: Any, chinese: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release("start", "1.0.0")

    def refuse(*_arguments: object) -> RunOutcome:
        raise LockedError(_("another run is just starting or ending"), remedy=_("wait for it to end"))

    monkeypatch.setattr(orchestrator.engine, "carry_out", refuse)
    code, _out, err = release("start", "1.1.0")
    assert (code, err) == (ExitCode.REFUSED, "lifecycle: 另一次运行正在开始或结束；请等它结束\n")
    dump = "\n".join(sqlite3.connect(tmp_path / "var" / "lifecycle.db").iterdump())
    assert dump.isascii()
    assert "another run is just starting or ending; wait for it to end" in dump


def test_json_of_a_release_is_the_same_in_chinese(
    release: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0", "--weight", "10")
    engine.edge.fault = "failed after"
    release("widen")
    english = release("status", "--json")
    monkeypatch.setenv("LIFECYCLE_LANG", "zh_CN")
    assert release("status", "--json") == english
    assert english[1].isascii()
    speak(LANGUAGES[0])


def test_the_options_reach_the_engine_and_cannot_change_what_is_released(release: Any, engine: Engine) -> None:
    release(
        "start", "1.0.0", "-e", "candidate=6.6.6 colour_scheme=dark", "-e", "@more.yml", "--vault-id", "v.txt", "-v"
    )
    request = engine.requests[-1]
    assert request.extra_vars["candidate"] == "1.0.0"
    assert request.extra_vars["colour_scheme"] == "dark"
    assert request.extra_files == ("more.yml",)
    assert (request.vault_ids, request.verbosity) == (("v.txt",), 1)


def test_the_reason_is_on_record_with_the_run(release: Any, engine: Engine) -> None:
    release("start", "1.0.0", "--reason", "go-live agreed on the phone")
    assert engine.requests[-1].reason == "go-live agreed on the phone"


def test_a_killed_command_is_shown_until_the_edge_was_asked(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0")
    engine.edge.fault = "killed after"
    with pytest.raises(KilledError):
        release("widen")
    assert "NOT SURE   widen to 10 % by" in release("status")[1]
    assert "NOT SURE" not in release("status", "--live")[1]


@pytest.mark.parametrize("fault", ["records", "lock"])
def test_when_a_rollback_cannot_begin_the_way_by_hand_is_named(
    release: Any, environment: Environment, engine: Engine, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0", "--weight", "10")
    if fault == "records":
        monkeypatch.setenv("LIFECYCLE_DATABASE_URL", "sqlite:////proc/no/such/place.db")
    else:
        engine.edge.fault = "locked"
    code, _, err = release("rollback")
    assert code == ExitCode.REFUSED
    assert f"ansible-playbook impl.lifecycle.rollback -i {environment.hosts_file}" in err


def test_what_people_say_is_kept_and_enough_of_it_holds_the_release(release: Any) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0", "--weight", "10")
    code, out, _ = release("feedback", "dr-house", "bad", "cannot", "print")
    assert code == ExitCode.DONE
    assert "kept: bad, dr-house: cannot print (1 of 2 bad verdicts)" in out
    _, out, _ = release("feedback", "nurse", "bad")
    assert "1.1.0 is held" in out
    code, _, err = release("hold")
    assert (code, "is held at 10 % already" in err) == (ExitCode.REFUSED, True)


def test_who_tells_where_a_user_goes(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    engine.edge.who = {
        "colour": "blue",
        "version": "1.0.0",
        "by": "stable",
        "bucket": "07",
        "why": "no release is open",
    }
    assert release("who", "nurse")[1] == "nurse gets 1.0.0 (blue): no release is open\n"
    assert json.loads(release("who", "nurse", "--json")[1])["bucket"] == "07"


def test_resume_shows_what_is_watched_and_asks_where_nobody_judges(release: Any) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0")
    code, out, _ = release("resume")
    assert code == ExitCode.DONE
    assert "1.1.0 waits for a person: no user has it yet; `lifecycle release approve` begins the first step" in out
    assert "guard     none on the edges" in out
    assert "1.1.0 has 10 % of the users" in release("approve")[1]


def test_harm_ends_resume_with_the_exit_code_of_a_version_taken_back(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    release("start", "1.1.0", "--weight", "10")
    opinion = {
        "verdict": "HARM",
        "reason": "evidence 340 : 1",
        "harm_odds": {"failed": 340.0},
        "ok_odds": {"failed": 0.1},
    }
    engine.edge.guard = {
        "edge1": {
            "mode": "act",
            "candidate": "1.1.0",
            "held": {},
            "opinion": opinion,
            "step": {"candidate": {"requests": 90, "failed": 20}},
        }
    }
    code, out, _ = release("resume")
    assert code == ExitCode.TAKEN_BACK
    assert "guard     HARM: edge1: evidence 340 : 1" in out
    assert "failed    for harm 340 : 1, for good enough 1 : 10" in out
    assert "1.1.0 is rolled back" in out


def test_watching_ends_when_the_release_is_over(release: Any) -> None:
    release("start", "1.0.0")
    code, out, _ = release("status", "--watch", "--json")
    assert code == ExitCode.DONE
    assert json.loads(out)["next"] == "wait"


def test_a_way_back_that_takes_minutes_is_told_in_one_line_and_taken_on_request(release: Any, engine: Engine) -> None:
    release("start", "1.0.0")
    assert "may follow" not in release("status")[1], "there is nothing before a first version"
    release("start", "1.1.0", "--weight", "100")
    engine.edge.flipped_at = "2099-01-01T00:00:00+00:00"
    _, out, _ = release("promote")
    assert "kept warm, window until 2099-01-0" in out
    assert "may follow rollback, close" in out
    code, out, err = release("close")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert "--now" in err
    code, out, _ = release("close", "--now", "--reason", "the disk is short")
    assert code == ExitCode.DONE
    assert "stopped; `rollback --start-slot` starts it" in out
    code, out, err = release("rollback")
    assert (code, out) == (ExitCode.REFUSED, "")
    assert len(err.splitlines()) == 1
    assert "--start-slot" in err
    code, out, _ = release("rollback", "--start-slot")
    assert code == ExitCode.DONE
    assert "all users have 1.0.0" in out
