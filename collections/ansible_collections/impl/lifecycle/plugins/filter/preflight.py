# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters of the role preflight: what to ask a host, and what the answers lack."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.impl.lifecycle.plugins.module_utils import requirements as rules


def preflight_plan(requirements, host, groups, hostvars):
    """What to ask `host` for, as options of impl.lifecycle.host_survey."""
    names = {name for members in groups.values() for name in members}
    return _told(rules.plan, host, requirements, groups, {name: _address(name, hostvars) for name in names})


def preflight_shortfalls(surveys, requirements, groups, slots=None):
    """Every shortfall of every host."""
    return _told(rules.shortfalls, surveys, requirements, groups, slots)


def preflight_own_holders(surveys, requirements, groups):
    """Wanted ports that this collection's own services hold."""
    return _told(rules.own_holders, surveys, requirements, groups)


def _address(name, hostvars):
    return hostvars[name].get("ansible_host", name) if name in hostvars else name


def _told(function, *arguments):
    try:
        return function(*arguments)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"requirements of delivery.yml cannot be read: {error!r}") from error


class FilterModule:
    def filters(self):
        return {
            "preflight_plan": preflight_plan,
            "preflight_shortfalls": preflight_shortfalls,
            "preflight_own_holders": preflight_own_holders,
        }
