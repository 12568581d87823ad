"""`lifecycle init` and `lifecycle schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.main import invoke, lifecycle
from orchestrator.errors import ExitCode


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init_says_what_it_made_and_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(lifecycle, ["init", "acme", "--stage", "production"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "inventories/acme-production/delivery.yml" in out
    assert out.splitlines()[-1].endswith("inventories/acme-production/README.md")
    assert Path("inventories/acme-production/hosts.yml").is_file()


def test_init_answers_programs(capsys: pytest.CaptureFixture[str]) -> None:
    invoke(lifecycle, ["init", "acme", "--directory", "sites", "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["environment"] == "acme-test"
    assert all(Path(file).is_file() for file in data["files"])


def test_init_does_not_overwrite(capsys: pytest.CaptureFixture[str]) -> None:
    invoke(lifecycle, ["init", "acme"])
    Path("inventories/acme-test/hosts.yml").write_text("mine\n")
    capsys.readouterr()
    assert invoke(lifecycle, ["init", "acme"]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        "lifecycle: inventories/acme-test: is there already; nothing was changed; choose another --stage\n"
    )
    assert Path("inventories/acme-test/hosts.yml").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["delivery", "manifest"])
def test_schema_prints_json_or_a_table(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert invoke(lifecycle, ["schema", name]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["additionalProperties"] is False
    invoke(lifecycle, ["schema", name, "--markdown"])
    assert capsys.readouterr().out.startswith("| key | value | default | meaning |\n")
