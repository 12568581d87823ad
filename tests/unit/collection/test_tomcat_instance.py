"""What the unit tomcat@NAME asks before and after its start, on files and sockets of this machine."""

from __future__ import annotations

import hashlib
import socket
import sys
import types
import zipfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

ROLE = Path(__file__).parents[3] / "collections/ansible_collections/impl/lifecycle/roles/tomcat"


def load(name: str, file: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__file__ = str(ROLE / "files" / file)
    SourceFileLoader(name, module.__file__).exec_module(module)
    return module


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    for name in ("tomcat_answers", "tomcat_checks"):
        monkeypatch.setitem(sys.modules, name, load(name, f"{name}.py"))
    module = load("tomcat_instance", "tomcat-instance")
    for name in ("SETTINGS", "BASES", "LOGS", "UNITS", "DIGESTS"):
        directory = tmp_path / name.lower()
        directory.mkdir()
        monkeypatch.setattr(module, name, str(directory))
    (tmp_path / "bases/one/lib").mkdir(parents=True)
    (tmp_path / "bases/one/conf").mkdir()
    (tmp_path / "bases/one/work").mkdir()
    # There is no user tomcat here.
    monkeypatch.setattr(module.tomcat_checks, "AS_TOMCAT", [])
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


@pytest.mark.parametrize(
    "changed",
    ["settings/one.env", "bases/one/conf/server.xml", "units/tomcat@.service", "bases/one/conf/tls/key.pem"],
)
def test_an_instance_is_stale_when_what_it_was_started_with_changed(
    helper: types.ModuleType, tmp_path: Path, changed: str
) -> None:
    (tmp_path / "bases/one/conf/tls").mkdir()
    helper.prestart("one")
    assert not helper.is_stale("one")
    (tmp_path / changed).write_text("<Server/>\n")
    assert helper.is_stale("one")


def test_pages_that_another_tomcat_compiled_are_forgotten_and_sessions_stay(
    helper: types.ModuleType, tmp_path: Path
) -> None:
    def compiled() -> Path:
        page = tmp_path / "bases/one/work/Catalina/localhost/clinic/org/apache/jsp/words_jsp.class"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.touch()
        return page

    session = tmp_path / "bases/one/work/Catalina/localhost/clinic/sessions/AB.session"
    session.parent.mkdir(parents=True)
    session.touch()
    elsewhere = tmp_path / "elsewhere/org/apache/jsp"
    elsewhere.mkdir(parents=True)
    (tmp_path / "bases/one/work/link").symlink_to(tmp_path / "elsewhere")
    jar = tmp_path / "home/lib/catalina.jar"
    jar.parent.mkdir(parents=True)
    jar.symlink_to("tomcat10-catalina-10.1.34.jar")
    compiled()
    helper.prestart("one")
    page = compiled()
    helper.prestart("one")
    assert page.exists()
    jar.unlink()
    jar.symlink_to("tomcat11-catalina-11.0.6.jar")
    helper.prestart("one")
    assert not page.exists()
    assert session.exists()
    assert elsewhere.exists()


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


def test_a_changed_user_does_not_make_it_stale(helper: types.ModuleType, tmp_path: Path) -> None:
    helper.prestart("one")
    (tmp_path / "bases/one/conf/tomcat-users.xml").write_text("<tomcat-users/>")
    assert not helper.is_stale("one")


def test_another_agent_than_the_one_named_is_refused_at_every_start(helper: types.ModuleType, tmp_path: Path) -> None:
    agent = tmp_path / "agent.jar"
    agent.write_text("an agent")
    text = f'CATALINA_HOME="{tmp_path}/home"\nTOMCAT_ADDRESS="127.0.0.1"\nTOMCAT_PORT="0"\n'
    good = hashlib.sha256(b"an agent").hexdigest()
    write(tmp_path, "conf", f'{text}TOMCAT_CHECKED="{good}:{agent}\n{good}:{agent}"\n')
    helper.prestart("one")
    agent.write_text("another")
    with pytest.raises(helper.Refused, match="it is not the agent that was named"):
        helper.prestart("one")


def test_every_connector_needs_a_free_port(
    helper: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "holders", lambda _: [("pytest", 4711)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connector = f'<Connector protocol="AJP/1.3" port="{port}" address="127.0.0.1" />'
        (tmp_path / "bases/one/conf/server.xml").write_text(f"<Server>{connector}</Server>")
        with pytest.raises(helper.Refused, match=f"port {port} of instance one is held by pytest"):
            helper.refuse_taken_port("one")


def test_options_that_open_ports_are_left_out_of_the_check(helper: types.ModuleType) -> None:
    options = """-Xmx64m '-Da=two words' -javaagent:/a.jar=127.0.0.1:9404:/b -Dcom.sun.management.jmxremote.port=9"""
    assert helper.tomcat_checks.without_ports(options) == "-Xmx64m '-Da=two words'"


def jar(path: Path, entries: dict[str, str]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return str(path)


def test_a_jar_that_is_no_agent_is_refused(helper: types.ModuleType, tmp_path: Path) -> None:
    agent = jar(tmp_path / "agent.jar", {"META-INF/MANIFEST.MF": "Premain-Class: org.example.Agent\n"})
    library = jar(tmp_path / "library.jar", {"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n"})
    helper.tomcat_checks.refuse_no_agents([agent])
    with pytest.raises(helper.Refused, match=r"library\.jar is no Java agent"):
        helper.tomcat_checks.refuse_no_agents([agent, library])


def test_a_manager_needs_its_classes(helper: types.ModuleType, tmp_path: Path) -> None:
    context = tmp_path / "context.xml"
    context.write_text('<Context><Manager className="a.Manager"><Store className="b.Store"/></Manager></Context>')
    first = jar(tmp_path / "first.jar", {"a/Manager.class": ""})
    second = jar(tmp_path / "second.jar", {"b/Store.class": ""})
    helper.tomcat_checks.refuse_missing_classes(str(context), [first, second])
    with pytest.raises(helper.Refused, match="class_name of element 1 of manager is in no jar"):
        helper.tomcat_checks.refuse_missing_classes(str(context), [first])
    context.write_text('<Context><Manager pathname=""/></Context>')
    helper.tomcat_checks.refuse_missing_classes(str(context), [])


def test_a_key_that_cannot_be_read_is_told(helper: types.ModuleType, tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").write_text("no certificate")
    said = helper.tomcat_checks.wrong_with(str(tmp_path / "certificate.pem"), str(tmp_path / "nowhere.pem"), "")
    assert "nowhere.pem cannot be read by the user tomcat: No such file" in said
    said = helper.tomcat_checks.wrong_with(str(tmp_path / "certificate.pem"), str(tmp_path / "certificate.pem"), "")
    assert "do not fit" in said


def test_a_request_over_ajp_is_as_the_protocol_says(helper: types.ModuleType) -> None:
    packet = helper.tomcat_answers.request("/a", "word")
    assert packet[:2] == b"\x12\x34"
    assert int.from_bytes(packet[2:4], "big") == len(packet) - 4
    assert packet[4:6] == b"\x02\x02"
    assert packet.endswith(b"\x0c\x00\x04word\x00\xff")


def test_who_runs_with_an_older_configuration_is_not_asked(
    helper: types.ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    helper.prestart("one")
    write(tmp_path, "env", 'A="changed"\n')
    helper.ask("one=/=200")
    assert capsys.readouterr().out == '{"silent": {}}\n'


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


def test_a_note_about_a_value_is_no_other_configuration(helper: types.ModuleType, tmp_path: Path) -> None:
    before = helper.digest("one")
    write(tmp_path, "notes", "-Xmx: half of the host\n")
    assert helper.digest("one") == before
    write(tmp_path, "env", 'A="1"\n')
    assert helper.digest("one") != before
