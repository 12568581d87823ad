"""Which vault files a run is sure to read, and what is said of one that stays closed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.delivery.environment import Environment
from orchestrator.engine.closed import Closed, refuse_closed, why_closed
from orchestrator.engine.request import RunRequest
from orchestrator.errors import UsageError
from orchestrator.phases import plan

HOSTS = "all: {children: {db: {hosts: {db1: {}}}, whole: {children: {db: {}, edge: {hosts: {edge1: }}}}, empty: {}}}\n"
NO_PASSWORD = "[ERROR]: Attempting to decrypt but no vault secrets found."


@pytest.fixture
def request_for(tmp_path: Path) -> RunRequest:
    (tmp_path / "hosts.yml").write_text(HOSTS)
    return RunRequest(Environment("site-lab", tmp_path, tmp_path / "hosts.yml"), ("preflight",))


def is_refused(request: RunRequest, name: str, closed: Closed = Closed()) -> bool:  # noqa: B008
    file = request.environment.path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    try:
        refuse_closed(request, plan(request.phases, ()).phases, replace(closed, files=(file,)))
    except UsageError as error:
        return str(error).startswith(str(file))
    return False


@pytest.mark.parametrize(
    "name",
    [
        "group_vars/all.yml", "group_vars/all/deep/vault", "group_vars/db", "group_vars/whole/vault.yml",
        "group_vars/edge.json", "host_vars/db1.yaml", "host_vars/edge1/vault.yml",
    ],
)  # fmt: skip
def test_what_every_host_of_the_site_has_is_read(request_for: RunRequest, name: str) -> None:
    assert is_refused(request_for, name)


@pytest.mark.parametrize(
    "name",
    [
        "group_vars/empty.yml", "group_vars/gone.yml", "host_vars/db2.yml", "group_vars/db/.kept.yml",
        "group_vars/db/vault.yml~", "group_vars/db/old.d/vault.yml", "hosts.yml",
    ],
)  # fmt: skip
def test_what_ansible_passes_over_is_not_read(request_for: RunRequest, name: str) -> None:
    assert not is_refused(request_for, name)


def test_of_a_groups_files_ansible_reads_the_first_only(request_for: RunRequest) -> None:
    (request_for.environment.path / "group_vars" / "db").mkdir(parents=True)
    assert not is_refused(request_for, "group_vars/db.yml")


@pytest.mark.parametrize(
    "change",
    [{"limit": "db"}, {"tags": ("some",)}, {"skip_tags": ("some",)}, {"phases": ("own.yml",)}, {"phases": ("tune",)}],
)
def test_a_run_that_may_leave_hosts_alone_is_let_try(request_for: RunRequest, change: dict[str, object]) -> None:
    partly = replace(request_for, **change)  # type: ignore[arg-type]
    assert not is_refused(partly, "host_vars/db1.yml")
    assert is_refused(partly, "group_vars/all.yml")


@pytest.mark.parametrize("identity", ["prompt", "db@prompt", "prompt_ask_vault_pass"])
def test_a_password_that_ansible_would_ask_for_is_not_waited_for(request_for: RunRequest, identity: str) -> None:
    for request, closed in ((request_for, Closed(asks=True)), (replace(request_for, vault_ids=(identity,)), Closed())):
        with pytest.raises(UsageError, match="where nobody can answer; give --ask-vault-pass"):
            refuse_closed(request, (), closed)
    refuse_closed(replace(request_for, vault_ids=("db@prompt.txt",)), (), Closed())


def test_a_file_of_variables_is_read(request_for: RunRequest, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "secrets.yml"
    given = replace(request_for, extra_files=(str(file),), phases=("own.yml",))
    assert is_refused(given, "elsewhere/secrets.yml")


def test_why_ansible_ended_is_one_line() -> None:
    assert why_closed(Closed(), ["[ERROR]: no such play"]) is None
    assert why_closed(Closed((Path("/site/vault.yml"),), given=True), ["one", NO_PASSWORD, "Origin: x"]) == (
        "/site/vault.yml: none of the vault passwords that were given opens it; "
        "give the one it was encrypted with: --vault-id FILE, or --ask-vault-pass (-J)"
    )
    unknown = why_closed(Closed(), ["one", NO_PASSWORD, "Origin: x"])
    assert unknown == (
        "Attempting to decrypt but no vault secrets found; "
        "give the vault's password: --vault-id FILE, or --ask-vault-pass (-J)"
    )
