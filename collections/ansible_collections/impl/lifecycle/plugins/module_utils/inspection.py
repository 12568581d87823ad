# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What really runs on a host: asked of systemd, dpkg, the slots, the routing set and the certificates. Read-only."""

from __future__ import annotations

import calendar
import glob
import json
import os
import re
import subprocess
import time

from ansible_collections.impl.lifecycle.plugins.module_utils.http_probe import ask
from ansible_collections.impl.lifecycle.plugins.module_utils.requirements import OWN_UNITS
from ansible_collections.impl.lifecycle.plugins.module_utils.survey import MEGABYTE, read, unit_of

LEDGER = "/etc/ansible/facts.d/lifecycle.fact"
# The slots and their ports where delivery.yml does not say otherwise.
PORTS = {"blue": 8080, "green": 8180}


def run(argv, timeout=20):
    """The output of a command, or nothing when it is missing, fails or hangs."""
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=timeout, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def ledger():
    """The host's own record, empty where there is none or it cannot be read."""
    try:
        found = json.loads(read("/", LEDGER))
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    return {"roles": found.get("roles", {}), "pending_restart": found.get("pending_restart", {})}


def packages(roles):
    """Each package that a role recorded, with the version recorded and the one dpkg has now."""
    recorded = {name: version for entry in roles.values() for name, version in entry.get("installed", {}).items()}
    if not recorded:
        return []
    listed = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\n"])
    rows = [line.split(" ", 2) for line in listed.splitlines()]
    present = {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "installed"}
    return [
        {"name": name, "recorded": version, "installed": present.get(name, "")}
        for name, version in sorted(recorded.items())
    ]


def failed_units():
    """Units that systemd calls failed."""
    listed = run(["systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"])
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def services():
    """The services of this collection's roles that systemd knows here, running or not."""
    patterns = [pattern for units in OWN_UNITS.values() for pattern in units]
    listed = run(["systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", *patterns])
    units = [line.split()[0] for line in listed.splitlines() if line.strip() and " not-found " not in line]
    return [service(unit) for unit in sorted(units)]


def service(unit):
    """State, age, restarts and memory of one service."""
    names = "ActiveState,SubState,NRestarts,ActiveEnterTimestamp"
    shown = run(["systemctl", "show", unit, "--property", names])
    fields = dict(line.partition("=")[::2] for line in shown.splitlines())
    return {
        "unit": unit,
        "active": fields.get("ActiveState", "unknown"),
        "state": fields.get("SubState", "unknown"),
        "since": fields.get("ActiveEnterTimestamp", ""),
        "restarts": int(fields.get("NRestarts") or 0),
        "memory_mb": memory_mb(unit),
    }


def memory_mb(unit):
    """Memory of all processes of a service; what they share counts once (PSS)."""
    total = 0
    for path in glob.glob("/proc/[0-9]*/cgroup"):
        if unit_of(read("/", path)) == unit:
            rollup = read("/", os.path.join(os.path.dirname(path), "smaps_rollup"))
            total += sum(int(size) for size in re.findall(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE))
    return total // 1024


def slots(application, instances="/var/lib/tomcat-instances"):
    """Both slots of the application, where this host has them: what they hold and what they answer."""
    found = []
    for colour, usual in PORTS.items():
        base = os.path.join(instances, f"{application['name']}-{colour}")
        if not os.path.isdir(base):
            continue
        release = os.path.join(base, "release")
        port = (application.get("slots") or {}).get(colour, usual)
        entry = {"colour": colour, "port": port, "answers": "", "status": 0, "problem": ""}
        entry["release"] = os.path.basename(os.path.realpath(release)) if os.path.lexists(release) else ""
        entry["active"] = service(f"tomcat@{application['name']}-{colour}.service")["active"]
        if entry["active"] == "active":
            entry.update(ask_slot(entry["port"], application))
        found.append(entry)
    return found


def ask_slot(port, application):
    """What the slot itself says: HTTP status and the version in X-App-Version, if the application sends one."""
    context = (application.get("context_path") or "/").rstrip("/")
    path = (application.get("health") or {}).get("path") or "/health"
    answer = ask(f"http://127.0.0.1:{port}{context}{path}", timeout=5)
    if not answer.status:
        return {"problem": answer.text}
    return {"status": answer.status, "answers": answer.headers.get("X-App-Version", "")}


def routing(name, root="/var/lib/lifecycle/gray"):
    """The routing set in force on an edge, or null on a host that is none."""
    current = os.path.join(root, name, "current")
    if not os.path.lexists(current):
        return None
    try:
        with open(os.path.join(current, "set.json"), encoding="utf-8") as handle:
            told = json.load(handle)
    except (OSError, ValueError) as error:
        return {"problem": f"{current}/set.json cannot be read: {error}"}
    return {**told, "set_id": os.path.basename(os.path.realpath(current)), "problem": ""}


def certificates(configuration):
    """Every certificate that nginx's configuration in effect (`nginx -T`) names, with its end."""
    named = re.findall(r"^\s*ssl_certificate\s+\"?([^\s;\"]+)", configuration, re.MULTILINE)
    return [certificate(os.path.join("/etc/nginx", path)) for path in sorted(set(named))]


def certificate(path):
    """Days until a certificate ends; a problem when nobody can tell."""
    told = run(["openssl", "x509", "-noout", "-enddate", "-in", path]).strip()
    try:
        ends = calendar.timegm(time.strptime(told.partition("=")[2], "%b %d %H:%M:%S %Y GMT"))
    except ValueError:
        return {"path": path, "ends": "", "days_left": 0, "problem": "cannot be read"}
    days = int((ends - time.time()) // 86400)
    return {"path": path, "ends": time.strftime("%Y-%m-%d", time.gmtime(ends)), "days_left": days, "problem": ""}


def databases():
    """Size of every PostgreSQL database of the host; empty where none runs."""
    query = "SELECT datname, pg_database_size(datname) FROM pg_database WHERE NOT datistemplate ORDER BY datname"
    told = run(["runuser", "-u", "postgres", "--", "psql", "--no-psqlrc", "-AtF", "\t", "-c", query])
    rows = [line.split("\t") for line in told.splitlines()]
    return [{"name": row[0], "size_mb": int(row[1]) // MEGABYTE} for row in rows if len(row) == 2]


def uptime_seconds():
    """Seconds since process 1 started: a container's own age, not the machine's below it."""
    ticks = read("/", "/proc/1/stat").rpartition(")")[2].split()
    running = read("/", "/proc/uptime").split()
    if len(ticks) < 20 or not running:
        return 0
    return int(float(running[0]) - int(ticks[19]) / os.sysconf("SC_CLK_TCK"))
