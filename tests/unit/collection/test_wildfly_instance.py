"""What the unit wildfly@NAME and the role ask, on files of this machine."""

from __future__ import annotations

import os
import pwd
import sys
import types
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

FILES = Path(__file__).parents[3] / "collections/ansible_collections/impl/lifecycle/roles/wildfly/files"
ME = pwd.getpwuid(os.getuid()).pw_name


def load(name: str, file: str) -> types.ModuleType:
    module = types.ModuleType(name)
    SourceFileLoader(name, str(FILES / file)).exec_module(module)
    return module


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    for name in ("wildfly_keep", "wildfly_management"):
        monkeypatch.setitem(sys.modules, name, load(name, f"{name}.py"))
    module = load("wildfly_instance", "wildfly-instance")
    for name in ("SETTINGS", "BASES", "LOGS", "UNITS", "DIGESTS", "KEPT"):
        (tmp_path / name.lower()).mkdir()
        monkeypatch.setattr(module, name, str(tmp_path / name.lower()))
    base = tmp_path / "bases/one"
    for directory in ("configuration", "deployments", "modules/lifecycle/jdbc/pg/main"):
        (base / directory).mkdir(parents=True)
    (base / "configuration/standalone.xml").write_text("<server/>")
    (base / "modules/lifecycle/jdbc/pg/main/module.xml").write_text("<module/>")
    (base / "current").symlink_to(tmp_path / "1.0")
    conf = f'JBOSS_HOME="{tmp_path}/1.0"\nWILDFLY_ADDRESS="127.0.0.1"\nWILDFLY_PORT_OFFSET="100"\n'
    (tmp_path / "settings/one.conf").write_text(conf)
    (tmp_path / "settings/one.env").write_text("")
    (tmp_path / "settings/one.health").write_text(f'WILDFLY_USER="{ME}"\nWILDFLY_ADMIN_USER="lifecycle"\n')
    return module


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_ports_follow_the_offset(helper: types.ModuleType) -> None:
    assert helper.ports("one") == [("127.0.0.1", 8180), ("127.0.0.1", 10090)]


@pytest.mark.parametrize(
    "changed", ["settings/one.env", "bases/one/configuration/standalone.xml", "units/wildfly@.service"]
)
def test_an_instance_is_stale_when_what_it_was_started_with_changed(
    helper: types.ModuleType, tmp_path: Path, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "refuse_taken_ports", lambda _: None)
    helper.prestart("one")
    assert not helper.is_stale("one")
    (tmp_path / changed).write_text("A='other'\n")
    assert helper.is_stale("one")


def test_the_version_of_a_process_is_known_when_another_one_is_configured(
    helper: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helper, "refuse_taken_ports", lambda _: None)
    helper.prestart("one")
    conf = tmp_path / "settings/one.conf"
    conf.write_text(conf.read_text().replace("/1.0", "/2.0"))
    assert (tmp_path / "bases/one/running").readlink() == tmp_path / "1.0"
    helper.prestart("one")
    assert (tmp_path / "bases/one/running").readlink() == tmp_path / "2.0"


@pytest.mark.parametrize("changed", ["settings/one.health", "bases/one/configuration/mgmt-users.properties"])
def test_what_the_server_takes_in_by_itself_needs_no_restart(
    helper: types.ModuleType, tmp_path: Path, changed: str
) -> None:
    before = helper.digest("one")
    (tmp_path / changed).write_text("other\n")
    assert helper.digest("one") == before


def test_going_back_restores_files_links_and_modes_and_removes_what_was_added(
    helper: types.ModuleType, tmp_path: Path
) -> None:
    base, kept = tmp_path / "bases/one", str(tmp_path / "kept/one.tar")
    (tmp_path / "settings/one.env").chmod(0o600)
    before = helper.digest("one")
    helper.wildfly_keep.keep(kept, helper.files_of("one"))
    assert Path(kept).stat().st_mode & 0o777 == 0o600
    (base / "current").unlink()
    (base / "current").symlink_to(tmp_path / "2.0")
    (base / "configuration/standalone.xml").write_text("<other/>")
    (base / "modules/lifecycle/jdbc/pg/main/new.jar").symlink_to("/nowhere")
    (tmp_path / "settings/one.env").write_text("A=1")
    assert helper.digest("one") != before
    helper.wildfly_keep.restore(kept, [str(base / "modules")])
    assert helper.digest("one") == before
    assert (tmp_path / "settings/one.env").stat().st_mode & 0o777 == 0o600
    assert not [path for path in tmp_path.rglob("*") if "lifecycle-back" in path.name]


def test_applications_that_come_with_a_change_go_with_it(helper: types.ModuleType, tmp_path: Path) -> None:
    deployments, artifact = tmp_path / "bases/one/deployments", tmp_path / "new"
    artifact.write_text("new")
    for name in ("a.war", "b.war"):
        (deployments / name).write_text("old")
        (deployments / f"{name}.deployed").touch()
    sha256 = helper.wildfly_keep.sha256_of(str(artifact))
    new = {"artifact": str(artifact), "sha256": sha256, "state": "present"}
    plan = [{**new, "name": "a.war"}, {**new, "name": "c.war"}, {"name": "b.war", "state": "absent", "sha256": ""}]
    helper.wildfly_keep.swap_in(str(tmp_path / "bases/one"), plan, ME)
    assert names(deployments) == ["a.war", "a.war.dodeploy", "c.war", "c.war.dodeploy"]
    assert (deployments / "a.war").read_text() == "new"
    helper.wildfly_keep.swap_back(str(tmp_path / "bases/one"))
    assert names(deployments) == ["a.war", "a.war.dodeploy", "b.war", "b.war.dodeploy"]
    assert (deployments / "a.war").read_text() == "old"
    assert not (tmp_path / "bases/one/before").exists()


class Answers:
    """A management interface with given answers."""

    def __init__(self, **answers: object) -> None:
        self.answers = {"read_attribute": "running", "read_boot_errors": [], "read_children_resources": {}} | answers

    def ask(self, operation: str, *_path: tuple[str, str], **_arguments: object) -> object:
        return self.answers[operation.replace("-", "_")]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, ""),
        ({"read_attribute": "reload-required"}, ""),
        ({"read_attribute": "starting"}, "its server-state is starting"),
        ({"read_boot_errors": [{"failure-description": "WFLY1: no"}]}, "it has booted with errors: WFLY1: no"),
        (
            {"read_children_resources": {"a.war": {"status": "FAILED"}, "b.war": {"status": "OK"}}},
            "its deployment a.war is FAILED",
        ),
    ],
)
def test_what_is_wrong_is_said_in_wildflys_words(
    helper: types.ModuleType, answers: dict[str, object], words: str
) -> None:
    assert helper.management.wrong_with(Answers(**answers)) == words


def test_a_digest_answers_the_challenge_with_the_hash_alone(helper: types.ModuleType) -> None:
    # RFC 2617's own example, section 3.5.
    secret = helper.management.md5("Mufasa:testrealm@host.com:Circle Of Life")
    assert secret == "939e7578ed9e3c518a452acee763bce9"
    asked = helper.management.Management(("127.0.0.1", 1), "Mufasa", secret)
    challenge = 'Digest realm="testrealm@host.com",domain="/management",nonce="n",opaque="o",algorithm=MD5,qop="auth"'
    said = asked._authorization(["Negotiate", challenge])
    assert said.startswith('Digest username="Mufasa", realm="testrealm@host.com", nonce="n", uri="/management"')
    assert 'opaque="o"' in said
    cnonce = said.rpartition('cnonce="')[2].rstrip('"')
    second = helper.management.md5("POST:/management")
    assert f'response="{helper.management.md5(f"{secret}:n:00000001:{cnonce}:auth:{second}")}"' in said
