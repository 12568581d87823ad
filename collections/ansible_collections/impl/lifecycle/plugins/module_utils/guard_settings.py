# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the guard is told by its file below /etc/lifecycle/guard. Touches no file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import Any, Dict, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils.layout import COLOURS

# Harm is looked for after each tick; ten seconds would be half of what a bad version may take to be found
# (docs/decisions/0007 has the figures for 1, 2, 5 and 10 s).
TICK_SECONDS = 2


@dataclass(frozen=True)
class Settings:
    """One application's guard. Paths are absolute."""

    application: str
    log: str  # the gray log of the edge
    root: str  # the directory of routing sets
    state: str  # what has to survive a restart
    run: str  # what nobody needs after one
    ports: Mapping[str, str]  # port of a slot, as text -> its colour
    acts: bool  # False: judge and tell, never take back
    false_alarm_percent: float
    margin: float
    window_minutes: float  # how long a promoted version is watched; 0: not at all
    lease_minutes: float  # how long an open candidate may go without a controller; 0: for ever

    @property
    def alpha(self) -> float:
        return self.false_alarm_percent / 100


def parse(text: str) -> Settings:
    """The settings in a file. Raises ValueError with what is wrong."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ValueError("not a mapping of settings")
    known = {one.name for one in fields(Settings)}
    strange, missing = sorted(set(data) - known), sorted(known - set(data))
    if strange or missing:
        raise ValueError(f"unknown settings: {strange}; missing: {missing}")
    return _checked(data)


def _checked(data: Dict[str, Any]) -> Settings:
    for name in ("application", "log", "root", "state", "run"):
        if not isinstance(data[name], str) or (name != "application" and not data[name].startswith("/")):
            raise ValueError(f"{name} is {data[name]!r}, not {'a name' if name == 'application' else 'a whole path'}")
    if not isinstance(data["ports"], dict) or sorted(data["ports"].values()) != sorted(COLOURS):
        raise ValueError(f"ports is {data['ports']!r}; it says which port is blue and which is green")
    if not isinstance(data["acts"], bool):
        raise ValueError(f"acts is {data['acts']!r}, neither true nor false")
    ranges = {"false_alarm_percent": (0.0001, 10), "margin": (1, 10), "window_minutes": (0, 1e6)}
    for name, (least, most) in {**ranges, "lease_minutes": (0, 1e6)}.items():
        value = data[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}, not a number")
        if not least <= value <= most:
            raise ValueError(f"{name} is {value}; it goes from {least:g} to {most:g}")
    return Settings(**data)
