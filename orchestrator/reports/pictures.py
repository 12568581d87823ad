"""The pictures of a report, as SVG. Pure: the same figures give the same text. Only this module knows matplotlib."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from orchestrator.errors import ReportError
from orchestrator.extras import advice
from orchestrator.languages import Phrase, _, joined, told
from orchestrator.reports.svg import tidy
from orchestrator.reports.words import change, figure, short

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from orchestrator.reports.tuning import HostReport, Measurement

Gettext = Callable[[str], str]

# Colours that people with any colour vision tell apart (Okabe, Ito: Color Universal Design, jfly.uni-koeln.de/color).
# Services that do the same work, and hardly share a host, share a colour; the hatch tells them apart.
LOOKS: Final = {
    "reserve": ("#999999", "///"),
    "tomcat": ("#E69F00", ""),
    "wildfly": ("#E69F00", "xx"),
    "postgresql": ("#0072B2", ""),
    "mariadb": ("#0072B2", "xx"),
    "redis": ("#D55E00", ""),
    "memcached": ("#D55E00", "xx"),
    "nginx": ("#009E73", ""),
    "apache": ("#009E73", "xx"),
    "monitoring": ("#CC79A7", ""),
    "page_cache": ("#56B4E9", ""),
    "unassigned": ("#FFFFFF", ""),
}
OTHER_LOOK: Final = ("#F0E442", "")
DARK: Final = frozenset(("#0072B2", "#D55E00", "#009E73"))
VERDICTS: Final = {"better": _("better"), "no difference": _("no difference"), "worse": _("worse")}
BEFORE, AFTER = "#999999", "#56B4E9"
WIDTH_INCHES: Final = 9.0
COLUMNS: Final = 4
# What a column has room for; the table beside the picture has the whole name.
LETTERS: Final = 20
# Of the bar's width, about what one letter takes.
LETTER: Final = 0.011
SETTINGS: Final[dict[Any, Any]] = {
    # Text stays text: it is searched, read out, and takes the reader's own font.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
    "font.size": 10,
    "hatch.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


def budget_picture(host: HostReport, name: str, gettext: Gettext = str) -> str:
    """The host's memory as one stacked bar. `name` is the picture's own on its page: its ids are made from it.

    Raises ReportError when matplotlib is not installed.
    """
    rows = -(-len(host.slices) // COLUMNS)
    title, words = (told(each(host), gettext) for each in (budget_title, budget_words))
    return _drawn(lambda sheet: _budget(sheet, host, gettext), 1.9 + 0.2 * rows, name, title, words)


def measurement_picture(host: HostReport, one: Measurement, name: str, gettext: Gettext = str) -> str:
    """Medians as bars from zero, every round as a dot on them. As `budget_picture` otherwise."""
    title, words = told(measurement_title(host, one), gettext), told(measurement_words(one), gettext)
    return _drawn(lambda sheet: _measurement(sheet, one, gettext), 2.3, name, title, words)


def budget_title(host: HostReport) -> Phrase:
    return _("Memory of %(host)s") % {"host": host.host}


def budget_words(host: HostReport) -> Phrase:
    """What the bar shows, for those who do not see it."""
    slices = joined(", ", (joined("", (one.shown, f" {one.mb} MB")) for one in host.slices))
    return _("%(ram)s MB of RAM from left to right: %(slices)s.") % {"ram": host.ram_mb, "slices": slices}


def measurement_title(host: HostReport, one: Measurement) -> Phrase:
    return _("%(service)s on %(host)s before and after") % {"service": one.service, "host": host.host}


def measurement_words(one: Measurement) -> Phrase:
    """The verdict, and every round."""
    percent = change(one.ratio)
    text = _(
        "%(verdict)s: median %(median_before)s before, %(median_after)s %(unit)s after%(by)s; "
        "rounds before %(before)s; after %(after)s."
    )
    return text % {
        "verdict": VERDICTS.get(one.verdict, one.verdict),
        "median_before": figure(one.median_before),
        "median_after": figure(one.median_after),
        "unit": one.unit,
        "by": f" ({percent})" if percent else "",
        "before": ", ".join(map(figure, one.before)),
        "after": ", ".join(map(figure, one.after)),
    }


def _drawn(draw: Any, height: float, name: str, title: str, words: str) -> str:
    try:
        # The first import of all looks for fonts, and would tell everybody so.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ReportError(_("pictures of a report need matplotlib"), remedy=advice("report")) from error
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A letter that matplotlib's own font has not is drawn by the reader's font.
        warnings.simplefilter("ignore", UserWarning)
        # What somebody has set up for their own plots must not change the page.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**SETTINGS, "svg.hashsalt": name})
        sheet = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
        draw(sheet)
        text = io.StringIO()
        sheet.savefig(text, format="svg")
    return tidy(text.getvalue(), name, title, words)


def _budget(sheet: Figure, host: HostReport, gettext: Gettext) -> None:
    axes = sheet.add_subplot()
    left, bars = 0, []
    for one in host.slices:
        colour, hatch = LOOKS.get(one.name, OTHER_LOOK)
        bar = axes.barh(0, one.mb, left=left, color=colour, hatch=hatch, edgecolor="black", linewidth=0.6)
        bars.append(bar.patches[0])
        if len(one.name) * LETTER < one.part and one.name in LOOKS and not hatch:
            ink = "white" if colour in DARK else "black"
            middle = {"ha": "center", "va": "center", "color": ink}
            axes.text(left + one.mb / 2, 0, one.name, parse_math=False, **middle)  # type: ignore[arg-type]
        left += one.mb
    axes.set_xlim(0, max(left, host.ram_mb))
    axes.set_yticks([])
    axes.set_xlabel("MB")
    labels = [f"{one.mb} MB {short(told(one.shown, gettext), LETTERS)}" for one in host.slices]
    legend = sheet.legend(bars, labels, loc="outside lower center", ncols=COLUMNS, frameon=False, fontsize=9)
    for text in legend.get_texts():
        # Between two dollars matplotlib would read a formula.
        text.set_parse_math(False)


def _measurement(sheet: Figure, one: Measurement, gettext: Gettext) -> None:
    axes = sheet.add_subplot()
    rows = ((1, BEFORE, one.median_before, one.before), (0, AFTER, one.median_after, one.after))
    for row, colour, median, rounds in rows:
        axes.barh(row, median, height=0.7, color=colour, edgecolor="black", linewidth=0.6)
        # One below the other in the order they were measured, so that equal ones do not hide each other.
        places = [row + 0.25 - 0.5 * (number + 0.5) / len(rounds) for number in range(len(rounds))]
        axes.scatter(rounds, places, s=26, color="white", edgecolors="black", linewidths=1.1, zorder=3, clip_on=False)
    axes.set_yticks([1, 0], [told(_("before"), gettext), told(_("after"), gettext)])
    axes.tick_params(axis="y", length=0)
    better = _("more is better") if one.higher_is_better else _("less is better")
    text = _("%(unit)s, %(better)s; bar: median, dots: rounds from top to bottom")
    label = text % {"unit": short(one.unit, 2 * LETTERS), "better": better}
    axes.set_xlabel(told(label, gettext), parse_math=False)
    axes.set_xlim(0, max(*one.before, *one.after, one.median_before, one.median_after, 1e-9) * 1.05)
