"""The private directory, and what ansible gets of the operator's environment."""

from __future__ import annotations

import configparser
import contextlib
from pathlib import Path

import pytest

from orchestrator.engine import environ
from orchestrator.engine.workspace import PREFIX, base_directory, sweep, workspace
from orchestrator.records.liveness import this_actor

ROOT = Path(__file__).parents[3]


def test_the_directory_is_private_on_memory_and_gone_afterwards() -> None:
    with workspace(this_actor()) as place:
        secret = place.put_extra_vars({"password": "x"})
        assert place.path.parent == base_directory()
        assert place.path.stat().st_mode & 0o777 == 0o700
        assert secret.stat().st_mode & 0o777 == 0o600
    assert not place.path.exists()


def test_the_directory_is_gone_after_a_failure_too() -> None:
    with contextlib.suppress(RuntimeError), workspace(this_actor()) as place:
        raise RuntimeError
    assert not place.path.exists()


def test_directories_of_dead_processes_are_swept_and_others_left(tmp_path: Path) -> None:
    me = this_actor()
    alive = tmp_path / f"{PREFIX}{me.pid}-{me.pid_started.replace(':', '.')}-abc"
    dead = tmp_path / f"{PREFIX}{me.pid}-otherboot.1-abc"
    foreign = tmp_path / f"{PREFIX}lab-x-y"
    for path in (alive, dead, foreign):
        path.mkdir()
    sweep(tmp_path)
    assert [path.exists() for path in (alive, dead, foreign)] == [True, False, True]


def test_only_allowed_and_named_variables_are_inherited() -> None:
    outer = {"PATH": "/bin", "AWS_SECRET": "x", "LIFECYCLE_DATABASE_URL": "x", "SITE": "1", "ANSIBLE_FORKS": "3"}
    found = environ.inherited(outer | {environ.PASS_ON: "SITE, OTHER"})
    assert found == {"PATH": "/bin", "SITE": "1", "ANSIBLE_FORKS": "3"}


def test_host_keys_are_checked_whatever_the_runner_says() -> None:
    found = environ.compose({}, {"ANSIBLE_HOST_KEY_CHECKING": "False", "HOME": "/x"}, "mark")
    assert found["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert "HOME" not in found


def test_the_operators_collections_come_after_ours(tmp_path: Path) -> None:
    config = tmp_path / "ansible.cfg"
    config.write_text("[defaults]\ncollections_path = mine:/theirs\n")
    ours, *rest = environ.collections_path({}, config).split(":")
    assert ours.endswith("collections")
    assert rest == [str(tmp_path / "mine"), "/theirs"]


def test_where_no_configuration_speaks_ours_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(environ, "SYSTEM_CONFIG", tmp_path / "none")
    given = {"ANSIBLE_FORKS": "3", "ANSIBLE_CONFIG": str(tmp_path / "gone.cfg")}
    assert environ.compose(given, {}, "mark")["ANSIBLE_CONFIG"] == str(environ.WITHOUT_CONFIG)
    assert environ.compose(given, {}, "mark")["ANSIBLE_FORKS"] == "3"
    (tmp_path / "ansible.cfg").write_text("[defaults]\n")
    assert "ANSIBLE_CONFIG" not in environ.compose({}, {}, "mark")


def test_ours_says_what_the_repositorys_says() -> None:
    """But for the places that only a checkout has, and what a person at a terminal sees of Ansible itself."""
    read = [configparser.ConfigParser(interpolation=None) for _side in range(2)]
    for parser, path in zip(read, (environ.WITHOUT_CONFIG, ROOT / "ansible.cfg"), strict=True):
        parser.read(path, encoding="utf-8")
    ours, theirs = ({name: dict(parser[name]) for name in parser.sections()} for parser in read)
    for name in ("collections_path", "roles_path", "host_key_checking", "callback_result_format"):
        del theirs["defaults"][name]
    assert ours == theirs
