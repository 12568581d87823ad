#!/usr/bin/python
# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Put a routing set in force on an edge."""

from __future__ import annotations

DOCUMENTATION = r"""
module: routing_set
short_description: Decide on an edge who gets which version of an application
description:
  - Reads the routing set in force, computes the next one and puts it in force by one atomic rename.
  - nginx is not reloaded.
  - The set is written to its end before the rename. A full disk or an interruption leaves the present set in force.
  - The set a rollback needs is written together with every other one, so that taking back works on a full disk.
author: impl.lifecycle contributors (@impl-lifecycle)
version_added: 0.1.0
attributes:
  check_mode:
    description: Computes and refuses as in a real run, writes nothing.
    support: full
  diff_mode:
    description: Shows the state before and after.
    support: full
options:
  application:
    description: Name of the application.
    type: str
    required: true
  action:
    description:
      - V(query) changes nothing and returns the state.
      - V(prepare) makes the empty directory for a new application.
      - V(adopt) says which version is the stable one when nothing was released, or when the set is damaged.
      - V(expand) notes O(oldest_compatible) before the database is expanded for O(version).
      - V(vacate) forgets the previous version, because its slot is about to be used.
      - V(stage) opens O(version) as the candidate; no user moves.
      - V(weigh) sends O(weight) percent and the O(pilots) to the candidate; never less than before.
      - V(promote) makes the candidate the stable version for everybody.
      - V(abort) closes the open candidate; everybody is on the stable version.
      - V(rollback) is V(abort) when a candidate is open, else it makes the previous version stable again.
      - V(close) ends the window after a promotion, so that the slot of the previous version may be stopped.
      - V(advance) is one step of a release, whatever it takes of V(adopt), V(stage), V(weigh) and V(promote).
      - V(leave) sends nobody to O(host) any more, which runs one slot at a time and is about to change to the
        candidate, or without one to the stable version. O(weight) percent go to the candidate first, as far as its
        hosts carry them.
      - V(arrive) sends users to O(host) again, which has changed; V(stay), which has what it had before.
      - V(let_go) is a person's word that O(version), which the guard took back on this edge, may be tried again. Until
        then V(stage), V(weigh), V(promote) and V(advance) are refused for it.
    type: str
    choices:
      - query
      - prepare
      - adopt
      - expand
      - vacate
      - stage
      - weigh
      - promote
      - abort
      - rollback
      - advance
      - close
      - leave
      - arrive
      - stay
      - let_go
    default: query
  version:
    description:
      - The version meant. For V(weigh), V(promote) and V(abort) optional; it must be the open candidate's.
      - With V(rollback) the version to leave; an edge that does not have it stays as it is.
    type: str
    default: ""
  colour:
    description: The slot colour of O(version) for O(action=adopt). By default the idle colour.
    type: str
    choices: [blue, green]
  weight:
    description: Percent of the users that get the candidate.
    type: int
  to_stable:
    description: With O(action=advance), promote the open candidate O(version).
    type: bool
    default: false
  pilots:
    description: User ids that get the candidate whatever their bucket is. Added to those that are in already.
    type: list
    elements: str
    default: []
  departments:
    description: Departments that get the candidate, but for protected users. Added to those that are in already.
    type: list
    elements: str
    default: []
  host:
    description: The application host that changes, with V(leave), V(arrive) and V(stay).
    type: str
    default: ""
  hosts:
    description: All application hosts, in the order in which they change.
    type: list
    elements: str
    default: []
  user:
    description: With O(action=query), tell in RV(who) where this user goes and why.
    type: str
    default: ""
  department:
    description: The department O(user) belongs to.
    type: str
    default: ""
  own_cookie:
    description: Whether users are known by the edge's own cookie, and not by a mark of the application.
    type: bool
    default: true
  protected:
    description: User ids that never get the candidate. Replaces the list in force.
    type: list
    elements: str
  seed:
    description: Decides which buckets enter first. By default the application and the version.
    type: str
    default: ""
  warm:
    description:
      - Per colour, the health address of its slot on each application host, by host name.
      - The previous version's must answer before O(action=rollback) sends everybody back to it; a host whose stable
        slot does not answer either is down and is not waited for.
      - Not asked when a candidate is open, because the stable version is serving at that moment.
    type: dict
    default: {}
  started:
    description: With O(action=rollback), the slot of a previous version whose window was closed was started again.
    type: bool
    default: false
  window_minutes:
    description: With O(action=close), how long after the promotion it is refused.
    type: float
    default: 0
  warm_status:
    description: The status a warm slot answers with.
    type: int
    default: 200
  sessions:
    description:
      - What becomes of sessions, with O(action=advance).
      - With V(finish_on_old) a user with a session stays on the version it began on until it ends.
    type: str
    choices: [shared, isolated, finish_on_old]
    default: shared
  oldest_compatible:
    description:
      - The oldest version that can live with the database once it is expanded for O(version).
      - With O(action=expand) and O(action=advance). It stays known after the release is gone and never falls.
      - No action sends users to an older version without O(accept_unsafe).
    type: str
    default: ""
  oldest_compatible_where:
    description: File and line of the manifest that says so; told with every refusal.
    type: str
    default: ""
  accept_unsafe:
    description: Why users shall come to a version all the same that cannot live with the database. Kept in the set.
    type: str
    default: ""
  expected:
    description: Id of the set that must be in force, otherwise the action is refused.
    type: str
    default: ""
  root:
    description: Where routing sets live.
    type: path
    default: /var/lib/lifecycle/gray
  group:
    description: The web server's group, which may read the sets.
    type: str
    default: www-data
  owner:
    description: With O(action=prepare), the user who may put sets in force besides root. By default whoever it is.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Send ten percent of the users to the candidate
  impl.lifecycle.routing_set:
    application: clinic
    action: weigh
    weight: 10
    pilots: [dr-house]

- name: Take the release back
  impl.lifecycle.routing_set:
    application: clinic
    action: rollback
"""

RETURN = r"""
who:
  description: Where O(user) goes; C(colour), C(version), C(by), C(bucket) and C(why). Null without a user or a version.
  returned: success
  type: dict
state:
  description: The state in force afterwards (in check mode, as it would be). Same keys as C(set.json).
  returned: success or refused
  type: dict
before:
  description: The state in force before.
  returned: success
  type: dict
set_id:
  description: Id of the set in force; equal on every edge that says the same. Empty when nothing is released.
  returned: success or refused
  type: str
flipped_at:
  description: When that set was put in force (UTC).
  returned: success or refused
  type: str
held:
  description: Versions that the guard took back on this edge and nobody has let go; C(reason) and C(at) of each.
  returned: success or refused
  type: dict
prepared:
  description: Whether the edge has a place for sets; without it only check mode and V(query) do not fail.
  returned: success or refused
  type: bool
cold:
  description:
    - Where the slot of the previous version has to be started before everybody can go back to it, and what it answers.
    - Told by V(query), and by a V(rollback) that was refused for it.
  returned: with O(warm)
  type: dict
unsafe_back:
  description: Why a rollback would send users to a version that cannot live with the database. Empty when it would not.
  returned: success or refused
  type: str
unsafe:
  description: Whether the action was refused for that.
  returned: failure
  type: bool
refused:
  description: The action does not fit the state in force; nothing was changed.
  returned: failure
  type: bool
"""

import grp
import os
import pwd
from dataclasses import asdict
from typing import Any, Callable, Dict, Mapping, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.impl.lifecycle.plugins.module_utils import (
    cohorts,
    routing,
    routing_fit,
    routing_hold,
    routing_text,
    turns,
    way_back,
)
from ansible_collections.impl.lifecycle.plugins.module_utils.layout import COLOURS
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store, Unreadable

Options = Mapping[str, Any]


def _oldest_compatible(options: Options) -> Optional[way_back.OldestCompatible]:
    version = options["oldest_compatible"]
    return way_back.OldestCompatible(version, options["oldest_compatible_where"]) if version else None


TRANSITIONS: Dict[str, Callable[[routing.State, Options], routing.State]] = {
    "adopt": lambda s, o: routing.adopt(s, routing.Placed(o["colour"] or s.idle_colour, o["version"])),
    "expand": lambda s, o: way_back.admit(s, o["version"], _oldest_compatible(o), o["accept_unsafe"]),
    "vacate": lambda s, _: routing.vacate(s),
    "stage": lambda s, o: routing.stage(s, o["version"], o["seed"]),
    "weigh": lambda s, o: routing.weigh(s, o["weight"], o["pilots"], o["protected"], o["version"], o["departments"]),
    "promote": lambda s, o: routing.promote(s, o["version"]),
    "abort": lambda s, o: routing.abort(s, o["version"], o["accept_unsafe"]),
    "rollback": lambda s, o: routing.rollback(s, o["version"], o["started"], o["accept_unsafe"]),
    "close": lambda s, _: routing.close(s),
    "leave": lambda s, o: turns.leave(s, o["host"], o["hosts"], o["weight"] or 0),
    "arrive": lambda s, o: turns.arrive(s, o["host"], o["hosts"]),
    "stay": lambda s, o: turns.stay(s, o["host"], o["hosts"]),
    "advance": lambda s, o: routing.advance(
        s,
        o["version"],
        o["weight"],
        o["pilots"],
        o["protected"],
        o["to_stable"],
        o["seed"],
        o["departments"],
        _oldest_compatible(o),
        o["accept_unsafe"],
        o["sessions"] == "finish_on_old",
    ),
}


FORWARD = ("stage", "weigh", "promote", "advance")
# One host after another, where hosts run one slot at a time.
TURNS = ("leave", "arrive", "stay")


def _next_state(store: Store, options: Options) -> Any:
    """The state in force and the one that is asked for."""
    action = options["action"]
    try:
        before = store.read()
    except Unreadable:
        if action != "adopt":
            raise
        before = routing.State(store.application)
    if options["expected"] and options["expected"] != (store.current_id() or ""):
        raise routing_fit.Refused(
            f"the set in force is {store.current_id()}, not {options['expected']}: somebody else changed it"
        )
    if action == "query":
        return before, before
    if action in FORWARD or action == "leave":
        routing_fit.require_free(store, before, options["version"])
    routing_fit.require_fit(store, before, options)
    return before, TRANSITIONS[action](before, options)


def _facts(store: Store, state: routing.State) -> Dict[str, Any]:
    return {
        "state": routing_text.as_data(state),
        "set_id": "" if state.stable is None else routing_text.set_id(state),
        "flipped_at": store.flipped_at() or "",
        "prepared": store.prepared,
        "held": _held(store),
        "unsafe_back": way_back.unsafe_back(state),
    }


def _held(store: Store) -> Dict[str, Any]:
    """What is held back; a file that cannot be read refuses every step, but must not hide how things stand."""
    try:
        return {one.version: {"reason": one.reason, "at": one.at} for one in routing_hold.read(store.root).values()}
    except ValueError as error:
        return {"": {"reason": str(error), "at": 0}}


def _carry_out(store: Store, options: Options, check: bool) -> Dict[str, Any]:
    if options["action"] != "query" and not store.prepared and not check:
        raise routing_fit.Refused(f"{store.root} is not prepared on this edge; run provision first")
    if options["action"] == "let_go":
        return _let_go(store, options["version"], check)
    before, after = _next_state(store, options)
    changed = options["action"] != "query" and after.stable is not None and not store.in_force(after)
    if changed and not check:
        store.put_in_force(after)
    way = cohorts.way_of(after, options["user"], options["own_cookie"], options["department"])
    who = asdict(way) if way and options["user"] else None
    return {
        "who": who,
        "cold": routing_fit.cold(before, options) if options["action"] == "query" else {},
        "changed": changed,
        "before": routing_text.as_data(before),
        "diff": {"before": routing_text.serialise(before), "after": routing_text.serialise(after)},
        **_facts(store, after),
    }


def _let_go(store: Store, version: str, check: bool) -> Dict[str, Any]:
    state = store.read()
    was = _held(store)
    changed = version in was or "" in was
    if changed and not check:
        routing_hold.let_go(store.root, version)
    after = {name: why for name, why in was.items() if name not in (version, "")}
    data = routing_text.as_data(state)
    diff = {"before": f"held back: {', '.join(was)}\n", "after": f"held back: {', '.join(after)}\n"}
    return {"who": None, "changed": changed, "before": data, "diff": diff, **_facts(store, state), "held": after}


def _prepare(module: AnsibleModule, store: Store) -> None:
    group, owner = module.params["group"], module.params["owner"]
    uid, gid = None, -1
    try:
        gid = grp.getgrnam(group).gr_gid
        uid = pwd.getpwnam(owner).pw_uid if owner else None
    except KeyError:
        if not module.check_mode:
            missing = f"user {owner} or group {group}" if owner else f"group {group}"
            module.fail_json(msg=f"{missing} does not exist; install the web server first")
    module.exit_json(changed=store.prepare(gid, module.check_mode, uid))


def _arguments() -> Dict[str, Any]:
    return {
        "application": {"type": "str", "required": True},
        "action": {"type": "str", "default": "query", "choices": ["query", "prepare", *TRANSITIONS, "let_go"]},
        "version": {"type": "str", "default": ""},
        "colour": {"type": "str", "choices": list(COLOURS)},
        "weight": {"type": "int"},
        "to_stable": {"type": "bool", "default": False},
        "pilots": {"type": "list", "elements": "str", "default": []},
        "protected": {"type": "list", "elements": "str"},
        "departments": {"type": "list", "elements": "str", "default": []},
        "host": {"type": "str", "default": ""},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "user": {"type": "str", "default": ""},
        "department": {"type": "str", "default": ""},
        "own_cookie": {"type": "bool", "default": True},
        "seed": {"type": "str", "default": ""},
        "warm": {"type": "dict", "default": {}},
        "warm_status": {"type": "int", "default": 200},
        "started": {"type": "bool", "default": False},
        "window_minutes": {"type": "float", "default": 0},
        "sessions": {"type": "str", "default": "shared", "choices": ["shared", "isolated", "finish_on_old"]},
        "oldest_compatible": {"type": "str", "default": ""},
        "oldest_compatible_where": {"type": "str", "default": ""},
        "accept_unsafe": {"type": "str", "default": ""},
        "expected": {"type": "str", "default": ""},
        "root": {"type": "path", "default": "/var/lib/lifecycle/gray"},
        "group": {"type": "str", "default": "www-data"},
        "owner": {"type": "str", "default": ""},
    }


def main() -> None:
    """Run as an Ansible module."""
    required = [("action", name, ["version"]) for name in ("adopt", "expand", "stage", "advance", "let_go")]
    module = AnsibleModule(
        argument_spec=_arguments(),
        required_if=[*required, *[("action", name, ["host"]) for name in TURNS], ("action", "weigh", ["weight"])],
        supports_check_mode=True,
    )
    application = module.params["application"]
    store = Store(os.path.join(module.params["root"], application), application)
    try:
        if module.params["action"] == "prepare":
            _prepare(module, store)
        if not store.prepared:
            module.exit_json(**_carry_out(store, module.params, module.check_mode))
        with store.locked():
            module.exit_json(**_carry_out(store, module.params, module.check_mode))
    except Unreadable as error:
        module.fail_json(msg=f"{error}. The edge serves its fallback; `action: adopt` puts it right")
    except ValueError as error:
        cold = error.cold if isinstance(error, routing_fit.Cold) else {}
        unsafe = isinstance(error, way_back.Unsafe)
        module.fail_json(msg=str(error), refused=True, cold=cold, unsafe=unsafe, **_facts(store, store.read()))
    except OSError as error:
        where = error.filename or store.root
        module.fail_json(msg=f"cannot write {where}: {error.strerror}; the set in force stays {store.current_id()}")


if __name__ == "__main__":
    main()
