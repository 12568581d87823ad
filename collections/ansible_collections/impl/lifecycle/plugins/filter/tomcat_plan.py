# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: tomcat_plan
short_description: Jars, agents and links of Tomcat instances, and what could not work
version_added: "0.2.0"
author:
  - impl.lifecycle contributors (@impl-lifecycle)
description:
  - Turns C(tomcat_instances) into what the role tomcat needs for its files, and finds what contradicts itself in them.
  - No password, key or secret is in the result.
positional: _input
options:
  _input:
    description: The instances, as the role tomcat describes them. Those with C(state=absent) are left out.
    type: list
    elements: dict
    required: true
  bases:
    description: Where the instances are.
    type: path
    default: /var/lib/tomcat-instances
  store:
    description: Where files with a sha256 are kept.
    type: path
    default: /var/lib/tomcat-artifacts
  libraries:
    description: Jars of the host that every instance has.
    type: list
    elements: path
    default: []
  jvm_options:
    description: Options that every instance's JVM has.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Show what is wrong with the instances
  ansible.builtin.debug:
    msg: "{{ (tomcat_instances | impl.lifecycle.tomcat_plan).refused }}"
"""

RETURN = r"""
_value:
  description: >-
    C(refused), a list of sentences; C(artifacts), for the module artifact_store; C(instances), by name: C(links), JVM
    options of the C(agents), and in C(checked) files of the host with their sha256.
  type: dict
"""

import os
import re

from ansible.errors import AnsibleFilterError

SHA256 = re.compile("[0-9a-f]{64}")
FILE = re.compile("[A-Za-z0-9][A-Za-z0-9._-]*")
CLASS = re.compile(r"[A-Za-z_]\w*([.][A-Za-z_]\w*)+", re.ASCII)
ATTRIBUTE = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
REMOTE = "-Dcom.sun.management.jmxremote."
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SHORTEST = {"password": 12, "secret": 16}


BASES = "/var/lib/tomcat-instances"
STORE = "/var/lib/tomcat-artifacts"


def tomcat_plan(instances, bases=BASES, store=STORE, libraries=(), jvm_options=()):
    """Return what the role needs to know of all instances."""
    try:
        present = [instance for instance in instances if instance.get("state", "present") == "present"]
        named = [(instance, _sources(instance, store)) for instance in present]
        refused = _ports(present)
        for instance, sources in named:
            wrong = _refused(instance, sources, libraries, [*jvm_options, *(instance.get("jvm_options") or [])])
            refused += [f"Instance {instance['name']}: {sentence}" for sentence in wrong]
        stored = [
            _item(source) for _instance, sources in named for source in sources if "sha256" in source and _sent(source)
        ]
        return {
            "refused": refused,
            "artifacts": list({item["dest"]: item for item in stored}.values()),
            "instances": {
                instance["name"]: _files(f"{bases}/{instance['name']}", instance, sources, libraries)
                for instance, sources in named
            },
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnsibleFilterError(f"tomcat_plan: {error!r} in tomcat_instances") from error


def _sent(source):
    return source.get("src") or source.get("url")


def _sources(instance, store):
    """The jars and agents, each with the name and the place it will have."""
    found = []
    for kind, entry in [("lib", jar) for jar in instance.get("jars") or []] + [
        ("agents", agent) for agent in instance.get("agents") or []
    ]:
        source = {key: value for key, value in entry.items() if value is not None}
        source.update(kind=kind, name=os.path.basename(source.get("path") or _sent(source) or ""))
        source["target"] = source.get("path") or f"{store}/{source.get('sha256', '')}-{source['name']}"
        found.append(source)
    return found


def _item(source):
    item = {"dest": source["target"], "sha256": source["sha256"]}
    return {**item, "path": source["src"]} if source.get("src") else {**item, "url": source["url"]}


def _files(base, instance, sources, libraries):
    jars = {os.path.basename(path): path for path in [*libraries, *(instance.get("libraries") or [])]}
    jars.update({source["name"]: source["target"] for source in sources if source["kind"] == "lib"})
    agents = [source for source in sources if source["kind"] == "agents"]
    links = {f"{base}/lib/{name}": target for name, target in jars.items()}
    links.update({f"{base}/agents/{agent['name']}": agent["target"] for agent in agents})
    return {
        "links": [{"path": path, "target": target, "on_change": "restart"} for path, target in links.items()],
        "agents": [
            f"-javaagent:{base}/agents/{agent['name']}" + (f"={agent['options']}" if agent.get("options") else "")
            for agent in agents
        ],
        "checked": [
            f"{agent['sha256']}:{agent['path']}" for agent in agents if agent.get("path") and "sha256" in agent
        ],
    }


def _ports(instances):
    """Every connector has a port of its own."""
    users = {}
    for instance in instances:
        for what, connector in (("HTTP", instance), ("HTTPS", instance.get("https")), ("AJP", instance.get("ajp"))):
            if connector and connector.get("port") is not None:
                users.setdefault(int(connector["port"]), []).append(f"{what} of {instance['name']}")
    wrong = []
    for port, names in sorted(users.items()):
        if len(names) > 1:
            wrong.append(f"Port {port} is given to {' and '.join(names)}: give each its own.")
        if not 1024 <= port <= 65535:
            wrong.append(
                f"Port {port} of {names[0]} is not 1024-65535: Tomcat runs without root; a proxy may listen below."
            )
    return wrong


def _refused(instance, sources, libraries, options):
    yield from _https(instance.get("https"))
    yield from _ajp(instance.get("ajp"))
    yield from _users(instance.get("users") or [])
    yield from _jars(instance, sources, libraries)
    yield from _remote_jmx(options)
    yield from _manager(instance.get("manager"))
    names = [file["name"] for file in instance.get("files") or []]
    if len(set(names)) < len(names) or not all(map(FILE.fullmatch, names)):
        yield f"files are {', '.join(names)}: every name once, of letters, digits and . _ -, without a directory."


def _https(https):
    if not https:
        return
    ways = [(f"certificate{suffix}", f"key{suffix}") for suffix in ("", "_content")]
    given = [[bool(https.get(name)) for name in way] for way in ways]
    if sorted(given) != [[False, False], [True, True]]:
        yield (
            "https needs its certificate and its key: either certificate and key, as paths on the host, or "
            "certificate_content and key_content."
        )
    if https.get("chain") and https.get("chain_content"):
        yield "https has both chain and chain_content: give one."
    if https.get("protocols") is not None and not https["protocols"]:
        yield "https.protocols is empty: leave it out, or give TLSv1.2, TLSv1.3 or both."


def _ajp(ajp):
    if ajp and (len(ajp["secret"]) < SHORTEST["secret"] or re.search(r"[\r\n]|[$][{]", ajp["secret"])):
        yield (
            f"ajp.secret needs {SHORTEST['secret']} characters or more on one line, without '${{', which Tomcat "
            "replaces; make it with `openssl rand -base64 24`. Whoever has it says who he is and whence he comes."
        )


def _users(users):
    names = [user["name"] for user in users]
    if len(set(names)) < len(names) or any(re.search(r"[:\s]|[$][{]|^$", name) for name in names):
        yield f"users are {', '.join(names)}: every name once, without a colon, a blank or '${{'."
    roles = {role for user in users for role in user.get("roles") or []}
    wrong = sorted(role for role in roles if not FILE.fullmatch(role))
    if wrong:
        yield f"roles are made of letters, digits and . _ -, not {', '.join(wrong)}."
    short = [user["name"] for user in users if len(user["password"]) < SHORTEST["password"]]
    if short:
        yield (
            f"the password of {', '.join(short)} has fewer than {SHORTEST['password']} characters; "
            "make it with `openssl rand -base64 24`."
        )


def _jars(instance, sources, libraries):
    own = [os.path.basename(path) for path in [*libraries, *(instance.get("libraries") or [])]]
    for kind, taken in (("lib", set(own)), ("agents", set())):
        for source in (source for source in sources if source["kind"] == kind):
            what = f"{'jars' if kind == 'lib' else 'agents'}: {source['name'] or '?'}"
            if len([key for key in ("path", "src", "url") if source.get(key)]) != 1:
                yield f"{what} needs one of path (on the host, agents only), src (on the controller) and url."
            elif not source.get("path") and not SHA256.fullmatch(source.get("sha256") or ""):
                yield f"{what} needs its sha256, 64 small hexadecimal digits (`sha256sum FILE`)."
            elif "sha256" in source and not SHA256.fullmatch(source["sha256"]):
                yield f"{what} has a sha256 that is not 64 small hexadecimal digits."
            if not source["name"].endswith(".jar") or not FILE.fullmatch(source["name"]):
                yield f"{what} is not the name of a jar, of letters, digits and . _ -."
            if source["name"] in taken:
                yield f"{what} is there twice; two jars of one name cannot be in one directory."
            taken.add(source["name"])
            if re.search(r"[\r\n:]", source.get("path") or ""):
                yield f"{what} has a colon or a line's end in its path."


def _remote_jmx(options):
    said = [option[len(REMOTE) :].partition("=") for option in options if option.startswith(REMOTE)]
    values = {name: value for name, _equals, value in said}
    if "port" not in values:
        return
    if values.get("authenticate", "true").lower() != "true":
        yield (
            "jvm_options open remote JMX without a password: whoever reaches the port runs code as tomcat. Leave "
            "com.sun.management.jmxremote.authenticate at true and give its password.file and access.file."
        )
    if values.get("ssl", "true").lower() != "true" and values.get("host") not in LOOPBACK:
        yield (
            "jvm_options open remote JMX without TLS: passwords cross the network in clear. Leave "
            "com.sun.management.jmxremote.ssl at true, or add com.sun.management.jmxremote.host=127.0.0.1 and use a "
            "tunnel."
        )


def _manager(manager):
    elements = [manager, *(manager.get("elements") or [])] if manager else []
    for number, element in enumerate(elements):
        what = "manager" if number == 0 else f"manager.elements: {element['element']}"
        if not CLASS.fullmatch(element["class_name"]):
            yield f"{what}: class_name {element['class_name']} is not a class with its package."
        names = element.get("attributes") or {}
        wrong = [name for name in names if not ATTRIBUTE.fullmatch(name) or name == "className"]
        if wrong or (number and not ATTRIBUTE.fullmatch(element["element"])):
            yield f"{what}: {', '.join(wrong) or 'the element'} cannot be a name in XML here (className is class_name)."


class FilterModule:
    """Filters of this file."""

    def filters(self):
        return {"tomcat_plan": tomcat_plan}
