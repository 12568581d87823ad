# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What delivery.yml wants of every host against what the hosts turned out to be. Pure: no host is asked here."""

from __future__ import annotations

from fnmatch import fnmatchcase

# What delivery.yml means where it says nothing; `orchestrator/delivery` has the same.
ACCEPTED = ("Debian 12", "Debian 13")
OFFSET_SECONDS = 2

# What a Tomcat slot needs beside its heap at least: classes, compiled code, threads and buffers.
BESIDE_HEAP_MB = 100

# Services of this collection's roles: a port that one of them holds, on a host whose ledger names the role, is ours.
OWN_UNITS = {
    "nginx": ("nginx.service",),
    "tomcat": ("tomcat@*.service",),
    "redis": ("redis-server.service", "redis-server@*.service"),
    "postgresql": ("postgresql@*.service", "postgresql.service"),
    "mariadb": ("mariadb.service",),
    "memcached": ("memcached.service", "memcached@*.service"),
}


def plan(host, requirements, groups, addresses):
    """What to ask `host` for: `{ports: [...], reach: [{host, address, port}]}`.

    `groups` maps each inventory group to its hosts, `addresses` each host to the address others connect to.
    """
    ports, targets = set(minimum_of(host, requirements, groups)["ports_free"]), []
    for rule in requirements.get("reach") or []:
        if host in groups.get(rule["to"], []):
            # Whether something listens at the far end tells a firewall's refusal from a service not yet there.
            ports.add(rule["port"])
        if host in groups.get(rule["from"], []):
            others = [other for other in groups.get(rule["to"], []) if other != host]
            targets += [{"host": other, "address": addresses[other], "port": rule["port"]} for other in others]
    return {"ports": sorted(ports), "reach": targets}


def minimum_of(host, requirements, groups):
    """What `host` needs for all its groups: memory and disk add up, processors are shared."""
    mine = [least for group, least in (requirements.get("groups") or {}).items() if host in groups.get(group, [])]
    return {
        "cpus": max([least.get("cpus") or 0 for least in mine], default=0),
        "memory_mb": sum(least.get("memory_mb") or 0 for least in mine),
        "disk_free_mb": sum(least.get("disk_free_mb") or 0 for least in mine),
        "ports_free": sorted({port for least in mine for port in least.get("ports_free") or []}),
    }


def shortfalls(surveys, requirements, groups, slots=None):
    """Every shortfall of every host: [{host, check, wanted, found, remedy}]. `surveys` maps hosts to survey results.

    `slots` maps each application host to how many slots it runs `at_once` and the `heap_mb` of each.
    """
    found = _inventory(requirements, groups)
    for host, survey in surveys.items():
        found += _of_host(host, survey, surveys, requirements, groups)
        found += _slots(host, survey.get("facts"), (slots or {}).get(host))
    return found


def _slots(host, facts, slots):
    """Whether the application's slots fit into the host's memory."""
    if not facts or not slots:
        return []
    at_once, heap = int(slots["at_once"]), int(slots["heap_mb"])
    if at_once * (heap + BESIDE_HEAP_MB) <= facts["memory_mb"]:
        return []
    wanted = f"memory for {at_once} slots of {heap} MB heap and {BESIDE_HEAP_MB} MB beside it"
    remedy = "give the machine more memory, or a slot less heap (app_slot_heap_mb)"
    if at_once > 1:
        remedy += ", or set application.slots_at_once: 1 in delivery.yml: then hosts change one after another"
    return [_one(host, "slots", wanted, f"{facts['memory_mb']} MB", remedy)]


def _of_host(host, survey, surveys, requirements, groups):
    if not survey.get("reached"):
        said = survey.get("problem") or "no answer"
        return [_one(host, "reachable", "an SSH login", said, "check address, SSH key, sudo and firewall from here")]
    facts = survey.get("facts")
    found = _privilege(host, survey)
    if not facts:
        remedy = "install Python 3.9 or newer on the host"
        return [*found, _one(host, "python", "Ansible modules run", survey.get("problem") or "no result", remedy)]
    least = minimum_of(host, requirements, groups)
    found += _machine(host, facts, requirements, least)
    found += _disks(host, facts, least)
    found += _ports(host, facts, least)
    found += _clock(host, survey, requirements)
    found += _network(host, facts)
    return found + _reach(host, facts, surveys)


def _one(host, check, wanted, found, remedy):
    return {"host": host, "check": check, "wanted": str(wanted), "found": str(found), "remedy": remedy}


def _inventory(requirements, groups):
    named = [*(requirements.get("groups") or {})]
    for rule in requirements.get("reach") or []:
        named += [rule["from"], rule["to"]]
    return [
        _one("(inventory)", "group", f"a host in group {group}", "none", f"add one to {group} in hosts.yml")
        for group in dict.fromkeys(named)
        if not groups.get(group)
    ]


def _privilege(host, survey):
    if survey.get("privileged"):
        return []
    said = survey.get("privilege_problem") or "the login user stays without privilege"
    remedy = "give the right password (--ask-become-pass), or allow this user sudo on the host"
    return [_one(host, "privilege", "commands run as root through sudo", said, remedy)]


def _machine(host, facts, requirements, least):
    found = []
    accepted = requirements.get("os") or ACCEPTED
    if facts["os"] not in accepted:
        remedy = "install an accepted system, or agree on this one in delivery.yml (requirements.os)"
        found.append(_one(host, "os", " or ".join(accepted), facts["os"], remedy))
    if facts["cpus"] < least["cpus"]:
        remedy = "give the machine more processors, or move a service to another host"
        found.append(_one(host, "cpus", least["cpus"], f"{facts['cpus']:g}", remedy))
    if facts["memory_mb"] < least["memory_mb"]:
        remedy = "give the machine more memory, or move a service to another host"
        found.append(_one(host, "memory", f"{least['memory_mb']} MB", f"{facts['memory_mb']} MB", remedy))
    return found


def _disks(host, facts, least):
    return [
        _one(
            host,
            "disk",
            f"{least['disk_free_mb']} MB free below {disk['path']}",
            f"{disk['free_mb']} MB",
            "enlarge the file system or clear it",
        )
        for disk in facts["disks"]
        if disk["free_mb"] < least["disk_free_mb"]
    ]


def _ports(host, facts, least):
    found = []
    for port in least["ports_free"]:
        holder = facts["listeners"].get(str(port))
        if holder is None or is_ours(holder["unit"], facts["roles"]):
            continue
        who = "a process this user may not see"
        if holder["pid"]:
            who = f"{holder['process']} (pid {holder['pid']}, {holder['unit'] or 'no service'})"
        remedy = f"stop and disable it, or give the delivery another port than {port}"
        found.append(_one(host, "port", f"{port} free", f"held by {who}", remedy))
    return found


def own_holders(surveys, requirements, groups):
    """Wanted ports that our own services hold already, which is how it should be: [{host, port, unit}]."""
    return [
        {"host": host, "port": port, "unit": holder["unit"]}
        for host, survey in surveys.items()
        for port in minimum_of(host, requirements, groups)["ports_free"]
        for holder in [((survey.get("facts") or {}).get("listeners") or {}).get(str(port))]
        if holder and is_ours(holder["unit"], survey["facts"]["roles"])
    ]


def is_ours(unit, roles):
    """A unit that one of the roles in this host's ledger manages."""
    return any(fnmatchcase(unit, pattern) for role in roles for pattern in OWN_UNITS.get(role, ()))


def _clock(host, survey, requirements):
    """The offset is only known to lie between two bounds: what the connection took. Judge by the bound nearest to 0."""
    limit = requirements.get("time_offset_seconds") or OFFSET_SECONDS
    low, high = survey["offset_low"], survey["offset_high"]
    offset = low if low > 0 else high if high < 0 else 0.0
    if abs(offset) <= limit:
        return []
    told = f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine"
    return [_one(host, "time", f"within {limit:g} s of this machine", told, "set up time synchronisation on both")]


def _network(host, facts):
    found = [
        _one(host, "name", f"{name} resolves", "no address", "mend /etc/hosts or the host's DNS servers")
        for name in facts["unresolved"]
    ]
    for source in facts["package_sources"]:
        if source["problem"]:
            remedy = "mend the apt source or its proxy; a site without mirror sets preflight_package_source: offline"
            wanted = f"packages from {source['uri']}" if source["uri"] else "packages through apt"
            found.append(_one(host, "packages", wanted, source["problem"], remedy))
    return found


def _reach(host, facts, surveys):
    found = []
    for target in facts["reach"]:
        said = _blocked(target, surveys.get(target["host"]))
        if said:
            wanted = f"{target['host']} ({target['address']}) port {target['port']} reachable"
            remedy = f"open TCP port {target['port']} from {host} to {target['host']} in every firewall between"
            found.append(_one(host, "reach", wanted, said, remedy))
    return found


def _blocked(target, far_end):
    """Why the connection failed, or nothing: a refusal shows that packets arrive, unless somebody listens there."""
    if target["outcome"] == "open":
        return ""
    if target["outcome"] != "refused":
        return target["outcome"]
    facts = (far_end or {}).get("facts") or {"listeners": {}}
    listener = facts["listeners"].get(str(target["port"]))
    if listener is None or listener["loopback_only"]:
        return ""
    return f"refused, although {listener['process'] or 'a process'} listens there"
