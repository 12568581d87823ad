"""What programs read is the same in every language: --json, exports, and what is put on record."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.cli.main import invoke, lifecycle
from orchestrator.errors import ExitCode
from orchestrator.languages import LANGUAGES, speak
from orchestrator.records import open_store
from orchestrator.records.entities import (
    HostTotals,
    NewRun,
    Recorded,
    ResultRecord,
    ResultStatus,
    Status,
    TaskRecord,
    now,
)
from orchestrator.records.liveness import this_actor

# Run 1 was all right, run 2 failed and is recorded in part.
ASKED = (
    "history --json",
    "history --status failed --json",
    "show 1 --diff --json",
    "show 2 --failed --json",
    "diff 1 2 --diff --json",
    "compare client-lab client-lab --json",
    "hosts --json",
    "lock status --json",
    "records size --json",
    "records prune --keep-runs 1 --check --json",
    "records repair --check --json",
    "records ingest --json",
    "export 1",
    "export 2 --format junit",
    "schema delivery",
    "schema manifest",
)


@pytest.fixture(autouse=True)
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LIFECYCLE_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("LIFECYCLE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    store = open_store()
    actor = dataclasses.replace(this_actor(), operator="ann@desk")
    for status, came_to in ((Status.SUCCESSFUL, ResultStatus.CHANGED), (Status.FAILED, ResultStatus.FAILED)):
        run_id = store.begin_run(NewRun("client-lab", "/x", ("provision",), actor))
        step_id = store.begin_step(run_id, "provision", "provision.yml")
        result = ResultRecord(run_id, 1, step_id, "t", "web1", came_to, now(), message=f"web1 {came_to}", diff="+ a")
        store.add_results([TaskRecord(run_id, step_id, "t", "Write it", "copy", "p.yml:3", "play")], [result])
        failed = int(came_to is ResultStatus.FAILED)
        store.end_step(step_id, status, {"web1": HostTotals(ok=1 - failed, changed=1 - failed, failed=failed)}, {})
        store.end_run(run_id, status)
    store.set_recorded(2, Recorded.PARTIAL)
    store.close()
    yield tmp_path / "var"
    speak(LANGUAGES[0])


def said(language: str, command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = invoke(lifecycle, ["--lang", language, *command.split()])
    return code, capsys.readouterr().out


@pytest.mark.parametrize("command", ASKED)
def test_what_programs_read_is_the_same_to_the_byte(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    english, chinese = (said(language, command, capsys) for language in LANGUAGES)
    assert english == chinese
    assert english[1]
    assert english[1].isascii()


@pytest.mark.parametrize(
    "command", ["history", "show 2", "diff 1 2", "hosts", "records size", "lock status", "export 2 --format markdown"]
)
def test_what_people_read_is_not(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    english, chinese = (said(language, command, capsys) for language in LANGUAGES)
    assert english[0] == chinese[0] == ExitCode.DONE
    assert english[1].isascii()
    assert not chinese[1].isascii()
    # What the records say is in both, as it is.
    assert ("web1" in english[1]) == ("web1" in chinese[1])


def test_the_table_of_keys_is_told_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    english, chinese = (said(language, "schema manifest --markdown", capsys)[1] for language in LANGUAGES)
    assert "| `version` | text | **required** | The version; the file is called after it. |" in english
    assert "| `version` | 文本 | **必填** | 版本；文件以它命名。 |" in chinese


def test_an_error_is_told_in_chinese_and_its_command_and_place_stay(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(lifecycle, ["--lang", "zh_CN", "show", "7"]) == ExitCode.REFUSED
    assert capsys.readouterr().err == "lifecycle: 记录中没有运行 7；lifecycle history 列出运行\n"


def test_every_mistake_of_a_file_is_told_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "inventories" / "acme-test"
    invoke(lifecycle, ["init", "acme"])
    capsys.readouterr()
    file = site / "delivery.yml"
    file.write_text(file.read_text().replace("client: acme", "client: ACME\nbogus: 1"))
    assert invoke(lifecycle, ["--lang", "zh_CN", "run", "inspect", "-i", "acme-test"]) == ExitCode.REFUSED
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("lifecycle: inventories/acme-test/delivery.yml:")
    assert "client 必须是小写字母、数字和单个连字符，以字母开头，而不是“ACME”" in first
    assert "未知的键“bogus”" in second


def test_what_is_on_record_stays_english(records: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said("zh_CN", "records prune --keep-runs 1", capsys)
    dump = "\n".join(sqlite3.connect(records / "lifecycle.db").iterdump())
    assert dump.isascii()
