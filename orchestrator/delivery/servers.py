"""Which database server a site's scripts would find, by what stands in its files; Ansible itself is not asked.

A playbook asks the same of Ansible's own variables before anything is changed (tasks/release_database.yml). Here it is
for the one line before a run begins, so what cannot be read (a vault, a template) is looked past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from orchestrator.delivery.yamlfile import read_yaml
from orchestrator.languages import _
from orchestrator.paths import module_util, shown

if TYPE_CHECKING:
    from orchestrator.delivery.environment import Environment
    from orchestrator.delivery.manifest import Manifest

GROUP: Final = "db"
SERVER: Final = "postgresql"
NEEDING: Final = ("expand", "backup_before_expand", "contract")
ENDINGS: Final = ("", ".yml", ".yaml", ".json")
# A variable's value, None where it is not to be read here, and file:line.
Variable = tuple[Any, str]


def refuse_other_servers(environment: Environment, manifest: Manifest) -> None:
    """Raises DeliveryError when the manifest wants something of PostgreSQL and no host of the group db runs it."""
    wanted = [key for key in NEEDING if getattr(manifest.database, key)]
    found = other_servers(environment) if wanted else None
    if found is None:
        return
    servers, where = found
    file = read_yaml(environment.manifest_path(manifest.version))
    raise file.problem(
        ("database", wanted[0]),
        _("database.%(key)s is done in PostgreSQL, and the group db runs %(servers)s (%(where)s)")
        % {"key": wanted[0], "servers": ", ".join(servers) or _("no database server"), "where": where},
        _("take it out and change that database by its own means, or name postgresql in lifecycle_servers if it runs"),
    )


def other_servers(environment: Environment) -> tuple[list[str], str] | None:
    """What the group db runs instead of PostgreSQL, and the file:line that says so; None where PostgreSQL may run."""
    inventory, known = _Inventory(environment.hosts_file), module_util("host_servers")
    described = [sign for _first, others in known.KINDS.values() for signs in others.values() for sign in signs]
    told: list[tuple[list[str], str]] = []
    for host in inventory.hosts_of(GROUP):
        variables = _variables(environment.path, inventory, host)
        said = variables.get(known.SAID, ((), ""))[0]
        if said is None:
            return None
        try:
            servers = known.servers_of([GROUP], {name: value for name, (value, _where) in variables.items()})
        except ValueError:
            # Ansible's refusal names what is wrong.
            return None
        if SERVER in servers:
            return None
        told.append((servers, next(variables[sign][1] for sign in (known.SAID, *described) if sign in variables)))
    return told[0] if told else None


def _variables(place: Path, inventory: _Inventory, host: str) -> dict[str, Variable]:
    """What is said of a host, the narrower over the wider. What two of its groups say is not known: None."""
    found: dict[str, Variable] = {}
    for group in sorted(inventory.groups_of(host) - {"all"}):
        said = inventory.variables["group", group] | _said(place / "group_vars" / group)
        found |= {name: (None, where) if name in found else (value, where) for name, (value, where) in said.items()}
    every = inventory.variables["group", "all"] | _said(place / "group_vars" / "all")
    return every | found | inventory.variables["host", host] | _said(place / "host_vars" / host)


def _said(stem: Path) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for file in _files(stem):
        found |= _of(_composed(file), file)
    return found


def _files(stem: Path) -> Iterator[Path]:
    """The files of variables of a group or host, as Ansible looks for them: a directory, or the first that is there."""
    path = next((path for ending in ENDINGS if (path := stem.with_name(stem.name + ending)).exists()), None)
    if path is not None and path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file() and file.suffix in ENDINGS)
        yield from sorted(file for file in files if not file.name.startswith(".") and not file.name.endswith("~"))
    elif path is not None:
        yield path


def _composed(file: Path) -> yaml.Node | None:
    try:
        found: yaml.Node | None = yaml.compose(file.read_bytes(), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return None
    return found


def _of(node: yaml.Node | None, file: Path) -> dict[str, Variable]:
    """The variables of a mapping."""
    return {str(key.value): (_value(value), f"{shown(file)}:{key.start_mark.line + 1}") for key, value in _pairs(node)}


def _value(node: yaml.Node) -> Any:
    """A list of plain texts; None for anything else, whose value nobody asks for."""
    if not isinstance(node, yaml.SequenceNode) or not all(isinstance(item, yaml.ScalarNode) for item in node.value):
        return None
    return [str(item.value) for item in node.value]


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


class _Inventory:
    """The structure of hosts.yml: who is in which group, and the variables that stand there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._parents: Mapping[str, set[str]] = defaultdict(set)
        self._hosts: Mapping[str, dict[str, None]] = defaultdict(dict)
        self.variables: Mapping[tuple[str, str], dict[str, Variable]] = defaultdict(dict)
        self._walk(_composed(file), None)

    def hosts_of(self, group: str) -> list[str]:
        named = dict.fromkeys(host for hosts in self._hosts.values() for host in hosts)
        return [host for host in named if group in self.groups_of(host)]

    def groups_of(self, host: str) -> set[str]:
        found, new = {"all"}, [group for group, hosts in self._hosts.items() if host in hosts]
        while new:
            group = new.pop()
            if group not in found:
                found.add(group)
                new += self._parents[group]
        return found

    def _walk(self, node: yaml.Node | None, above: str | None) -> None:
        for name, below in _pairs(node):
            group = str(name.value)
            if above is not None:
                self._parents[group].add(above)
            for part, inner in _pairs(below):
                if part.value == "children":
                    self._walk(inner, group)
                elif part.value == "vars":
                    self.variables["group", group].update(_of(inner, self._file))
                elif part.value == "hosts":
                    for host, variables in _pairs(inner):
                        self._hosts[group][str(host.value)] = None
                        self.variables["host", str(host.value)].update(_of(variables, self._file))
