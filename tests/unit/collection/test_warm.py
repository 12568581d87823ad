"""The callback that loads once what every task needs: what it names is there, and nothing can go wrong with it."""

from __future__ import annotations

import collections
import datetime
import glob
import importlib
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible._internal._ansiballz._builder import ExtensionManager
from ansible.executor import module_common
from ansible.plugins.loader import connection_loader
from ansible_collections.impl.lifecycle.plugins.callback import warm


@pytest.mark.parametrize("name", warm.PLUGINS)
def test_what_it_loads_exists(name: str) -> None:
    importlib.import_module(name)


@pytest.mark.parametrize(("loader", "name"), warm.DIRECTORIES)
def test_a_directory_is_read_once_for_all_that_is_in_it(
    loader: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [path.stem for path in Path(loader.find_plugin(name)).parent.glob("[a-z]*.py")]
    assert len(others) > 1
    # As a new process has it.
    monkeypatch.setattr(loader, "_plugin_path_cache", collections.defaultdict(dict))
    monkeypatch.setattr(loader, "_searched_paths", set())
    monkeypatch.setattr(warm.CallbackModule, "get_option", lambda _self, _name: "")
    warm.CallbackModule().v2_playbook_on_start(None)

    def never(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("ansible.plugins.loader.os.listdir", never)
    assert all(loader.find_plugin(other) for other in others)


def test_the_directories_of_plugins_are_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.plugins.loader.glob", glob)
    monkeypatch.setattr(warm.CallbackModule, "get_option", lambda _self, _name: "")
    found = sorted(connection_loader.all(path_only=True))
    for _ in range(2):
        warm.CallbackModule().v2_playbook_on_start(None)
    assert sorted(connection_loader.all(path_only=True)) == found

    def never(*_: object) -> None:
        raise AssertionError("listed again")

    monkeypatch.setattr("glob._iglob", never)
    assert sorted(connection_loader.all(path_only=True)) == found


def test_what_cannot_be_loaded_is_left_to_the_task_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fail(name: str) -> Any:
        asked.append(name)
        raise ImportError(name)

    monkeypatch.setattr(warm.importlib, "import_module", fail)
    monkeypatch.setattr(warm, "EXPRESSION", "{{ nowhere | no_such_filter }}")
    monkeypatch.setattr(warm.CallbackModule, "get_option", lambda _self, _name: "")
    warmed = warm.CallbackModule()
    warmed.v2_playbook_on_start(None)
    for action in ("ansible.builtin.debug", "impl.lifecycle.assert_all", "meta"):
        warmed.v2_playbook_on_task_start(SimpleNamespace(action=action), False)
    assert asked == [], "nothing of them goes to a host"
    for _ in range(2):
        warmed.v2_playbook_on_task_start(SimpleNamespace(action="ansible.builtin.command"), False)
    assert tuple(asked) == ("ansible.executor.module_common", *warm.PLUGINS)


def test_what_every_module_imports_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_common, "_compile_module_ast", module_common._compile_module_ast)
    warm.parse_module_utils()
    parsed = module_common._compile_module_ast.cache_info().misses
    assert parsed > 30
    warm.parse_module_utils()
    module = Path(module_common.__file__).parents[1] / "modules/stat.py"
    with zipfile.ZipFile(io.BytesIO(), "w") as nowhere:
        now = datetime.datetime.now(datetime.UTC)
        module_common.recursive_finder(
            "stat", "ansible.modules.stat", module.read_bytes(), nowhere, now, ExtensionManager()
        )
    assert module_common._compile_module_ast.cache_info().misses - parsed < 5
