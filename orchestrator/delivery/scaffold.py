"""Make the directory of a new environment out of the skeleton, whose comments teach what goes where."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from orchestrator.delivery.shapes import NAME
from orchestrator.errors import InventoryError, UsageError
from orchestrator.languages import _
from orchestrator.paths import shown

SKELETON: Final = Path(__file__).parent / "skeleton"


def scaffold(directory: Path, client: str, stage: str, application: str) -> tuple[Path, ...]:
    """Write `directory` and return its files. Raises InventoryError when there is anything already."""
    for what, name in (("client", client), ("stage", stage), ("application", application)):
        if not NAME.fits(name):
            raise UsageError(
                _("the %(what)s's name must be %(says)s, not '%(name)s'")
                % {"what": what, "says": NAME.says, "name": name}
            )
    if directory.exists():
        raise InventoryError(
            _("is there already; nothing was changed"), where=shown(directory), remedy=_("choose another --stage")
        )
    words = {
        "CLIENT_NAME": client,
        "STAGE_NAME": stage,
        "APPLICATION_NAME": application,
        "DATABASE_NAME": application.replace("-", "_"),
        "INVENTORY_NAME": directory.name,
    }
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, then renamed: half an environment is never left behind.
        with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".init-") as beside:
            made = Path(beside) / directory.name
            shutil.copytree(SKELETON, made, copy_function=shutil.copyfile)
            for file in _files(made):
                text = file.read_text(encoding="utf-8")
                file.write_text(re.sub("|".join(words), lambda word: words[word.group()], text), encoding="utf-8")
            made.rename(directory)
    except OSError as error:
        # copytree has no reason of its own, but a list with those of its files.
        reason = error.strerror or error.args[0][0][2]
        raise InventoryError(_("cannot be written: %(reason)s") % {"reason": reason}, where=shown(directory)) from error
    return tuple(_files(directory))


def _files(directory: Path) -> list[Path]:
    return sorted(file for file in directory.rglob("*") if file.is_file())
