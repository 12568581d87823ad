# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One host after another changes from one version to the other, where hosts have memory for one slot. Pure.

Towards the candidate while one is open, else towards the stable version: after a rollback hosts are given back, after
a promotion the last one follows. A refusal is a ValueError whose text is meant for the person who asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Sequence

from ansible_collections.impl.lifecycle.plugins.module_utils import layout as layouts
from ansible_collections.impl.lifecycle.plugins.module_utils import routing


def destination(state: routing.State) -> routing.Placed:
    """The version that hosts change to."""
    towards = state.candidate or state.stable
    if towards is None:
        raise ValueError(f"nothing of {state.application} is released yet")
    return towards


def leave(state: routing.State, host: str, hosts: Sequence[str], weight: int = 0) -> routing.State:
    """Send nobody to `host` any more, because it is about to change.

    `hosts`: all application hosts in order. With an open candidate the share its hosts carry goes to it first, `weight`
    percent at most: then no host has to carry more than 1 / (hosts - 1) of the users.
    """
    colour = destination(state).colour
    present = _present(state, hosts) or layouts.begin(hosts, colour)
    if state.candidate is not None:
        present_tail = present.running(layouts.other(colour))
        if len(present_tail) == 1 and present_tail[0] == host:
            raise ValueError(
                f"{host} is the last host of the stable version: it changes when the candidate is promoted,"
                " so that there is a way back"
            )
        share = min(weight, layouts.carried(len(hosts), len(present.running(colour))))
        if share > state.weight:
            state = routing.weigh(state, share)
    return replace(state, layout=layouts.leave(present, host, colour))


def arrive(state: routing.State, host: str, hosts: Sequence[str]) -> routing.State:
    """Send users to `host` again, which has changed."""
    present = _present(state, hosts)
    if present is None:
        return state
    return settled(replace(state, layout=layouts.arrive(present, host, destination(state).colour)))


def stay(state: routing.State, host: str, hosts: Sequence[str]) -> routing.State:
    """Send users to `host` again, which runs what it had before because the other version did not come up.

    A candidate that has no host then, and no user, is closed: it is as if it had never been asked for.
    """
    present = _present(state, hosts)
    if present is None:
        return state
    after = settled(replace(state, layout=layouts.stay(present, host, destination(state).colour)))
    users = after.users.buckets | after.users.pilots | after.users.departments
    return routing.abort(after) if after.candidate is not None and after.layout is None and not users else after


def settled(state: routing.State) -> routing.State:
    """Without a layout when all hosts run one version again. A version that has no host any more is not warm."""
    if state.layout is None or not state.layout.whole:
        return state
    return replace(state, layout=None, closed=state.previous is not None)


def _present(state: routing.State, hosts: Sequence[str]) -> Optional[layouts.Layout]:
    if len(hosts) < 2:
        raise ValueError("with one slot a host, two application hosts are needed: one serves while one changes")
    present = state.layout
    if present is not None and present.hosts != tuple(hosts):
        raise ValueError(
            f"the application hosts were {', '.join(present.hosts)} when the first of them changed, and are"
            f" {', '.join(hosts)} now; put them back until all run one version"
        )
    return present
