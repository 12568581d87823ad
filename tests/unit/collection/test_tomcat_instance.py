"""What the unit tomcat@NAME asks before and after its start, on files and sockets of this machine."""

from __future__ import annotations

import socket
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROLE = Path(__file__).parents[3] / "collections/ansible_collections/impl/lifecycle/roles/tomcat"


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    loader = SourceFileLoader("tomcat_instance", str(ROLE / "files/tomcat-instance"))
    module = types.ModuleType(loader.name)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    for name in ("SETTINGS", "BASES", "LOGS", "UNITS", "DIGESTS"):
        directory = tmp_path / name.lower()
        directory.mkdir()
        monkeypatch.setattr(module, name, str(directory))
    (tmp_path / "bases/one/lib").mkdir(parents=True)
    (tmp_path / "bases/one/conf").mkdir()
    write(tmp_path, "conf", f'CATALINA_HOME="{tmp_path}/home"\nTOMCAT_ADDRESS="127.0.0.1"\nTOMCAT_PORT="0"\n')
    write(tmp_path, "env", "")
    return module


def write(root: Path, suffix: str, text: str) -> None:
    (root / f"settings/one.{suffix}").write_text(text)


def listen(root: Path) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    write(root, "conf", f'CATALINA_HOME="{root}/home"\nTOMCAT_ADDRESS="127.0.0.1"\nTOMCAT_PORT="{port}"\n')
    return listener


def test_values_are_read_as_systemd_reads_them(helper: types.ModuleType, tmp_path: Path) -> None:
    write(tmp_path, "env", '# a comment\nA="two words, \\"quoted\\" \\\\ $HOME `id` #"\nB="two\nlines"\nC=""\n')
    assert helper.settings("one", "env") == {"A": 'two words, "quoted" \\ $HOME `id` #', "B": "two\nlines", "C": ""}


@pytest.mark.parametrize("changed", ["settings/one.env", "bases/one/conf/server.xml", "units/tomcat@.service"])
def test_an_instance_is_stale_when_what_it_was_started_with_changed(
    helper: types.ModuleType, tmp_path: Path, changed: str
) -> None:
    helper.prestart("one")
    assert not helper.is_stale("one")
    (tmp_path / changed).write_text("other\n")
    assert helper.is_stale("one")


def test_another_library_makes_an_instance_stale(helper: types.ModuleType, tmp_path: Path) -> None:
    for version in ("driver-1.jar", "driver-2.jar"):
        (tmp_path / version).touch()
    link = tmp_path / "bases/one/lib/driver.jar"
    link.symlink_to(tmp_path / "driver-1.jar")
    helper.prestart("one")
    link.unlink()
    link.symlink_to(tmp_path / "driver-2.jar")
    assert helper.is_stale("one")


def test_an_application_that_came_does_not_make_it_stale(helper: types.ModuleType, tmp_path: Path) -> None:
    helper.prestart("one")
    contexts = tmp_path / "bases/one/conf/Catalina/localhost"
    contexts.mkdir(parents=True)
    (contexts / "clinic.xml").write_text("<Context/>")
    assert not helper.is_stale("one")


def test_a_library_that_is_not_there_is_refused_by_name(helper: types.ModuleType, tmp_path: Path) -> None:
    (tmp_path / "bases/one/lib/driver.jar").symlink_to("/nowhere/driver.jar")
    with pytest.raises(helper.Refused, match=r"/nowhere/driver\.jar does not exist"):
        helper.prestart("one")


def test_a_taken_port_is_refused_with_its_holder(
    helper: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "holders", lambda _: [("pytest", 4711)])
    with listen(tmp_path), pytest.raises(helper.Refused, match=r"is held by pytest \(pid 4711\)"):
        helper.prestart("one")


def test_its_own_port_does_not_stop_a_running_instance_from_being_checked(
    helper: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "holders", lambda _: [("java", 4711)])
    monkeypatch.setattr(helper, "of_unit", lambda *_: True)
    with listen(tmp_path):
        helper.refuse_taken_port("one")


def test_an_answer_by_another_process_is_no_answer(
    helper: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "holders", lambda _: [("pytest", 4711)])
    with listen(tmp_path):
        assert helper.answer_of("one", "/", "") == "does not listen: its port is held by pytest (pid 4711)"


def test_an_instance_that_systemd_will_try_again_is_not_running(helper: types.ModuleType) -> None:
    assert not helper.is_running({"ActiveState": "activating", "SubState": "auto-restart"})
    assert helper.is_running({"ActiveState": "activating", "SubState": "start-post"})
