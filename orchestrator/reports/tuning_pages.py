"""The report of a tuning as pages: HTML in one file, Markdown with its pictures beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import NullTranslations
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from orchestrator.languages import _, told
from orchestrator.reports import pictures
from orchestrator.reports.tuning import HostReport, Measurement, TuningReport
from orchestrator.reports.words import change, figure, file_part, markdown

Gettext = Callable[[str], str]
HTML, MARKDOWN = "report.html", "report.md"
VERDICTS = {
    "better": _("Better beyond noise: the new values stay."),
    "no difference": _("No difference beyond noise: the new values stay."),
    "worse": _("Worse beyond noise: taken back, it stays as it was."),
}
STATES = _(
    "Old: what the host said before. New: what it was told to have; a container does not take every kernel parameter. "
    "State: changed, was default (the service was left to itself), service is new (it was not there before), "
    "set (what was before is not on record), as it was, kept as given (in the inventory), "
    "taken back (the old value holds), planned."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """`file`: its name beside the Markdown; `svg`: the whole of it; `words`: what it shows, for who does not see it."""

    file: str
    svg: Markup
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """A host with its pictures; `measured` has one for each of its measurements. `anchor`: its place on the page."""

    anchor: str
    host: HostReport
    budget: Picture
    measured: tuple[tuple[Measurement, Picture], ...]


def pages(report: TuningReport, words: NullTranslations | None = None, language: str = "en") -> dict[str, str]:
    """File name -> text of everything the report consists of. Raises ReportError when matplotlib is not installed."""
    gettext = (words or NullTranslations()).gettext
    hosts = [_page(number, host, gettext) for number, host in enumerate(report.hosts, start=1)]
    shown = {"report": report, "pages": hosts, "language": language.replace("_", "-")}
    files = {
        HTML: _environment(gettext, markdown_too=False).get_template("tuning.html.j2").render(shown),
        MARKDOWN: _environment(gettext, markdown_too=True).get_template("tuning.md.j2").render(shown),
    }
    for page in hosts:
        for picture in (page.budget, *(found for _measurement, found in page.measured)):
            files[picture.file] = str(picture.svg)
    return files


def _page(number: int, host: HostReport, gettext: Gettext) -> Page:
    # Numbered: names of hosts may be anything, and two may differ in what a file's name cannot hold.
    place = f"{number:02d}-{file_part(host.host)}"
    svg = pictures.budget_picture(host, f"p{place}-memory", gettext)
    title, words = (told(each(host), gettext) for each in (pictures.budget_title, pictures.budget_words))
    budget = Picture(f"{place}-memory.svg", Markup(svg), title, words)
    measured = []
    for which, one in enumerate(host.measurements, start=1):
        name = f"{place}-{which}-{file_part(one.service)}"
        svg = pictures.measurement_picture(host, one, f"p{name}", gettext)
        title = told(pictures.measurement_title(host, one), gettext)
        words = told(pictures.measurement_words(one), gettext)
        measured.append((one, Picture(f"{name}.svg", Markup(svg), title, words)))
    return Page(f"p{place}", host, budget, tuple(measured))


def _environment(gettext: Gettext, *, markdown_too: bool) -> Environment:
    """Whatever a template shows is escaped, without being told: for HTML, or for Markdown with the HTML inside it."""

    def shown(value: Any) -> Any:
        text = told(value, gettext)
        return text if isinstance(text, Markup) else markdown(str(text)) if markdown_too else text

    def said(message: str, **values: Any) -> Markup:
        """A message of the catalogues, whose own marks count, with values, whose marks do not."""
        text = Markup(gettext(message))
        if not values:
            return text
        return Markup(
            str(text)
            % {name: escape(shown(value)) if not markdown_too else shown(value) for name, value in values.items()}
        )

    def code(text: str) -> Markup:
        return Markup(f"`{text}`") if markdown_too else Markup("<code>{}</code>").format(text)

    environment = Environment(
        loader=PackageLoader("orchestrator.reports"),
        autoescape=not markdown_too,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"figure": figure, "change": change, "moment": _moment, "percent": _percent}
    environment.globals |= {"verdicts": VERDICTS, "states": STATES, "_": said, "code": code}
    environment.globals["word"] = lambda status: _(status.replace("_", " "))
    return environment


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _percent(part: float) -> str:
    return f"{part * 100:.1f} %"
