# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One memory budget for a host: every service has a share, and together they stay below RAM minus a reserve. Pure.

Every service has a minimum, and what is left above all minimums is shared out like water poured into vessels: all rise
with one level, each at the pace of its weight, from its minimum up to what it can use. More RAM only raises the level,
so no service ever gets less of a larger host.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Mapping, Optional

from ansible_collections.impl.lifecycle.plugins.module_utils import memory_costs as costs
from ansible_collections.impl.lifecycle.plugins.module_utils import memory_databases as databases
from ansible_collections.impl.lifecycle.plugins.module_utils import tuning_values
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_costs import Need, Settled, largest
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_options import BudgetError, checked, number
from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import PROFILES, SOURCES

# In this order they are told. The page cache is on every host.
SERVICES = {
    "tomcat": costs.tomcat,
    "wildfly": costs.wildfly,
    "postgresql": databases.postgresql,
    "mariadb": databases.mariadb,
    "redis": costs.redis,
    "memcached": costs.memcached,
    "nginx": costs.nginx,
    "apache": costs.apache,
    "monitoring": costs.monitoring,
    "other": costs.other,
}
# Levels of the water for each MB a service of weight 1 rises.
LEVELS = 64
RESERVE_BASE_MB, RESERVE_PART, RESERVE_LEAST_MB, RESERVE_MOST_MB = 96, 16, 128, 8192


def reserve_of(ram_mb: int) -> int:
    """What the system keeps for itself. See SOURCES['reserve']."""
    return min(max(RESERVE_BASE_MB + ram_mb // RESERVE_PART, RESERVE_LEAST_MB), RESERVE_MOST_MB)


def budget(
    services: Any,
    ram_mb: Any,
    profile: str = "mixed",
    cores: Any = 2,
    host: str = "",
    reserve_mb: Any = None,
) -> dict[str, Any]:
    """Share out the memory of a host. Raises BudgetError with the arithmetic when it cannot be done."""
    where = host or "this host"
    if profile not in PROFILES:
        raise BudgetError(f"{where}: unknown profile {profile!r}; known are {', '.join(PROFILES)}")
    ram = number(f"{where}: ram_mb", ram_mb, 1)
    whole_cores = number(f"{where}: cores", -(-float(cores) // 1) if _is_number(cores) else cores, 1)
    reserve = reserve_of(ram) if reserve_mb is None else number(f"{where}: reserve_mb", reserve_mb, 0)
    host_has = {"cores": whole_cores, "ram_mb": ram}
    needs = needs_of(checked(services, where), profile, host_has, where)
    room = ram - reserve
    if sum(need.least for need in needs) > room:
        raise BudgetError(refusal(needs, ram, reserve, reserve_mb is not None, where))
    settled = {need.service: need.settle(mb) for need, mb in zip(needs, poured(needs, room), strict=True)}
    shares = {need.service: share_of(need, settled[need.service]) for need in needs}
    total = sum(one.mb for one in settled.values())
    for name, share in shares.items():
        share["settings"] = tuning_values.settings(name, settled[name].values, shares)
    return {
        "host": host,
        "profile": profile,
        "ram_mb": ram,
        "reserve_mb": reserve,
        "reserve_why": SOURCES["reserve"] if reserve_mb is None else "given",
        "available_mb": room,
        "total_mb": total,
        "unassigned_mb": room - total,
        "shares": shares,
        "arithmetic": _line(ram, reserve, settled, room - total),
    }


def _is_number(value: Any) -> bool:
    """Processors come as 1.5 where a control group limits their time."""
    try:
        return not isinstance(value, bool) and 0 < float(value) < 1e6
    except (TypeError, ValueError):
        return False


def needs_of(
    services: Mapping[str, Mapping[str, Any]], profile: str, host_has: Mapping[str, int], where: str
) -> list[Need]:
    """What every service on the host needs, and the page cache. `host_has`: its cores and its ram_mb."""
    about = PROFILES[profile]
    found = []
    for name, need_of in SERVICES.items():
        if name in services:
            need = need_of({**host_has, **services[name]}, about)
            found.append(_with_share(need, services[name].get("share_mb"), where))
    cache = costs.page_cache(services.get("page_cache", {}), about, "postgresql" in services)
    return [*found, cache]


def _with_share(need: Need, share: Optional[int], where: str) -> Need:
    """A whole share that the user gave: nothing more, and it has to do."""
    if share is None:
        return need
    if share < need.least:
        told = _sum_words(need.settle(need.least))
        wanted = f"it needs {need.least} MB at least ({told})"
        raise BudgetError(f"{where}: share_mb of {need.service} is {share}, but {wanted}; raise it, or ask less of it")
    settled = need.settle(share if need.most is None else min(share, need.most))
    exact = replace(settled, room=share - settled.mb)
    knob = costs.Knob("share_mb", share, min(share, need.least), lambda one: one)
    given = ("share_mb", *need.given)
    return Need(need.service, share, lambda _mb: exact, need.source, most=share, given=given, knob=knob)


def poured(needs: list[Need], room: int) -> list[int]:
    """MB of each need when `room` is shared out; the minimums have to fit."""

    def at(level: int) -> list[int]:
        risen = [need.least + need.weight * level // LEVELS for need in needs]
        return [mb if need.most is None else min(mb, need.most) for need, mb in zip(needs, risen, strict=True)]

    return at(largest(lambda level: sum(at(level)) <= room, 0, (room + 1) * LEVELS))


def share_of(need: Need, settled: Settled) -> dict[str, Any]:
    """A share as it is told."""
    return {
        "service": need.service,
        "mb": settled.mb,
        "min_mb": need.least,
        "count": settled.count,
        "given": list(need.given),
        "source": need.source,
        "why": _why(need),
        "terms": [{"mb": term.mb, "what": term.what} for term in settled.terms],
        "values": dict(settled.values),
        "arithmetic": f"{settled.mb} MB = {_sum_words(settled)}",
    }


def _why(need: Need) -> str:
    if need.given:
        return f"{', '.join(need.given)} given"
    if need.most == need.least:
        return f"it takes {need.least} MB, whatever the RAM"
    return f"{need.least} MB at least, and of what is left it grows with weight {need.weight}"


def _sum_words(settled: Settled) -> str:
    words = " + ".join(f"{term.mb} {term.what}" for term in settled.terms)
    words = words if settled.count == 1 else f"{settled.count} x ({words})"
    return f"{words} + {settled.room} room" if settled.room else words


def _short(service: str, settled: Settled) -> str:
    """A share in the host's one line."""
    first = settled.terms[0]
    if service in ("tomcat", "wildfly"):
        inner = f"{first.what} {first.mb} + {settled.each - first.mb} beside it"
        room = f" + {settled.room} room" if settled.room else ""
        return f"{settled.count} x {settled.each} {service} ({inner}){room}"
    copied = sum(term.mb for term in settled.terms if term.what == costs.COPIED)
    if copied:
        return f"{settled.mb} {service} ({first.what} {first.mb}, fork headroom {copied})"
    return f"{settled.mb} {service}"


def _line(ram: int, reserve: int, settled: Mapping[str, Settled], unassigned: int) -> str:
    told = "".join(f" - {_short(name, one)}" for name, one in settled.items())
    return f"{ram} MB RAM - {reserve} reserve{told} = {unassigned} MB unassigned"


def refusal(needs: list[Need], ram: int, reserve: int, reserve_given: bool, where: str) -> str:
    """Why it does not fit, in numbers, and everything that would make it fit."""
    room, wanted = ram - reserve, sum(need.least for need in needs)
    told = []
    for need in needs:
        given = f" ({need.knob.option} {need.knob.value} given)" if need.knob else " at least"
        told.append(f"{_short(need.service, need.settle(need.least))}{given}")
    remedies = [words for need in needs for words in _remedies(need, wanted - room)]
    least_ram = _least_ram(wanted, reserve if reserve_given else None)
    remedies += ["move a service to another host", f"give the host {least_ram} MB"]
    return (
        f"{where}: {ram} MB RAM - {reserve} reserve = {room} MB, but {' + '.join(told)} = {wanted} MB, "
        f"{wanted - room} MB too much: {', or '.join(remedies)}"
    )


def _remedies(need: Need, too_much: int) -> list[str]:
    found, settled = [], need.settle(need.least)
    if need.knob:
        knob = need.knob
        aim = need.least - too_much
        if knob.cost(knob.lowest) <= aim:
            best = largest(lambda value: knob.cost(value) <= aim, knob.lowest, knob.value)
            found.append(f"lower {knob.option} of {need.service} from {knob.value} to {best}")
    if settled.count > 1 and settled.each * (settled.count - 1) >= too_much:
        what = "slot" if need.service == "tomcat" else "instance"
        found.append(f"run one {what} of {need.service} at a time")
    return found


def _least_ram(wanted: int, reserve: Optional[int]) -> int:
    """The smallest RAM that holds `wanted` beside the reserve."""
    if reserve is not None:
        return wanted + reserve
    return 1 + largest(lambda ram: ram - reserve_of(ram) < wanted, 0, 2 * wanted + 2 * RESERVE_MOST_MB)
