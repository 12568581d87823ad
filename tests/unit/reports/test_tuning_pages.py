"""The pages of a tuning: what stands in them, that nothing foreign gets in, and that they are read without pictures."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from tuning_records import evidence, plan, run, setting

from orchestrator.errors import ReportError
from orchestrator.languages import LANGUAGES, translations
from orchestrator.records.entities import Status
from orchestrator.reports.tuning import tuning_report
from orchestrator.reports.tuning_pages import pages
from orchestrator.reports.words import clean, figure, file_part, markdown

EVIL = "</td><script>alert('x')</script>|`[a](javascript:b)` $x^2$ \x00\x1b\u202e\ud800 &lt; _\"'\n# head"
SETTINGS = [setting("shared_buffers", "1024MB"), setting("jit", "off")]
BEFORE = {"db1": {"postgresql": {"shared_buffers": "128MB", "jit": "on"}}}


def told(number: int = 1, host: str = "db1", verdict: str = "better", **more: Any) -> Any:
    data = {
        "lifecycle_tuning": {host: plan(postgresql=SETTINGS)},
        "lifecycle_evidence": {host: {"postgresql": evidence(verdict)}},
        "lifecycle_before": BEFORE,
    }
    return run(number, **{**data, **more})


def made(*runs: Any) -> dict[str, str]:
    return pages(tuning_report("client-lab", runs))


class Reader(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def test_the_page_shows_budget_values_and_measurement_as_tables() -> None:
    found = made(told())
    assert list(found) == ["report.html", "report.md", "01-db1-memory.svg", "01-db1-1-postgresql.svg"]
    html, text = found["report.html"], found["report.md"]
    assert '<tr><th scope="row">postgresql</th><td class="number">500</td><td class="number">50.0 %</td>' in html
    row = '<tr><th scope="row">shared_buffers</th><td>128MB</td><td>1024MB</td><td>changed</td><td>because</td>'
    assert row in html
    assert "Better beyond noise: the new values stay." in html
    assert "Median 100.0 → 130.0 transactions/s, +30.0 %," in html
    assert "| shared_buffers | 128MB | 1024MB | changed | because | a book |" in text
    assert "| before | 100.0 | 101.0 | 99.00 | 100.0 |" in text
    assert "](01-db1-memory.svg)" in text
    assert "Run 1, 2026-03-04 05:06 UTC, ann@office: first tuning." in text
    assert "Nothing was measured" not in html


def test_what_could_not_be_measured_is_said_instead_of_a_p() -> None:
    none = {"after": 0.0, "ratio": 0.0, "p": 0.0, "series": {"before": [100], "after": []}, "broken": "too many"}
    found = made(told(lifecycle_evidence={"db1": {"postgresql": evidence("worse") | none}}))
    for page in (found["report.html"], found["report.md"]):
        assert "it could not be measured with the new values: too many." in page
        assert "p = " not in page


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("worse", "Worse beyond noise: taken back, it stays as it was."),
        ("no difference", "No difference beyond noise: the new values stay."),
    ],
)
def test_a_verdict_is_a_sentence(verdict: str, words: str) -> None:
    found = made(told(verdict=verdict))
    assert words in found["report.html"]
    assert words in found["report.md"]
    for page in (found["report.html"], found["report.md"]):
        assert ("the new values were taken back" in page) is (verdict == "worse")
        assert ("RAM - the rest. postgresql keeps its old values, so this is the plan" in page) is (verdict == "worse")


def test_a_plan_says_that_nothing_was_measured_and_set() -> None:
    found = made(run(4, "tune_plan", lifecycle_tuning={"db1": plan(postgresql=SETTINGS)}))
    for page in (found["report.html"], found["report.md"]):
        assert "Nothing was measured." in page
        assert "Planned by run 4" in page
        assert "Nothing of it was set" in page
    assert list(found) == ["report.html", "report.md", "01-db1-memory.svg"]


def test_a_run_that_failed_is_said_to_have() -> None:
    found = made(told(status=Status.FAILED))
    assert "The run ended as failed" in found["report.html"]
    assert "`lifecycle show 1`" in found["report.md"]


def test_a_newer_run_that_told_nothing_is_said_on_both_pages() -> None:
    found = made(run(3, status=Status.FAILED), told())
    assert "Run 3 of tune is newer, failed, and told nothing" in found["report.html"]
    assert "Run 3 of tune is newer, failed, and told nothing" in found["report.md"]


def test_two_hosts_have_two_sections_and_no_id_twice() -> None:
    both = {"db 1": plan(postgresql=SETTINGS), "db-1": plan(2000)}
    measured = {host: {"postgresql": evidence()} for host in both}
    found = made(told(lifecycle_tuning=both, lifecycle_evidence=measured))
    assert len(found) == 6
    tags = Reader(found["report.html"]).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {str(attributes["href"]) for tag, attributes in tags if tag == "a"}
    links |= set(re.findall(r"url\((#[^)]+)\)", found["report.html"]))
    assert links <= {f"#{one}" for one in ids}
    assert len([tag for tag, _ in tags if tag == "section"]) == 2


def test_the_same_records_give_the_same_files() -> None:
    assert made(told()) == made(told())
    assert not re.search(r"\b20[0-9]{2}-(?!03-04)", "".join(made(told()).values()))


def test_the_page_stands_alone() -> None:
    """No script, nothing from elsewhere, and the browser is told to load nothing."""
    tags = Reader(made(told())["report.html"]).tags
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "image", "use", "base"} - {
        "use"
    }
    assert (
        "meta",
        {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'; style-src 'unsafe-inline'"},
    ) in tags
    for _, attributes in tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name in ("xmlns", "xmlns:xlink") or "//" not in str(value)
            assert name not in ("href", "xlink:href", "src") or str(value).startswith("#")


def test_every_picture_has_words_for_who_does_not_see_it() -> None:
    found = made(told())
    for name in ("01-db1-memory.svg", "01-db1-1-postgresql.svg"):
        root = ElementTree.fromstring(found[name])
        assert root.get("role") == "img"
        title, words = (root.find(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc"))
        assert title is not None
        assert words is not None
        assert root.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
        assert markdown(str(words.text)) in found["report.md"]
    assert "reserve 100 MB, postgresql 500 MB, redis 250 MB, unassigned 150 MB" in found["01-db1-memory.svg"]
    assert "rounds before 100.0, 101.0, 99.00; after 130.0, 131.0, 129.0" in found["01-db1-1-postgresql.svg"]


def test_the_figures_are_drawn_as_text() -> None:
    found = made(told())
    memory = "".join(ElementTree.fromstring(found["01-db1-memory.svg"]).itertext())
    assert "500 MB postgresql" in memory
    assert "transactions/s, more is better" in "".join(
        ElementTree.fromstring(found["01-db1-1-postgresql.svg"]).itertext()
    )


def test_nothing_that_a_host_says_becomes_markup() -> None:
    evil = plan(postgresql=[setting(EVIL, EVIL, EVIL)])
    evil["machine"].update(disk=EVIL, profile=EVIL)
    evil["budget"].update(arithmetic=EVIL, reserve_why=EVIL)
    evil["budget"]["shares"][EVIL] = {"mb": 0, "why": EVIL, "source": EVIL, "arithmetic": EVIL}
    found = made(
        told(
            host=EVIL,
            lifecycle_tuning={EVIL: evil},
            lifecycle_evidence={EVIL: {EVIL: {**evidence(tool=EVIL, unit=EVIL, broken=EVIL), "verdict": EVIL}}},
            lifecycle_before={EVIL: {"postgresql": {clean(EVIL): EVIL}}},
        )
    )
    html = Reader(found["report.html"])
    harmless = {tag for tag, _ in Reader(made(told())["report.html"]).tags}
    assert {tag for tag, _ in html.tags} <= harmless
    assert clean(EVIL) in html.text
    for line in found["report.md"].splitlines():
        assert "<" not in line
        assert not re.search(r"(?<!\\)`.*alert|(?<!\\)\[a\]", line)
        # As many cells as the table has: no bar of the host's own divides one.
        assert line.count("|") - line.count("\\|") in (0, 5 + 1, 6 + 1)
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in found)
    for name, text in found.items():
        text.encode()
        assert not re.search(r"[\x00-\x08\x1b\u202e]", text), name
        if name.endswith(".svg"):
            root = ElementTree.fromstring(text)
            assert not [one for one in root.iter() if one.tag.endswith("script")]


def drawn(picture: str) -> list[str]:
    """The texts that a picture shows, without the words for who does not see it."""
    return [one.text or "" for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_what_looks_like_a_formula_or_is_long_stays_words_in_a_picture() -> None:
    odd = plan()
    odd["budget"]["shares"] = {"$x^2$": {"mb": 700}, "a" * 90: {"mb": 50}}
    measured = {"db1": {"postgresql": evidence(unit="$y^2$" + "b" * 90)}}
    found = made(told(lifecycle_tuning={"db1": odd}, lifecycle_evidence=measured))
    memory = drawn(found["01-db1-memory.svg"])
    assert "700 MB $x^2$" in memory
    assert f"50 MB {'a' * 19}…" in memory
    label = next(text for text in drawn(found["01-db1-1-postgresql.svg"]) if "better" in text)
    assert label.startswith(f"$y^2${'b' * 34}…, more is better")


def test_without_the_library_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ReportError, match=r"pictures of a report need matplotlib; .*pip install .*\[report\]"):
        made(told())


def test_words_are_one_line_and_files_have_plain_names() -> None:
    assert clean("a\r\n\tb\x07\u202ec") == "a b\ufffd\ufffdc"
    assert markdown("shared_buffers a|b <b> *c* _d_ & `e`") == (
        "shared_buffers a\\|b &lt;b&gt; \\*c\\* \\_d\\_ &amp; \\`e\\`"
    )
    assert [file_part(name) for name in ("Db_1.Example", "../../x", "§")] == ["db-1-example", "x", "host"]
    assert [figure(value) for value in (1234.5, 123.45, 12.345, 0.05)] == ["1234", "123.5", "12.35", "0.050"]


def test_both_pages_and_the_pictures_are_in_chinese_and_what_hosts_said_is_as_it_is() -> None:
    report = tuning_report("client-lab", [told(verdict="worse", status=Status.FAILED)])
    found = pages(report, translations("zh_CN"), "zh_CN")
    assert list(found) == list(pages(report))
    html, text = found["report.html"], found["report.md"]
    for page in (html, text):
        for words in (
            "client-lab 的调优",
            "变差超出噪声：已撤回，保持原样。",
            "中位数 100.0 → 50.00 transactions/s",
            "运行以“失败”结束",
            "之前",
            "because",
            "a book",
        ):
            assert words in page
    assert '<html lang="zh-CN">' in html
    assert "<code>lifecycle show 1</code> 说明原因。" in html
    assert "`lifecycle show 1` 说明原因。" in text
    assert "| 设置项 | 旧值 | 试用值 | 状态 | 理由 | 来源 |" in text
    assert "越大越好" in found["01-db1-1-postgresql.svg"]
    assert "MB 未分配" in found["01-db1-memory.svg"]
    left = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)
    assert not re.findall(r"(?<![\w(])[A-Z][a-z]+ [a-z]+ [a-z]+", left)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_foreign_becomes_markup_in_any_language(language: str) -> None:
    found = pages(
        tuning_report(EVIL, [told(host=EVIL, lifecycle_before={}, lifecycle_evidence={})]),
        translations(language),
        language,
    )
    assert "<script>" not in found["report.html"]
    assert "<script>" not in found["report.md"]
    assert not re.search(r"(?<!\\)\]\(javascript", found["report.md"])
