"""The callback that loads once what every task needs: what it names is there, and nothing can go wrong with it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.callback import warm


@pytest.mark.parametrize("name", warm.PLUGINS)
def test_what_it_loads_exists(name: str) -> None:
    importlib.import_module(name)


def test_what_cannot_be_loaded_is_left_to_the_task_that_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fail(name: str) -> Any:
        asked.append(name)
        raise ImportError(name)

    monkeypatch.setattr(warm.importlib, "import_module", fail)
    monkeypatch.setattr(warm, "EXPRESSION", "{{ nowhere | no_such_filter }}")
    monkeypatch.setattr(warm.CallbackModule, "get_option", lambda _self, _name: "")
    warm.CallbackModule().v2_playbook_on_start(None)
    assert tuple(asked) == warm.PLUGINS
