# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a host can reach: names, other hosts' ports, the source of its packages. Opens connections, changes nothing."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

APT_HELPER = "/usr/lib/apt/apt-helper"


def connect(address, port, timeout):
    """`open`, `refused`, `timeout`, `no route` or the system's own words."""
    try:
        with socket.create_connection((address, port), timeout):
            return "open"
    except ConnectionRefusedError:
        return "refused"
    except socket.gaierror:
        return f"the name {address} does not resolve"
    except OSError as error:
        # A time limit of our own carries no number; the kernel's own one is ETIMEDOUT.
        if isinstance(error, (socket.timeout, TimeoutError)):
            return "timeout"
        if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
            return "no route"
        return os.strerror(error.errno) if error.errno else str(error)


def reach(wanted, timeout):
    """Try every {host, address, port} at the same time; return them with `outcome`."""
    if not wanted:
        return []
    with ThreadPoolExecutor(max_workers=min(16, len(wanted))) as pool:
        return list(pool.map(lambda one: {**one, "outcome": connect(one["address"], one["port"], timeout)}, wanted))


def unresolved(names):
    """Those of `names` that the host cannot turn into an address."""
    missing = []
    for name in names:
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            missing.append(name)
    return missing


def package_sources(timeout):
    """Fetch the index of every apt source through apt's own configuration, proxies included: [{uri, problem}].

    A configuration that apt itself refuses is the one problem then.
    """
    if not os.access(APT_HELPER, os.X_OK):
        return [{"uri": "", "problem": "this host has no apt"}]
    try:
        listed = _run(["apt-get", "update", "--print-uris"], 30)
    except subprocess.TimeoutExpired:
        return [{"uri": "", "problem": "apt does not answer"}]
    if listed.returncode:
        return [{"uri": "", "problem": _first_error(listed.stderr)}]
    uris = [uri for uri in re.findall(r"^'([^']+)'", listed.stdout, re.MULTILINE) if not uri.startswith("cdrom:")]
    if not uris:
        return [{"uri": "", "problem": "no package source is configured"}]
    # One index a server: the others would only ask the same way again.
    servers = {re.sub(r"^([\w+]+:/*[^/]*).*", r"\1", uri): uri for uri in reversed(uris)}
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda uri: {"uri": uri, "problem": _fetch(uri, timeout)}, sorted(servers.values())))


def _fetch(uri, timeout):
    with tempfile.TemporaryDirectory(prefix="lifecycle-survey-") as directory:
        options = [f"Acquire::http::Timeout={timeout}", f"Acquire::https::Timeout={timeout}", "Acquire::Retries=0"]
        # Else apt changes to its own user, who may not write into a directory of root's.
        options.append("APT::Sandbox::User=root")
        flags = [word for option in options for word in ("-o", option)]
        try:
            done = _run([APT_HELPER, *flags, "download-file", uri, os.path.join(directory, "index")], 10 + 4 * timeout)
        except subprocess.TimeoutExpired:
            return "no answer in time"
        return "" if done.returncode == 0 else _first_error(done.stderr)


def _run(argv, timeout):
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=timeout, env=environment)


def _first_error(text):
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("W:")]
    errors = [line for line in lines if line.startswith("E:")]
    return (errors or lines or ["apt failed without a word"])[0][:200]
