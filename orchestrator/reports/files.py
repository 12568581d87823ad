"""The files of a report: the one place of this package that writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.errors import ReportError
from orchestrator.languages import _


def write(files: Mapping[str, str], directory: Path) -> list[Path]:
    """Write `files` (name -> text) into `directory`, which is made when it is missing; other files there stay.

    Returns their paths in the same order. Raises ReportError when the directory cannot be written to.
    """
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = directory / name
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise ReportError(
            _("the report cannot be written: %(reason)s") % {"reason": error.strerror or error},
            where=str(error.filename or directory),
            remedy=_("name a directory that you may write to with --output"),
        ) from error
    return written
