"""Every message of pages and receivers, for the catalogues: out of templates, pictures, messages, and statuses."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment

import orchestrator.reports
from orchestrator.records.entities import ReleaseState, ResultStatus, Status
from orchestrator.release.machine import Action
from orchestrator.reports.page import spoken

PLACE = Path(orchestrator.reports.__file__).parent
STATUSES = ("successful, changed", "successful, unchanged")


def messages() -> dict[str, str]:
    """Message -> where it stands first."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    found: dict[str, str] = {}
    for file in ("base.html.j2", "parts.html.j2", "run.html.j2", "environment.html.j2"):
        source = (PLACE / "templates" / file).read_text(encoding="utf-8")
        for line, _, message in environment.extract_translations(source):
            text = message if isinstance(message, str) else str(message[0])
            found.setdefault(text, f"templates/{file}:{line}")
    drawn = (PLACE / "curves.py").read_text(encoding="utf-8")
    for message in re.findall(r"words\([\"']([^\"']+)[\"']\)", drawn):
        found.setdefault(message, "curves.py")
    said = PLACE.parent / "receivers" / "message.py"
    for message in re.findall(r"said\([\"']([^\"']+)[\"']\)", said.read_text(encoding="utf-8")):
        found.setdefault(message, "receivers/message.py")
    values = [spoken(one) for kind in (Status, ResultStatus, ReleaseState, Action) for one in kind]
    for value in (*values, *STATUSES):
        found.setdefault(value, "statuses")
    return found
