"""How Ansible walks through tasks: what the name of a strategy comes to."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from orchestrator.engine import strategy
from orchestrator.errors import UsageError


def test_nothing_is_set_for_nothing() -> None:
    assert strategy.strategy_settings(None) == {}


def test_ansibles_own_need_no_plugin() -> None:
    assert strategy.strategy_settings("free") == {"ANSIBLE_STRATEGY": "free"}


def test_without_mitogen_its_strategies_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategy, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"which is not installed; .*pip install .*\[mitogen"):
        strategy.strategy_settings("mitogen_linear")


def test_the_plugins_are_where_mitogen_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = ModuleSpec("ansible_mitogen", None)
    found.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(strategy, "find_spec", lambda _name: found)
    assert strategy.strategy_settings("mitogen_linear") == {
        "ANSIBLE_STRATEGY": "mitogen_linear",
        "ANSIBLE_STRATEGY_PLUGINS": str(tmp_path / "plugins" / "strategy"),
    }
