# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many users the hosts that run a version well can carry. Pure: hosts and percents in, percents and words out."""

from __future__ import annotations

from typing import Mapping, Sequence

ALL_USERS = 100


def carried(hosts: int, well: int, percent: float = 100) -> int:
    """Percent of the users that `well` of `hosts` application hosts carry, rounded down.

    `percent` is what all of them carry together: at 100 every host is needed for all users, at 150 two of three do.
    """
    return min(ALL_USERS, int(well * percent // hosts)) if hosts else 0


def refusal(version: str, asked: int, hosts: Sequence[str], not_well: Mapping[str, str], percent: float = 100) -> str:
    """Empty when the hosts that run `version` well carry `asked` percent of the users, else why they do not."""
    well = [host for host in hosts if host not in not_well]
    can = carried(len(hosts), len(well), percent)
    if asked <= can:
        return ""
    told = "; ".join(f"{host}: {not_well[host]}" for host in hosts if host in not_well)
    return (
        f"{version} runs well on {len(well)} of {len(hosts)} application hosts, which carry {can} % of the users; "
        f"{asked} % are asked for. Not well: {told}"
    )


def is_sound(present: int, hosts: int, not_well: int, percent: float = 100) -> bool:
    """Whether the users who are on the version now may stay there: its hosts carry them, and there is one at least."""
    return hosts > not_well and present <= carried(hosts, hosts - not_well, percent)
