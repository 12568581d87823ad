"""The pages of a run and of an environment: one HTML file each, which loads nothing and needs no script. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from gettext import NullTranslations
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from orchestrator.records.entities import Run
from orchestrator.reports.curves import curve
from orchestrator.reports.environment_report import EnvironmentReport
from orchestrator.reports.matrix import LETTERS, marked
from orchestrator.reports.run_report import RunReport
from orchestrator.reports.words import block, span

# So many names stand in a line; the others are one click away.
SHOWN_HOSTS: Final = 3
# Line of a diff -> its class. Headers first: they begin with the same signs.
KINDS: Final = (("+++", "file"), ("---", "file"), ("@@", "place"), ("+", "added"), ("-", "gone"))
MARKS: Final = {letter: status.value for status, letter in LETTERS.items()}


def run_page(report: RunReport, words: NullTranslations | None = None, language: str = "en") -> str:
    """The page of a run."""
    return _render("run.html.j2", {"report": report, "run": report.run}, words, language)


def environment_page(report: EnvironmentReport, words: NullTranslations | None = None, language: str = "en") -> str:
    """The page of an environment."""
    return _render("environment.html.j2", {"report": report}, words, language)


def _render(name: str, shown: Mapping[str, Any], words: NullTranslations | None, language: str) -> str:
    translations = words or NullTranslations()
    environment = _environment(translations)
    script = (resources.files("orchestrator.reports") / "templates" / "report.js").read_text(encoding="utf-8")
    texts = {"script": Markup(script), "script_digest": _digest(script), "language": language.replace("_", "-")}
    return environment.get_template(name).render({**shown, **texts})


def _environment(translations: NullTranslations) -> Environment:
    """Whatever a template shows is escaped, and without characters that are none, and without being told."""
    environment = Environment(
        loader=PackageLoader("orchestrator.reports"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    filters = (moment, span, marked, coloured, percent, shortened)
    environment.filters |= {one.__name__: one for one in filters}
    environment.globals |= {
        "word": lambda status: translations.gettext(spoken(status)),
        "run_word": lambda run: translations.gettext(run_word(run)),
        "curve": lambda story, name: curve(story, name, translations.gettext),
        "few": few,
        "marks": MARKS,
    }
    return environment


def _shown(value: Any) -> Any:
    cleaned = block(str(value))
    return Markup(cleaned) if isinstance(value, Markup) else cleaned


def _digest(script: str) -> str:
    """What the page's policy lets run: this script and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "–"


def percent(part: float | None) -> str:
    return "–" if part is None else f"{part * 100:.2f} %"


def shortened(where: str) -> str:
    """A task's place without the part that all of a collection's have in common."""
    return where.rpartition("/ansible_collections/")[2]


def spoken(status: Any) -> str:
    """A status as words; the catalogues know these."""
    return str(getattr(status, "value", status)).replace("_", " ")


def run_word(run: Run) -> str:
    """How a run ended, with whether it changed anything where that says something."""
    if run.status == "successful":
        return "successful, changed" if run.changed else "successful, unchanged"
    return spoken(run.status)


def few(names: Sequence[str]) -> tuple[str, int]:
    """The first names in one line, and how many are missing there; one more is not worth leaving out."""
    if len(names) <= SHOWN_HOSTS + 1:
        return ", ".join(names), 0
    return ", ".join(names[:SHOWN_HOSTS]), len(names) - SHOWN_HOSTS


def coloured(text: str) -> Markup:
    """A diff with a class for each line that is not context. Every line is escaped."""
    lines = []
    for line in text.split("\n"):
        kind = next((name for sign, name in KINDS if line.startswith(sign)), "")
        lines.append(f'<span class="{kind}">{escape(line)}</span>' if kind else str(escape(line)))
    return Markup("\n".join(lines))
