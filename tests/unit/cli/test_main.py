"""What no command has words for still comes to one line and a documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.main import invoke, lifecycle
from orchestrator.cli.options import recorded_name
from orchestrator.cli.words import say
from orchestrator.errors import ExitCode, UsageError
from orchestrator.records import open_store
from orchestrator.records.entities import NewRun
from orchestrator.records.liveness import this_actor

PROGRAM = Path(sys.executable).parent / "lifecycle"


def call(command: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """`command` in a shell, with `lifecycle` on its PATH and records of its own."""
    allowed = {name: os.environ[name] for name in ("HOME", "USER") if name in os.environ}
    environ = {**allowed, "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("lifecycle history >/dev/full", "lifecycle: the output cannot be written: No space left on device"),
        ("lifecycle --help >/dev/full", "lifecycle: the output cannot be written: No space left on device"),
        ("lifecycle schema delivery >/dev/full", "lifecycle: the output cannot be written: No space left on device"),
        ("lifecycle show 99 2>/dev/full", ""),
        (
            "mkdir gone && cd gone && rmdir ../gone && lifecycle history",
            "lifecycle: the working directory is gone; change to one that is there",
        ),
        (
            r"lifecycle history --host $'\xff'",
            "lifecycle: argument 3 is not UTF-8 text; write it in UTF-8; a file of such a name has to be renamed",
        ),
    ],
)
def test_what_the_system_refuses_is_one_line_and_exit_code_one(tmp_path: Path, command: str, said: str) -> None:
    ended = call(command, tmp_path)
    assert ended.stderr.strip() == said
    assert ended.returncode == ExitCode.REFUSED


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_closed_leads_nowhere(tmp_path: Path, closed: str) -> None:
    ended = call(f"lifecycle history {closed}", tmp_path)
    assert ended.returncode == ExitCode.DONE
    assert ended.stderr == ""
    assert call("lifecycle history", tmp_path).stdout == "no runs on record\n"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert invoke(lifecycle, list(arguments)) == ExitCode.REFUSED
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    (tmp_path / "inventories" / "site-lab").mkdir(parents=True)
    (tmp_path / "inventories" / "site-lab" / "hosts.yml").write_text("all: {hosts: {one: {}}}\n")
    (tmp_path / "inventories" / "site-lab" / "delivery.yml").write_text(
        "schema: 1\nclient: site\nstage: lab\n"
        "application: {name: a, context_path: /, health: {path: /h}, slots: {blue: 8080, green: 8180}}\n"
    )
    (tmp_path / "site.yml").write_text("- hosts: all\n")


def test_a_name_longer_than_a_file_may_have_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    name = "x" * 5000
    assert refused(capsys, "drift", name).endswith("cannot be used: File name too long")
    assert refused(capsys, "run", f"{name}.yml", "-i", "site-lab").endswith("cannot be used: File name too long")


@pytest.mark.parametrize("command", [("records", "prune", "--keep-runs", "1"), ("history",), ("lock", "release")])
@pytest.mark.parametrize("name", ["", " ", "/"])
def test_an_empty_name_means_no_environment_and_not_all(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], name: str
) -> None:
    said = refused(capsys, *command, "-i", name)
    assert said == f"lifecycle: ENV: '{name}' names no environment; give its name or its directory"


def test_the_working_directory_is_no_answer_to_an_empty_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "inventories" / "site-lab")
    assert "names no environment" in refused(capsys, "run", "preflight", "-i", "")
    assert recorded_name(".") == "site-lab"
    assert recorded_name(None) is None
    with pytest.raises(UsageError):
        recorded_name("")


@pytest.mark.parametrize("option", ["-l", "-t", "--skip-tags"])
def test_an_empty_limit_or_tag_is_not_taken_for_everything(capsys: pytest.CaptureFixture[str], option: str) -> None:
    said = refused(capsys, "run", "site.yml", "-i", "site-lab", option, "")
    assert said == f"lifecycle: {option}: it is empty; give it a value, or leave it out for all"


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "site.yml", "-i", "site-lab", "--wait", "nan"),
        ("run", "site.yml", "-i", "site-lab", "--wait", "inf"),
        ("approve", "1", "--hours", "nan"),
        ("approve", "1", "--hours", "1e300"),
        ("records", "prune", "--keep-days", "nan"),
        ("records", "prune", "--keep-days", "inf"),
        ("records", "prune", "--keep-days", "1e7"),
        ("release", "status", "-i", "site-lab", "--watch", "--every", "1e300"),
        ("tune", "plan", "-i", "site-lab", "--ram", "9" * 5000 + "G"),
        ("show", "9" * 40),
        ("history", "--limit", str(2**63)),
    ],
)
def test_a_number_that_is_none_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert refused(capsys, *arguments).startswith("lifecycle: ")


FLOOD = ", ".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]" for before, one in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    "value",
    [
        "{a: 2026-01-01}",
        "{a: !!set {x, y}}",
        "{2026-01-01: 1}",
        "{a: &x [*x]}",
        "{a: 2026-13-45}",
        "{a: " + "[" * 3000 + "]" * 3000 + "}",
        "{a: &a [x, x, x, x, x, x, x, x, x], " + FLOOD + "}",
    ],
    ids=["date", "set", "date as a name", "in itself", "no date", "deep", "a flood"],
)
def test_a_variable_that_cannot_be_handed_on_is_refused_before_anything_is_recorded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, value: str
) -> None:
    assert refused(capsys, "run", "site.yml", "-i", "site-lab", "-e", value).startswith("lifecycle: -e: ")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("option", ["-J", "-K", "-k"])
def test_where_nobody_can_be_asked_for_a_password_it_is_said(tmp_path: Path, option: str) -> None:
    ended = call(f"setsid --wait lifecycle run site.yml -i site-lab {option}", tmp_path)
    assert ended.returncode == ExitCode.REFUSED
    (line,) = ended.stderr.splitlines()
    assert line.startswith("lifecycle: there is no terminal at which somebody could be asked: ")


def test_what_others_have_written_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\x1b]0;title\x07 failed:\t\x9b31mred\nmore", fg="red")
    assert capsys.readouterr().out == "one]0;title failed:\t31mred\nmore\n"


def test_a_reason_of_several_lines_is_one_line_of_the_history(capsys: pytest.CaptureFixture[str]) -> None:
    store = open_store()
    store.begin_run(NewRun("site-lab", "/x", ("site",), this_actor(), reason="first\nsecond"))
    assert invoke(lifecycle, ["history"]) == ExitCode.DONE
    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(" - first second")
