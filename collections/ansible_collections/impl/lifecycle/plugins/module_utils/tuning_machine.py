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
    """`disk_mb`: size of the file system with the data, None when it is not known. `disk_source`: who says so."""

    ram_mb: int
    cores: int
    disk: str = "ssd"
    disk_mb: Optional[int] = None
    profile: str = "mixed"
    disk_source: str = ""

    def __post_init__(self) -> None:
        if self.disk not in DISKS:
            raise BudgetError(f"unknown disk {self.disk!r}; known are {', '.join(DISKS)}")
        if self.profile not in PROFILES:
            raise BudgetError(f"unknown profile {self.profile!r}; known are {', '.join(PROFILES)}")

    @property
    def disk_text(self) -> str:
        """What the data lie on, as the reason of a value."""
        return f"disk is {self.disk} ({self.disk_source})" if self.disk_source else f"disk is {self.disk}"
