# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be said about each service of a memory budget, and the one line about what may not. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.impl.lifecycle.plugins.module_utils.memory_profiles import AGENTS

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

# Option to the lowest number, or to the kind of what is not a number.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {
        "connections": 1,
        "shared_buffers_mb": 1,
        "work_mem_mb": 1,
        "maintenance_work_mem_mb": 1,
        "huge_pages": bool,
        "share_mb": 1,
    },
    "mariadb": {"connections": 1, "buffer_pool_mb": 8, "share_mb": 1},
    "redis": {"maxmemory_mb": 1, "persistence": bool, "copy_on_write_percent": 0, "share_mb": 1},
    "memcached": {"memory_mb": 8, "instances": 1, "connections": 1, "share_mb": 1},
    "tomcat": {"slots": 1, "heap_mb": 32, "metaspace_mb": 16, "threads": 1, "share_mb": 1},
    "wildfly": {"instances": 1, "heap_mb": 64, "metaspace_mb": 32, "threads": 1, "share_mb": 1},
    "nginx": {"workers": 1, "connections": 1, "share_mb": 1},
    "apache": {"workers": 1, "share_mb": 1},
    "monitoring": {"agents": list, "memory_mb": 1, "share_mb": 1},
    "other": {"memory_mb": 1},
    "page_cache": {"share_mb": 1},
}
REQUIRED = {"other": "memory_mb"}


class BudgetError(ValueError):
    """A budget that cannot be made: one line that says what, on which host, and what to change."""


def checked(services: Any, where: str) -> dict[str, dict[str, Any]]:
    """The options of each service, read; what was not given is left out."""
    if not isinstance(services, Mapping):
        raise BudgetError(f"{where}: services has to be a dictionary of service: options, not {services!r}")
    return {name: _of_service(name, options, where) for name, options in services.items()}


def _of_service(name: str, options: Any, where: str) -> dict[str, Any]:
    if name not in OPTIONS:
        services = ", ".join(OPTIONS)
        raise BudgetError(
            f"{where}: unknown service {name!r}; known are {services} (other: {{memory_mb: ...}} is for the rest)"
        )
    if not isinstance(options or {}, Mapping):
        raise BudgetError(f"{where}: {name} has to be a dictionary of options, not {options!r}")
    known = OPTIONS[name]
    read = {}
    for option, value in (options or {}).items():
        if option not in known:
            raise BudgetError(f"{where}: {name} has no option {option!r}; it has {', '.join(known)}")
        if value is not None:
            read[option] = _value(f"{where}: {option} of {name}", known[option], value)
    required = REQUIRED.get(name)
    if required and required not in read:
        raise BudgetError(f"{where}: {name} needs {required}")
    return read


def _value(what: str, kind: Any, value: Any) -> Any:
    if kind is bool:
        return truth(what, value)
    if kind is list:
        return _agents(what, value)
    return number(what, value, kind)


def number(what: str, value: Any, lowest: int) -> int:
    """A whole number; templates hand them over as text, too."""
    try:
        if isinstance(value, bool) or int(value) != float(value):
            raise ValueError
        read = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BudgetError(f"{what} has to be a whole number, not {value!r}") from error
    if read < lowest:
        raise BudgetError(f"{what} is {read}, but at least {lowest} is needed")
    return read


def truth(what: str, value: Any) -> bool:
    read = WORDS.get(str(value).lower())
    if read is None:
        raise BudgetError(f"{what} has to be true or false, not {value!r}")
    return read


def _agents(what: str, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or not value:
        raise BudgetError(f"{what} has to be a list of names, not {value!r}")
    unknown = [str(agent) for agent in value if str(agent) not in AGENTS]
    if unknown:
        known = ", ".join(AGENTS)
        raise BudgetError(f"{what}: unknown {', '.join(unknown)}; known are {known} (give memory_mb for others)")
    return [str(agent) for agent in value]
