# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A host's inspection as lines for a person, and what in it deserves one. Pure."""

from __future__ import annotations

CERTIFICATE_DAYS = 30
DISK_PERCENT = 90
MEMORY_PERCENT = 95


def findings(report):
    """What somebody should look at: one sentence each, empty for a host that is well."""
    found = [f"unit {unit} failed" for unit in report["failed_units"]]
    found += [f"{unit} waits for a restart since {entry['since']}" for unit, entry in report["pending_restart"].items()]
    found += ["the system waits for a reboot"] if report["reboot_required"] else []
    found += [
        f"{package['name']} is {package['installed'] or 'gone'}, the ledger says {package['recorded']}"
        for package in report["packages"]
        if package["installed"] != package["recorded"]
    ]
    found += [
        f"{disk['path']} is {100 - 100 * disk['free_mb'] // disk['total_mb']} % full"
        for disk in report["disks"]
        if disk["total_mb"] and 100 * disk["free_mb"] < (100 - DISK_PERCENT) * disk["total_mb"]
    ]
    used, total = report["memory"]["used_mb"], report["memory"]["total_mb"]
    found += [f"{used} of {total} MB memory in use"] if total and 100 * used > MEMORY_PERCENT * total else []
    return found + _slots(report) + _edge(report)


def _slots(report):
    found = []
    for slot in report["slots"]:
        if slot["active"] == "failed" or slot["problem"]:
            found.append(f"slot {slot['colour']} does not answer: {slot['problem'] or 'its service failed'}")
        elif slot["active"] == "active" and slot["status"] != report["health_status"]:
            found.append(f"slot {slot['colour']} answers its health check with {slot['status']}")
        elif slot["answers"] and slot["release"] and slot["answers"] != slot["release"]:
            found.append(f"slot {slot['colour']} holds {slot['release']} but answers as {slot['answers']}")
    return found


def _edge(report):
    found = []
    for one in report["certificates"]:
        if one["problem"]:
            found.append(f"certificate {one['path']} {one['problem']}")
        elif one["days_left"] < 0:
            found.append(f"certificate {one['path']} ended on {one['ends']}")
        elif one["days_left"] < CERTIFICATE_DAYS:
            found.append(f"certificate {one['path']} ends in {one['days_left']} days")
    if report["routing"] and report["routing"]["problem"]:
        found.append(report["routing"]["problem"])
    return found


def lines(report):
    """The state of a host as a person reads it: what it is, what runs, then what needs a look."""
    memory, age = report["memory"], _age(report["uptime_seconds"])
    told = [f"{report['os']}, up {age}, memory {memory['used_mb']} of {memory['total_mb']} MB"]
    told[0] += "".join(f", {disk['free_mb']} MB free below {disk['path']}" for disk in report["disks"])
    told += [f"{one['unit']}: {one['active']}, {one['memory_mb']} MB" for one in report["services"]]
    told += [f"{one['name']} {one['installed']}" for one in report["packages"] if one["installed"]]
    told += [_slot(slot) for slot in report["slots"]]
    if report["routing"] and not report["routing"]["problem"]:
        told.append(_routing(report["routing"]))
    told += [f"certificate {one['path']} until {one['ends']}" for one in report["certificates"] if not one["problem"]]
    told += [f"database {one['name']}: {one['size_mb']} MB" for one in report["databases"]]
    told += [f"{service}: {len(values)} settings read" for service, values in report["settings"].items()]
    told += [f"settings of {service} are not known: {why}" for service, why in report["settings_unknown"].items()]
    return told + [f"LOOK: {finding}" for finding in report["findings"]]


def _age(seconds):
    days, rest = divmod(seconds, 86400)
    return f"{days} d" if days else f"{rest // 3600} h {rest % 3600 // 60} min"


def _slot(slot):
    version = slot["answers"] or slot["release"] or "nothing"
    state = f"answers {slot['status']}" if slot["status"] else slot["active"]
    return f"slot {slot['colour']} (port {slot['port']}): {version}, {state}"


def _routing(told):
    stable, candidate = told.get("stable"), told.get("candidate")
    text = f"stable {stable['version']} ({stable['colour']})" if stable else "no stable version"
    if candidate:
        text += f", candidate {candidate['version']} ({candidate['colour']}) gets {told.get('weight', 0)} %"
    return f"routing set {told['set_id']}: {text}"
