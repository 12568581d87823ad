"""How an extra of this installation is added to it. The package is on no index: it comes from where it came from."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from orchestrator.languages import Phrase, _

PACKAGE: Final = "impl-lifecycle"


def advice(extra: str) -> Phrase:
    """What to do to have `extra`, one of pyproject.toml's optional dependencies, in this installation."""
    found = source(_origin())
    if found is None:
        return _("in a clone of its repository: %(command)s") % {"command": f"{_pip()} install '.[{extra}]'"}
    options, package = found
    return _("%(command)s adds it") % {"command": f"{_pip()} install {options}{package % extra}"}


def source(origin: Mapping[str, Any] | None) -> tuple[str, str] | None:
    """Options for pip, and its name for the package with a place for the extra, by what pip noted when it installed it.

    `origin` is the content of direct_url.json (PyPA, "Recording the Direct URL Origin of installed distributions");
    None: it came from an index. None is returned when what it was installed from is not there any more.
    """
    if origin is None:
        return "", f"'{PACKAGE}[%s]'"
    url = str(origin.get("url", ""))
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        return "", _quoted(f"{PACKAGE}[%s] @ {vcs['vcs']}+{_literal(url)}@{vcs['commit_id']}")
    if not url.startswith("file:"):
        return "", _quoted(f"{PACKAGE}[%s] @ {_literal(url)}")
    place = Path(unquote(urlsplit(url).path))
    if not place.exists():
        return None
    constraints = place / "constraints.txt"
    options = f"-c {shlex.quote(str(constraints))} " if constraints.is_file() else ""
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return options + editable, _quoted(f"{_literal(str(place))}[%s]")


def _quoted(package: str) -> str:
    """The brackets of an extra mean something to some shells."""
    return shlex.quote(package)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _origin() -> Mapping[str, Any] | None:
    # It costs a twentieth of a second, which only who misses something pays.
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = distribution(PACKAGE).read_text("direct_url.json")
    except PackageNotFoundError:
        told = None
    return json.loads(told) if told else None


def _pip() -> str:
    """The pip of this installation, by its path where another one would answer to the name."""
    own = Path(sys.executable).parent / "pip"
    found = shutil.which("pip")
    return "pip" if not own.exists() or (found and Path(found) == own) else shlex.quote(str(own))
