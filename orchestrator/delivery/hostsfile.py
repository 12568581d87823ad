"""The groups and hosts of hosts.yml. Only its structure is read: values may be vaulted, or templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from orchestrator.delivery.yamlfile import composed, too_deep
from orchestrator.errors import DeliveryError
from orchestrator.languages import _
from orchestrator.paths import shown

Pairs = list[tuple[yaml.Node, yaml.Node]]


def group_names(hosts_file: Path) -> frozenset[str]:
    """The groups of an inventory file. Raises DeliveryError when it is no YAML, or holds no groups of hosts."""
    root = composed(hosts_file)
    if not isinstance(root, yaml.MappingNode):
        raise DeliveryError(
            _("the file must hold groups of hosts"),
            where=f"{shown(hosts_file)}:1",
            remedy=_("`lifecycle init CLIENT` scaffolds one to copy it from"),
        )
    try:
        groups = list(_groups(root))
    except RecursionError as error:
        raise too_deep(hosts_file) from error
    # Ansible would say so in twenty lines, and in none which.
    listed = [
        _listed(hosts_file, part.value, inner)
        for _name, about in groups
        for part, inner in about
        if part.value in ("hosts", "children", "vars") and isinstance(inner, yaml.SequenceNode)
    ]
    if listed:
        raise DeliveryError.of(listed)
    return frozenset({"all", "ungrouped", *(name for name, _about in groups)})


def members(hosts_file: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The groups of an inventory file that have hosts, themselves or by their children, and these hosts.

    A host that is named in a range, `web[1:9]`, stands there as it is written. Raises DeliveryError as `group_names`.
    """
    groups: set[str] = set()
    hosts: set[str] = set()
    _members(composed(hosts_file), groups, hosts)
    return frozenset(groups), frozenset(hosts)


def _members(node: yaml.Node | None, groups: set[str], hosts: set[str]) -> bool:
    """Collect from a mapping of groups; whether any of them has a host."""
    any_host = False
    for key, below in _pairs(node):
        own = False
        for part, inner in _pairs(below):
            if part.value == "hosts" and isinstance(inner, yaml.MappingNode):
                own |= bool(inner.value)
                hosts.update(str(host.value) for host, _vars in inner.value)
            elif part.value == "children":
                own |= _members(inner, groups, hosts)
        if own:
            groups.add(str(key.value))
        any_host |= own
    return any_host


def _groups(node: yaml.Node | None) -> Iterator[tuple[str, Pairs]]:
    """Every group at any depth, with what stands in it."""
    for key, below in _pairs(node):
        about = _pairs(below)
        yield str(key.value), about
        for part, inner in about:
            if part.value == "children":
                yield from _groups(inner)


def _pairs(node: yaml.Node | None) -> Pairs:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _listed(path: Path, name: str, node: yaml.Node) -> DeliveryError:
    return DeliveryError(
        _("'%(name)s' of a group is a list") % {"name": name},
        where=f"{shown(path)}:{node.start_mark.line + 1}",
        remedy=_("write each as a key, `name:`"),
    )
