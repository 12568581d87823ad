"""What is advised to add an extra fits how this installation came about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.extras import advice, source

WHEEL = "impl_lifecycle-0.1.0-py3-none-any.whl"


def command(origin: dict[str, Any] | None) -> str:
    found = source(origin)
    assert found is not None
    return found[0] + found[1] % "report"


def test_a_clone_is_named_with_its_constraints(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").touch()
    origin: dict[str, Any] = {"url": tmp_path.as_uri(), "dir_info": {}}
    assert command(origin) == f"-c {tmp_path}/constraints.txt '{tmp_path}[report]'"
    origin["dir_info"]["editable"] = True
    assert command(origin) == f"-c {tmp_path}/constraints.txt -e '{tmp_path}[report]'"


def test_a_wheel_is_named_where_it_lies(tmp_path: Path) -> None:
    wheel = tmp_path / "a 100% dir" / WHEEL
    wheel.parent.mkdir()
    wheel.touch()
    assert command({"url": wheel.as_uri(), "archive_info": {}}) == f"'{wheel}[report]'"


def test_what_is_fetched_is_fetched_from_there_again() -> None:
    git = {
        "url": "https://git.example/x.git",
        "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "v1"},
    }
    assert command(git) == "'impl-lifecycle[report] @ git+https://git.example/x.git@abc'"
    web = {"url": f"https://files.example/a%20b/{WHEEL}", "archive_info": {}}
    assert command(web) == f"'impl-lifecycle[report] @ https://files.example/a%20b/{WHEEL}'"


def test_what_came_from_an_index_comes_from_it_again() -> None:
    assert command(None) == "'impl-lifecycle[report]'"


def test_where_the_source_is_gone_a_clone_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = {"url": (tmp_path / "gone").as_uri(), "dir_info": {}}
    assert source(origin) is None
    monkeypatch.setattr("orchestrator.extras._origin", lambda: origin)
    monkeypatch.setenv("PATH", "")
    assert advice("queue").startswith("in a clone of its repository: /")
    assert advice("queue").endswith("/pip install '.[queue]'")
