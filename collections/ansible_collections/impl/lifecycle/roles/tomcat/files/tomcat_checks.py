# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Tomcat's own configtest does not look at. Managed by Ansible (impl.lifecycle.tomcat)."""

from __future__ import annotations

import hashlib
import os
import shlex
import ssl
import subprocess
import sys
import zipfile
from xml.etree import ElementTree

AS_TOMCAT = ["setpriv", "--reuid=tomcat", "--regid=tomcat", "--init-groups", "--no-new-privs"]
# The running instance has their ports: a second JVM with them would not start.
WITH_PORTS = ("-javaagent:", "-agentpath:", "-agentlib:", "-Dcom.sun.management.jmxremote")


class Refused(Exception):
    """One line that says what is wrong."""


def connectors(server_xml: str) -> list:
    """Attributes of each connector."""
    if not os.path.exists(server_xml):
        return []
    return [{"protocol": "HTTP/1.1", **found.attrib} for found in ElementTree.parse(server_xml).iter("Connector")]


def without_ports(options: str) -> str:
    """The JVM options without those that open ports."""
    return " ".join(shlex.quote(option) for option in shlex.split(options) if not option.startswith(WITH_PORTS))


def refuse_changed_files(checked: list) -> None:
    """Each of `checked` is SHA256:PATH."""
    for sha256, _colon, path in (entry.partition(":") for entry in checked if entry):
        with open(path, "rb") as handle:
            found = hashlib.sha256(handle.read()).hexdigest()
        if found != sha256:
            raise Refused(f"{path} has sha256 {found}, not {sha256}: it is not the agent that was named")


def refuse_no_agents(jars: list) -> None:
    """A jar that is no agent lets the JVM end before it says anything in a log."""
    for jar in jars:
        try:
            with zipfile.ZipFile(jar) as archive:
                manifest = archive.read("META-INF/MANIFEST.MF").decode(errors="replace")
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise Refused(f"{os.path.realpath(jar)} is no jar with a manifest: {error}") from error
        if not any(line.startswith("Premain-Class:") for line in manifest.splitlines()):
            raise Refused(f"{os.path.realpath(jar)} is no Java agent: its manifest has no Premain-Class")


def refuse_missing_classes(context_xml: str, jars: list) -> None:
    """The manager of sessions and what belongs to it; configtest does not read the context."""
    managers = list(ElementTree.parse(context_xml).iter("Manager")) if os.path.exists(context_xml) else []
    wanted = [element.get("className") for manager in managers for element in manager.iter()]
    found: set = set()
    for jar in jars if any(wanted) else []:
        if jar.endswith(".jar"):
            with zipfile.ZipFile(jar) as archive:
                found.update(archive.namelist())
    for number, name in enumerate(wanted):
        # Not by its name: words of a file with secrets are masked in what a validator says.
        what = f"element {number} of manager" if number else "manager"
        if name and name.replace(".", "/") + ".class" not in found:
            raise Refused(f"class_name of {what} is in no jar of the instance: give its jar in jars or libraries")


def refuse_unusable_certificates(server_xml: str) -> None:
    """Tomcat opens them when the port opens, which configtest does not do."""
    certificates = ElementTree.parse(server_xml).iter("Certificate") if os.path.exists(server_xml) else []
    for certificate in certificates:
        files = [certificate.get(f"certificate{what}File", "") for what in ("", "Key", "Chain")]
        argv = [*AS_TOMCAT, sys.executable, "-I", os.path.abspath(__file__), *files]
        tried = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if tried.returncode != 0:
            raise Refused(tried.stdout.strip())


def wrong_with(certificate: str, key: str, chain: str) -> str:
    """What this process, with its rights, cannot do with them; empty when they fit."""
    for path in filter(None, (certificate, key, chain)):
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            return (
                f"{path} cannot be read by the user tomcat: {error.strerror}. Let the group tomcat read it, or give "
                "certificate_content and key_content"
            )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
        if chain:
            context.load_verify_locations(chain)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        return f"key {key} and certificate {certificate} do not fit: {reason} (PEM, the key without password)"
    return ""


if __name__ == "__main__":
    said = wrong_with(*sys.argv[1:4])
    sys.stdout.write(said)
    sys.exit(1 if said else 0)
