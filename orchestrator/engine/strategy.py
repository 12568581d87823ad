"""How Ansible walks through the tasks of a run: a strategy of its own, or one of mitogen's where that is there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from orchestrator.errors import UsageError
from orchestrator.extras import advice
from orchestrator.languages import _

MITOGENS: Final = "mitogen_"


def strategy_settings(name: str | None) -> dict[str, str]:
    """The environment variables that make ansible use `name`; none for None, so that an ansible.cfg may speak.

    Raises UsageError for a strategy of mitogen when that is not installed.
    """
    if name is None:
        return {}
    if not name.startswith(MITOGENS):
        return {"ANSIBLE_STRATEGY": name}
    found = find_spec("ansible_mitogen")
    if found is None or not found.submodule_search_locations:
        raise UsageError(
            _("the strategy %(name)s needs mitogen, which is not installed") % {"name": name},
            where="--strategy",
            remedy=_("%(advice)s, or leave --strategy out: nothing but time depends on it")
            % {"advice": advice("mitogen")},
        )
    place = Path(next(iter(found.submodule_search_locations))) / "plugins" / "strategy"
    return {"ANSIBLE_STRATEGY": name, "ANSIBLE_STRATEGY_PLUGINS": str(place)}
