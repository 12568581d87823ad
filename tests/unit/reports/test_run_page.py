"""The page of a run: its parts, that it stands alone, and that nothing which hosts say becomes markup."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from run_records import ACTOR, DIFF, answer, later, made, outcomes, release, release_step, run, step, task, texts, told

from orchestrator.records.contents import digest
from orchestrator.records.entities import Approval, Evidence, HostTotals, Status, StoredPlan
from orchestrator.reports.environment_report import environment_report
from orchestrator.reports.page import coloured, environment_page, few, run_page
from orchestrator.reports.release_story import release_story

EVIL = "</pre></script><script>alert('x')</script><img src=x onerror=alert(1)>\"' {{ 7*7 }} %(x)s \x00\x1b\u202e\ud800"
VOID = {"meta", "br", "input", "rect", "path", "circle", "polyline"}
STORY = release_story(
    release(),
    [release_step(1, "stage", 0), release_step(2, "widen", 10), release_step(4, "roll_back", 0)],
    [told(2, (1, 100), (5, 10)), told(3, (2, 200), (9, 20))],
    [Evidence(1, 1, "guard", "HARM", "edge1: too many", later(9), run_id=1, content='{"odds": 340}')],
)


class Reader(HTMLParser):
    """What a browser would make of the page; `open` has to be empty at the end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


def everything(**more: Any) -> str:
    """A page with all its parts."""
    output = answer(rc=3, stderr="the reason behind")
    found = outcomes({"web1": ".CF", "web2": ".CF", "web3": ".C."}, diff=digest(DIFF), output=digest(output))
    hosts = {"web1": HostTotals(ok=1, failed=1), "web2": HostTotals(ok=1, failed=1), "web3": HostTotals(ok=2)}
    about: dict[str, Any] = {
        "run": run(step(hosts=hosts, status=Status.FAILED, data={"lifecycle_x": {"answer": 42}}), status=Status.FAILED),
        "plan": StoredPlan(1, "abcdef", 2, (Approval(1, "abcdef", "bob@office", later(0), later(99), "fine"),)),
        "outcomes": found,
        "texts": texts(DIFF, output),
        "releases": [STORY],
        **more,
    }
    return run_page(made({"web1": ".CF", "web2": ".CF", "web3": ".C."}, **about))


def test_the_head_says_who_what_when_how_and_from_what() -> None:
    text = " ".join(" ".join(Reader(everything()).text).split())
    for words in (
        "Run 1: client-lab, provision", "failed", "started 2026-03-04 05:06:07 UTC", "took 1:00 min",
        "operator ann@office", "reason first delivery", "commit c0ffee , with uncommitted changes",
        "inventory /srv/client-lab sha256:d16e57", "ansible-core 2.19.1", "2 changes sha256:abcdef",
        "approved by bob@office",
    ):  # fmt: skip
        assert words in text, words


def test_the_parts_stand_in_the_order_in_which_they_are_asked_for() -> None:
    page = Reader(everything())
    assert [one["id"] for one in page.named("h2")] == [
        "failures", "time-line", "matrix", "differences", "release", "evidence", "told-by-phases",
    ]  # fmt: skip
    assert [one["href"] for one in page.named("a")[1:]] == [f"#{one['id']}" for one in page.named("h2")]


def test_a_failure_is_told_with_message_cause_and_place() -> None:
    page = everything(
        outcomes=outcomes({"a": "F"}, message="no way", output=digest(answer(stderr="because"))),
        texts=texts(answer(stderr="because")),
    )
    part = page[page.index('<article class="failure"') : page.index("</article>")]
    assert "<h3>Task 1</h3>" in part
    assert "<pre>no way</pre>" in part
    assert "<pre>stderr: because</pre>" in part
    assert "<code>/srv/site.yml:10</code>" in part
    assert "as it stood then" not in part


def test_a_failure_is_told_with_the_text_of_its_task_as_it_stood() -> None:
    kept = replace(task(1), source="- name: <b>\n  copy: \u202e")
    page = everything(outcomes=outcomes({"a": "F"}), tasks=[kept])
    part = page[page.index('<article class="failure"') : page.index("</article>")]
    assert "<pre>- name: &lt;b&gt;\n  copy: \ufffd</pre>" in part


def test_hosts_that_failed_alike_are_one_failure_and_one_row() -> None:
    page = everything(outcomes=outcomes({"web1": ".CF", "web2": ".CF", "web3": ".C."}, message="no"))
    assert page.count("<article") == 1
    assert re.findall(r'<th scope="row">\s*<span class="hosts">(.*?)</span>', page) == ["web1, web2", "web3"]


def test_lines_of_a_difference_have_their_kind() -> None:
    assert str(coloured(DIFF)).split("\n") == [
        '<span class="file">--- before</span>', '<span class="file">+++ after</span>',
        '<span class="place">@@ -1 +1 @@</span>', '<span class="gone">-old line</span>',
        '<span class="added">+new line</span>', " same line",
    ]  # fmt: skip


def test_the_page_is_whole_has_a_language_captions_and_no_id_twice() -> None:
    page = Reader(everything())
    assert page.open == []
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("caption")) == len(page.named("table"))
    assert len(page.named("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(
        one["tabindex"] == "0" and one["aria-label"] for one in page.named("div") if "wide" in str(one.get("class"))
    )


def test_the_page_loads_nothing_and_lets_only_its_own_script_run() -> None:
    text = everything()
    page = Reader(text)
    (policy,) = [str(one["content"]) for one in page.named("meta") if one.get("http-equiv")]
    script = text[text.rindex("<script>") + 8 : text.rindex("</script>")]
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{known}';")
    assert len(page.named("script")) == 1
    assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "image", "use", "base", "form"}
    assert not re.search(r"url\(|@import", text)
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("href", "src") or str(value).startswith("#")


def test_nothing_that_anybody_says_becomes_markup() -> None:
    """Planted in every text of the records, on both pages: it is there to be read, and no tag or attribute more."""
    found = outcomes(
        {EVIL: "F", f"{EVIL}2": "C", f"{EVIL}3": "I"}, message=EVIL, diff=digest(f"+{EVIL}"[:-1]), output="o"
    )
    story = release_story(
        release(previous=EVIL, reason=EVIL, artifact_sha256=EVIL),
        [release_step(1, "stage", 0, reason=EVIL)],
        [told(2, (1, 100), (5, 10))],
        [Evidence(1, 1, EVIL, EVIL, EVIL, later(9), run_id=1, content=EVIL)],
    )  # fmt: skip
    about = run(
        step(1, EVIL, hosts={EVIL: HostTotals(failed=1)}, data={EVIL: {EVIL: EVIL}}),
        environment=EVIL, environment_path=EVIL, reason=EVIL, git_commit=EVIL, inventory_digest=EVIL,
        versions={EVIL: EVIL}, resumes=1, applies=1,
    )  # fmt: skip
    evil_task = task(1, EVIL)
    page = run_page(
        made(
            {EVIL: "F"},
            run=about,
            plan=StoredPlan(1, EVIL, 1, (Approval(1, EVIL, EVIL, later(0), later(1), EVIL),)),
            tasks=[evil_task.__class__(1, 1, "t1", EVIL, EVIL, EVIL, EVIL)],
            outcomes=found,
            texts={str(digest(f"+{EVIL}"[:-1])): f"+{EVIL}", "o": answer(stderr=EVIL + EVIL)},
            releases=[story],
        )
    )
    other = environment_page(environment_report(EVIL, [about], [], [story]))
    harmless = {tag for tag, _ in Reader(everything()).tags} | {"article"}
    for text in (page, other):
        read = Reader(text)
        assert read.open == []
        assert {tag for tag, _ in read.tags} <= harmless
        assert len(read.named("script")) == 1
        assert not [
            name for _, attributes in read.tags for name in attributes if name.startswith("on") or name == "src"
        ]
        assert "alert('x')" in "".join(read.text)
        assert "{{ 7*7 }} %(x)s" in "".join(read.text)
        assert not re.search(r"[\x00-\x08\x1b\u202e\ud800]", text)
        text.encode()


def test_a_run_of_which_nobody_knows_says_so_instead_of_all_is_well() -> None:
    page = run_page(made(run=run(status=Status.LOST)))
    assert "nobody knows what the hosts are like" in page
    assert "nobody knows" not in run_page(made())


def test_many_hosts_are_a_few_names_and_the_rest_one_click_away() -> None:
    assert few(["a", "b", "c", "d"]) == ("a, b, c, d", 0)
    assert few(["a", "b", "c", "d", "e"]) == ("a, b, c", 2)
    hosts = {f"web{number:02d}": "." for number in range(20)}
    assert "<summary>web00, web01, web02 and 17 more</summary>" in run_page(made(hosts))


def test_the_same_records_give_the_same_page() -> None:
    assert everything() == everything()


def test_a_release_is_drawn_with_both_curves_and_told_in_words() -> None:
    page = everything()
    picture = page[page.index('<svg viewBox="0 0 400') : page.index("</figure>")]
    assert 'role="img"' in picture
    assert "users on the candidate: 05:06:07 0 %, 05:08:07 10 %, 05:10:07 0 %." in picture
    assert "stable 2/200, candidate 9/20" in picture
    assert picture.count("<polyline") == 2
    assert '<td class="number">9 / 20</td><td class="number">45.00 %</td>' in page
    assert ACTOR.operator in page
