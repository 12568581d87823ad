"""Where things are: the collection that belongs to this orchestrator, and the directory for what it writes."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final

MODULE_UTILS: Final = "ansible_collections.impl.lifecycle.plugins.module_utils"
PACKAGE = Path(__file__).resolve().parent


def collections_dir() -> Path:
    """The directory to put on ANSIBLE_COLLECTIONS_PATH: carried inside the wheel, or beside it in a checkout."""
    carried = PACKAGE / "_collections"
    return carried if carried.is_dir() else PACKAGE.parent / "collections"


def collection() -> Path:
    """The root of the collection impl.lifecycle."""
    return collections_dir() / "ansible_collections" / "impl" / "lifecycle"


def module_util(name: str) -> Any:
    """A module of the collection: what hosts and orchestrator both decide, they decide with the same lines of code."""
    place = str(collections_dir())
    if place not in sys.path:
        sys.path.append(place)
    return importlib.import_module(f"{MODULE_UTILS}.{name}")


def playbook(name: str) -> Path:
    """The playbook file of a phase. Its existence is not checked here."""
    return collection() / "playbooks" / f"{name}.yml"


def state_dir() -> Path:
    """Where records, lab keys and logs are written: LIFECYCLE_VAR, else ./var of the working directory."""
    return Path(os.environ.get("LIFECYCLE_VAR") or Path.cwd() / "var")


def shown(path: Path) -> str:
    """The path as a person would type it: relative when it lies below the working directory."""
    absolute = path.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)
