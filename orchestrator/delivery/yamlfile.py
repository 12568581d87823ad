"""Read one YAML file and remember on which line each key stands, so that every mistake can be named file:line.

PyYAML, because Ansible reads the same files with it: what is a number or a truth value here is one there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from orchestrator.errors import DeliveryError
from orchestrator.languages import _
from orchestrator.paths import shown

Location = tuple[str | int, ...]

MERGE_TAG: Final = "tag:yaml.org,2002:merge"
# What aliases may make of a file, in values: nobody writes so many by hand, and 300 bytes of them can mean billions.
WRITTEN_OUT: Final = 100_000


@dataclass(frozen=True)
class YamlFile:
    """The content of one file with the line of every key and list item."""

    path: Path
    data: Any
    lines: dict[Location, int]
    problems: tuple[DeliveryError, ...]

    def where(self, location: Location) -> str:
        """`file:line` of a key; of its nearest parent when the key itself is not in the file."""
        while location and location not in self.lines:
            location = location[:-1]
        return f"{shown(self.path)}:{self.lines.get(location, 1)}"

    def at(self, *keys: str) -> Any:
        """What stands at these keys; None when nothing does."""
        found = self.data
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def text(self, *keys: str) -> str | None:
        """The text at these keys; None when there is none."""
        found = self.at(*keys)
        return found if isinstance(found, str) and found else None

    def texts(self, *keys: str) -> list[str]:
        """The list of texts at these keys; empty when there is none."""
        found = self.at(*keys)
        return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else []

    def problem(self, location: Location, what: str, remedy: str = "") -> DeliveryError:
        return DeliveryError(what, where=self.where(location), remedy=remedy)


def read_yaml(path: Path) -> YamlFile:
    """Read `path`. Raises DeliveryError when it is not YAML at all; smaller mistakes are in `problems`."""
    text = _text(path)
    try:
        # It reads the first characters already.
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise _no_yaml(path, error) from error
    try:
        root = loader.get_single_node()
        if root is None:
            raise DeliveryError(
                _("the file is empty"), where=f"{shown(path)}:1", remedy=_("docs/delivery.md shows what goes in")
            )
        _refuse_floods(path, root)
        lines: dict[Location, int] = {(): _line(root)}
        problems = [
            DeliveryError(what, where=f"{shown(path)}:{line}", remedy=remedy)
            for line, what, remedy in _walk(root, (), lines, frozenset())
        ]
        data = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(path, error) from error
    except yaml.YAMLError as error:
        raise _no_yaml(path, error) from error
    except RecursionError as error:
        raise too_deep(path) from error
    except ValueError as error:
        raise DeliveryError(
            _("a value cannot be read: %(error)s") % {"error": error}, where=f"{shown(path)}:1"
        ) from error
    finally:
        loader.dispose()
    return YamlFile(path, data, lines, tuple(problems))


def composed(path: Path) -> yaml.Node | None:
    """The nodes of a YAML file, no value of them read; None for an empty one. Raises DeliveryError for no YAML."""
    try:
        found: yaml.Node | None = yaml.compose(_text(path), Loader=yaml.SafeLoader)
        if found is not None:
            _refuse_floods(path, found)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(path, error) from error
    except yaml.YAMLError as error:
        raise _no_yaml(path, error) from error
    except RecursionError as error:
        raise too_deep(path) from error
    return found


def _refuse_floods(path: Path, root: yaml.Node) -> None:
    """Raises DeliveryError where aliases mean far more than is written: no reader would come to an end."""
    if written := flood(root):
        raise DeliveryError(
            _("its anchors and aliases stand for %(count)s values") % {"count": written},
            where=f"{shown(path)}:1",
            remedy=_("write out what is meant"),
        )


def flood(root: yaml.Node) -> int:
    """How many values the aliases below `root` stand for, where that is far more than is written; else 0."""
    sizes: dict[int, int] = {}
    written = _size(root, sizes)
    return written if written > max(WRITTEN_OUT, 10 * len(sizes)) else 0


def _size(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values `node` is with every alias written out. `sizes`: of each node by its id, found once."""
    if id(node) not in sizes:
        # Of one that contains itself the inner one is not counted.
        sizes[id(node)] = 0
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for item in inner for part in (item if isinstance(item, tuple) else (item,)))
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _no_yaml(path: Path, error: yaml.YAMLError) -> DeliveryError:
    return DeliveryError(_("not YAML: %(error)s") % {"error": error}, where=f"{shown(path)}:1")


def too_deep(path: Path) -> DeliveryError:
    """What is said of a RecursionError: a file that goes deeper than Python does, or an anchor in itself."""
    return DeliveryError(
        _("its values are nested deeper than can be read"), where=f"{shown(path)}:1", remedy=_("write them less deep")
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeliveryError(_("the file is not UTF-8 text"), where=f"{shown(path)}:1") from error
    except OSError as error:
        raise DeliveryError(_("cannot be read: %(reason)s") % {"reason": error.strerror}, where=shown(path)) from error


def _syntax_error(path: Path, error: yaml.MarkedYAMLError) -> DeliveryError:
    mark = error.problem_mark or error.context_mark
    what = "; ".join(part for part in (error.context, error.problem) if part)
    if "could not determine a constructor for the tag" in what:
        remedy = _("secrets and computed values belong in group_vars, this file is read as it stands")
    elif "cannot start any token" in what and "\\t" in what:
        remedy = _("indent with spaces, not tabs")
    else:
        remedy = _("check the indentation and the quotes of this line and the one above")
    line = mark.line + 1 if mark else 1
    return DeliveryError(_("not valid YAML: %(what)s") % {"what": what}, where=f"{shown(path)}:{line}", remedy=remedy)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _walk(
    node: yaml.Node, at: Location, lines: dict[Location, int], above: frozenset[int]
) -> Iterator[tuple[int, str, str]]:
    """Fill `lines` below `node` and yield (line, what, remedy) of what YAML itself lets pass silently."""
    if id(node) in above:
        yield _line(node), _("this anchor contains itself"), _("write the value out")
        return
    above = above | {id(node)}
    if isinstance(node, yaml.ScalarNode) and "\0" in node.value:
        raise yaml.MarkedYAMLError(problem="the character 0 stands in a text", problem_mark=node.start_mark)
    if isinstance(node, yaml.ScalarNode) and "{{" in node.value:
        yield (
            _line(node),
            _("'%(value)s' looks like a template, but this file is read as it stands") % {"value": node.value.strip()},
            _("write the value itself; values that are computed or secret belong in group_vars"),
        )
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*at, index)] = _line(item)
            yield from _walk(item, (*at, index), lines, above)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE_TAG:
                continue
            if key.value in seen:
                yield (
                    _line(key),
                    _("'%(value)s' stands here a second time") % {"value": key.value},
                    _("it is already on line %(seen)s") % {"seen": seen[key.value]},
                )
            seen.setdefault(key.value, _line(key))
            lines[(*at, key.value)] = _line(key)
            yield from _walk(value, (*at, key.value), lines, above)
