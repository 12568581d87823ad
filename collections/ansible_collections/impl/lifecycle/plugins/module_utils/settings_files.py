# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Tomcat, Memcached and Apache have set: they cannot be asked, so their processes' options and their files. Pure.

Only options and directives that are named here: others may hold a secret.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Sequence
from xml.etree import ElementTree

Settings = Dict[str, str]

CATALINA_BASE = "-Dcatalina.base="
# Not -XX:On...=: these are commands of a site.
JAVA = re.compile(
    r"^-(?P<short>X(?:m[snx]|ss))(?P<size>\d.*)$|^-XX:(?P<sign>[+-]?)(?P<name>(?!On)\w+)(?:=(?P<value>.*))?$"
)
JAVA_FLAG = re.compile(r"^-X(int|batch|share:\w+|noclassgc)$")
CONNECTOR = (
    "maxThreads", "minSpareThreads", "acceptCount", "maxConnections", "connectionTimeout", "keepAliveTimeout",
    "maxKeepAliveRequests", "compression", "maxPostSize", "maxHttpHeaderSize", "URIEncoding", "protocol",
)  # fmt: skip
# Of a pool nothing about where it leads and who logs in.
POOL = ("maxTotal", "maxIdle", "minIdle", "initialSize", "maxWaitMillis", "testOnBorrow", "validationQuery")
MEMCACHED = ("-m", "-t", "-c", "-I", "-b", "-R", "-B", "-o", "-M", "-Z", "-S")
MEMCACHED_ALONE = ("-M", "-Z", "-S")
APACHE = frozenset(
    (
        "serverlimit", "threadlimit", "startservers", "minsparethreads", "maxsparethreads", "threadsperchild",
        "maxrequestworkers", "maxconnectionsperchild", "asyncrequestworkerfactor", "timeout", "keepalive",
        "keepalivetimeout", "maxkeepaliverequests", "limitrequestbody", "limitrequestfields", "serversignature",
        "servertokens", "traceenable", "sslprotocol", "sslciphersuite", "sslhonorcipherorder", "sslsessiontickets",
        "sslsessioncache", "proxytimeout", "listenbacklog",
    )
)  # fmt: skip
# A directive holds for all sites outside of any section, and in a section that only asks what is loaded.
APACHE_SECTION = re.compile(r"^<(/?)(\w+)[^>]*>$")
APACHE_OPEN = ("ifmodule", "ifdefine", "ifversion")


def java(arguments: Sequence[str]) -> Settings:
    """The options of a JVM for its memory, its collectors and its compiler, by its command line."""
    told = {}
    for one in arguments:
        match = JAVA.match(one)
        if match and match["short"]:
            told["-" + match["short"]] = match["size"]
        elif match:
            told["-XX:" + match["name"]] = {"+": "on", "-": "off"}.get(match["sign"], match["value"] or "")
        elif JAVA_FLAG.match(one):
            told[one] = "on"
    return told


def base(arguments: Sequence[str]) -> str:
    """Where the Tomcat of this command line has its instance; empty when it is none."""
    return next((one[len(CATALINA_BASE) :] for one in arguments if one.startswith(CATALINA_BASE)), "")


def tomcat(server_xml: str) -> Settings:
    """Attributes of the connectors for HTTP and of the pools. A file that is no XML tells nothing."""
    told = {}
    try:
        root = ElementTree.fromstring(server_xml)
    except ElementTree.ParseError:
        return told
    for connector in root.iter("Connector"):
        # A secure one beside another has settings of its own.
        kind = "connector of AJP" if "AJP" in connector.get("protocol", "") else "connector"
        kind += " with TLS" if connector.get("SSLEnabled") == "true" else ""
        told.update({f"{kind} {name}": connector.get(name) for name in CONNECTOR if connector.get(name)})
    for pool in root.iter("Resource"):
        if pool.get("type") == "javax.sql.DataSource":
            told.update({f"pool {pool.get('name')} {name}": pool.get(name) for name in POOL if pool.get(name)})
    return told


def memcached(arguments: Sequence[str]) -> Settings:
    """The options of a memcached, by its command line. What it has taken over since it started is not there."""
    told = {}
    words = iter(arguments[1:])
    for one in words:
        name, rest = one[:2], one[2:].lstrip("=")
        if name in MEMCACHED:
            told[name] = "on" if name in MEMCACHED_ALONE else rest or next(words, "")
    return told


def apache(files: Sequence[str]) -> Settings:
    """Directives that hold for all sites, of the texts of Apache's files in the order in which it reads them."""
    told = {}
    for text in files:
        inside: List[str] = []
        for line in text.replace("\\\n", " ").splitlines():
            words = line.split()
            section = APACHE_SECTION.match(line.strip())
            if section and section[1]:
                del inside[-1:]
            elif section:
                inside.append(section[2].lower())
            elif words and words[0].lower() in APACHE and all(one in APACHE_OPEN for one in inside):
                told[words[0].lower()] = " ".join(words[1:])
    return told


def instances(found: Mapping[str, Settings], application: str) -> Dict[str, Settings]:
    """Service -> settings, of instance -> settings. The slots of `application` are one where both have the same set."""
    told = {}
    slots = {name: value for name, value in found.items() if name.rpartition("-")[0] == application}
    for name, value in found.items():
        alike = name in slots and all(other == value for other in slots.values())
        told[f"tomcat {application if alike else name}"] = value
    return told
