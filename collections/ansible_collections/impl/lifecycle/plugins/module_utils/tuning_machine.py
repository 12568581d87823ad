# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host that values are made for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import BudgetError
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES

DISKS = ("ssd", "hdd", "san")


@dataclass(frozen=True)
class Machine:
    """`disk_mb`: size of the file system with the data, None when it is not known."""

    ram_mb: int
    cores: int
    disk: str = "ssd"
    disk_mb: Optional[int] = None
    profile: str = "mixed"

    def __post_init__(self) -> None:
        if self.disk not in DISKS:
            raise BudgetError(f"unknown disk {self.disk!r}; known are {', '.join(DISKS)}")
        if self.profile not in PROFILES:
            raise BudgetError(f"unknown profile {self.profile!r}; known are {', '.join(PROFILES)}")
