"""Finding an environment, and telling when it has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.delivery import load_environment
from orchestrator.errors import InventoryError


@pytest.mark.parametrize("given", ["inventories/demo-test", "demo-test", "inventories/demo-test/hosts.yml"])
def test_an_environment_is_found_by_path_and_by_name(site: Path, given: str) -> None:
    environment = load_environment(given)
    assert (environment.name, environment.path) == ("demo-test", site)
    assert environment.hosts_file == site / "hosts.yml"


def test_a_mistyped_name_is_recognised(site: Path) -> None:
    with pytest.raises(InventoryError, match=r"no environment 'demo-tset'; did you mean 'demo-test'\?"):
        load_environment("demo-tset")


def test_without_any_environment_the_remedy_is_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InventoryError, match="`lifecycle init CLIENT` makes one"):
        load_environment("anything")


@pytest.mark.parametrize("name", ["hosts.yml", "delivery.yml"])
def test_a_missing_file_is_one_line_with_a_remedy(site: Path, name: str) -> None:
    (site / name).unlink()
    with pytest.raises(InventoryError) as caught:
        load_environment(site)
    assert caught.value.line().startswith(f"inventories/demo-test: the environment has no {name}; `lifecycle init")


def test_the_digest_follows_what_decides_a_run_and_nothing_else(site: Path) -> None:
    def digest() -> str:
        return load_environment(site).inventory_digest

    seen = [digest()]
    (site / "group_vars" / "app").mkdir(parents=True)
    (site / "releases" / "2.0.0.yml").write_text("schema: 1\n")
    assert digest() == seen[0]
    for file, text in (
        ("hosts.yml", "{app: {}, db: {}}\n"),
        ("group_vars/app/slots.yml", "a: 1\n"),
        ("group_vars/app/slots.yml", "a: 2\n"),
        ("host_vars/a.yml", "a: 2\n"),
    ):
        (site / file).parent.mkdir(exist_ok=True)
        (site / file).write_text(text)
        seen.append(digest())
    (site / "host_vars" / "a.yml").rename(site / "host_vars" / "b.yml")
    seen.append(digest())
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", ["group_vars/db", "host_vars/a.yml"])
def test_variables_that_may_not_be_read_are_refused_and_not_passed_over(site: Path, name: str) -> None:
    (site / "group_vars/db").mkdir(parents=True)
    (site / "host_vars").mkdir()
    (site / "host_vars/a.yml").write_text("a: 1\n")
    (site / name).chmod(0)
    # root may read whatever it wants, unless that is taken from it.
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    code = "import sys; from orchestrator.delivery import load_environment as l; l(sys.argv[1]).inventory_digest"
    command = [*drop, sys.executable, "-c", code, str(site)]
    ended = subprocess.run(command, cwd=site, capture_output=True, text=True, check=False)
    (site / name).chmod(0o700)
    *_traceback, line = ended.stderr.splitlines()
    assert f"InventoryError: {name}: cannot be read: Permission denied; let this user read it" in line
