# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""WildFly's own standalone*.xml of a version, with what an instance needs put in. Pure: text in, text out.

Each version brings its own file with its own namespaces, so the file is not written anew but changed in the few places
that matter. Elements are found by their local names and made in the namespace of their parents; all else stays.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple
from xml.dom import minidom
from xml.parsers.expat import ExpatError

CHECKER = "org.jboss.jca.adapters.jdbc.extensions.novendor.JDBC4ValidConnectionChecker"
NOTE = (
    " Managed by Ansible (impl.lifecycle.wildfly): changes made here are taken back, the server itself only reads it. "
)


class Unusable(ValueError):
    """A configuration that cannot be made into what is wanted. The text says why, for people."""


def configured(base: str, wanted: Mapping[str, Any]) -> str:
    """The text of `base`, a server configuration of WildFly, as an instance needs it."""
    try:
        server = minidom.parseString(base).documentElement
    except ExpatError as error:
        raise Unusable(f"it is no XML: {error}") from error
    if server.localName != "server":
        raise Unusable(f"it is no configuration of a standalone server: its first element is {server.tagName}")
    _scanner(server, wanted)
    _datasources(server, wanted)
    _web(server, wanted)
    server.insertBefore(server.ownerDocument.createComment(NOTE), server.firstChild)
    server.insertBefore(server.ownerDocument.createTextNode("\n    "), server.firstChild)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + server.toxml() + "\n"


def _scanner(server: Any, wanted: Mapping[str, Any]) -> None:
    """Only marker files say what is deployed: an artifact is never looked at before it is all there."""
    found = _subsystem(server, "deployment-scanner")
    scanners = _all(found, "deployment-scanner") if found is not None else []
    if not scanners:
        raise Unusable("it has no deployment-scanner, which deploys the applications")
    scanners[0].setAttribute("auto-deploy-zipped", "false")
    scanners[0].setAttribute("auto-deploy-exploded", "false")
    scanners[0].setAttribute("auto-deploy-xml", "false")
    scanners[0].setAttribute("scan-interval", str(wanted["scan_interval_ms"]))
    scanners[0].setAttribute("deployment-timeout", str(wanted["deployment_timeout"]))


def _datasources(server: Any, wanted: Mapping[str, Any]) -> None:
    """The instance's datasources and drivers, without the example that every version brings."""
    found = _subsystem(server, "datasources")
    if found is None:
        if wanted["datasources"]:
            raise Unusable("it has no subsystem datasources")
        return
    listed = _first(found, "datasources")
    if listed is None:
        listed = _add(found, "datasources")
    for example in [node for node in _all(listed, "datasource") if node.getAttribute("pool-name") == "ExampleDS"]:
        _drop(example)
    drivers = _first(listed, "drivers")
    if drivers is None:
        drivers = _add(listed, "drivers")
    attributes = _namespace_version(found) >= (7, 1)
    for datasource in wanted["datasources"]:
        _datasource(listed, drivers, datasource, attributes)
    for driver in wanted["drivers"]:
        node = _add(drivers, "driver", {"name": driver["name"], "module": driver["module"]})
        _add(node, "driver-class", text=driver["driver_class"])
    _default_datasource(server, wanted["default_datasource"])


def _datasource(listed: Any, before: Any, datasource: Mapping[str, Any], attributes: bool) -> None:
    about = {"jndi-name": datasource["jndi_name"], "pool-name": datasource["name"], "enabled": "true"}
    node = _add(listed, "datasource", {**about, "use-java-context": "true"}, before=before)
    _add(node, "connection-url", text=datasource["url"])
    _add(node, "driver", text=datasource["driver"])
    pool = _add(node, "pool")
    _add(pool, "min-pool-size", text=str(datasource["min_idle"]))
    _add(pool, "max-pool-size", text=str(datasource["max_total"]))
    # The password comes from the environment of the process; the file has only its name.
    secret = "${env." + datasource["password_variable"] + "}"
    if attributes:
        _add(node, "security", {"user-name": datasource["username"], "password": secret})
    else:
        security = _add(node, "security")
        _add(security, "user-name", text=datasource["username"])
        _add(security, "password", text=secret)
    validation = _add(node, "validation")
    _add(validation, "valid-connection-checker", {"class-name": CHECKER})
    _add(validation, "validate-on-match", text="true")
    _add(_add(node, "timeout"), "blocking-timeout-millis", text=str(datasource["max_wait_ms"]))


def _default_datasource(server: Any, jndi_name: str) -> None:
    """What the example was the default of: a name without a datasource would be an error at boot."""
    found = _subsystem(server, "ee")
    for bindings in _all(found, "default-bindings") if found is not None else []:
        if jndi_name:
            bindings.setAttribute("datasource", jndi_name)
        elif bindings.hasAttribute("datasource"):
            bindings.removeAttribute("datasource")


def _web(server: Any, wanted: Mapping[str, Any]) -> None:
    """No TLS with a self-signed certificate on a port nobody asked for; an access log; who is believed."""
    found = _subsystem(server, "undertow")
    if found is None:
        raise Unusable("it has no subsystem undertow, which serves the applications")
    for listener in _deep(found, "https-listener"):
        _drop(listener)
    for listener in _deep(found, "http-listener"):
        listener.setAttribute("proxy-address-forwarding", "true" if wanted["proxy_address_forwarding"] else "false")
        if listener.hasAttribute("redirect-socket"):
            listener.removeAttribute("redirect-socket")
    for host in _deep(found, "host"):
        if not wanted["access_log_pattern"] or _first(host, "access-log") is not None:
            continue
        places = [child for child in host.childNodes if child.nodeType == child.ELEMENT_NODE]
        after = [child for child in places if child.localName != "location"]
        about = {"pattern": wanted["access_log_pattern"], "directory": "${jboss.server.log.dir}", "prefix": "access."}
        _add(host, "access-log", about, before=after[0] if after else None)


def _namespace_version(node: Any) -> Tuple[int, ...]:
    found = re.search(r":(\d+(?:\.\d+)*)$", node.namespaceURI or "")
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def _subsystem(server: Any, name: str) -> Optional[Any]:
    """The subsystem whose namespace names it: urn:jboss:domain:ee:6.0, urn:jboss:domain:undertow:community:14.0."""
    for profile in _all(server, "profile"):
        for node in _all(profile, "subsystem"):
            if name in (node.namespaceURI or "").split(":"):
                return node
    return None


def _all(node: Any, name: str) -> List[Any]:
    return [child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE and child.localName == name]


def _first(node: Any, name: str) -> Optional[Any]:
    return next(iter(_all(node, name)), None)


def _deep(node: Any, name: str) -> List[Any]:
    return list(node.getElementsByTagNameNS(node.namespaceURI, name))


def _indent(node: Any) -> str:
    """How far the node stands from the left: what is added looks like what was there."""
    depth = 0
    while node.parentNode is not None and node.parentNode.nodeType == node.ELEMENT_NODE:
        node, depth = node.parentNode, depth + 1
    return "\n" + "    " * depth


def _add(
    parent: Any, name: str, attributes: Optional[Dict[str, str]] = None, text: str = "", before: Any = None
) -> Any:
    document = parent.ownerDocument
    node = document.createElementNS(parent.namespaceURI, name)
    for key, value in (attributes or {}).items():
        node.setAttribute(key, value)
    if text:
        node.appendChild(document.createTextNode(text))
    last = parent.lastChild
    if before is None and last is not None and last.nodeType == last.TEXT_NODE:
        parent.removeChild(last)
    if before is None:
        parent.appendChild(document.createTextNode(_indent(parent) + "    "))
        parent.appendChild(node)
        parent.appendChild(document.createTextNode(_indent(parent)))
    else:
        parent.insertBefore(node, before)
        parent.insertBefore(document.createTextNode(_indent(parent) + "    "), before)
    return node


def _drop(node: Any) -> None:
    gap = node.previousSibling
    if gap is not None and gap.nodeType == gap.TEXT_NODE and not gap.data.strip():
        node.parentNode.removeChild(gap)
    node.parentNode.removeChild(node)
