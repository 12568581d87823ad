"""The catalogues: every message has its translation, with the same placeholders, and the .mo is what the .po says."""

from __future__ import annotations

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import click
import pytest
from catalogue import messages, placeholders
from run_records import made, run, step

from orchestrator.languages import DOMAINS, LANGUAGES, locale, translations
from orchestrator.records.entities import Status
from orchestrator.reports.page import run_page

TOOL = Path(__file__).parents[3] / ".ci" / "catalogues"
OTHERS = LANGUAGES[1:]
OURS = [domain for domain in DOMAINS if domain != "click"]


def tool() -> Any:
    spec = spec_from_loader("catalogues", SourceFileLoader("catalogues", str(TOOL)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source(language: str, domain: str) -> Path:
    return locale() / language / "LC_MESSAGES" / f"{domain}.po"


def said(language: str, domain: str) -> dict[str, str]:
    """What a catalogue says, without its head."""
    found = list(tool().entries(source(language, domain).read_text(encoding="utf-8")))
    told = dict(found)
    assert len(told) == len(found), "a message stands there twice"
    del told[""]
    return told


@pytest.mark.parametrize("domain", OURS)
@pytest.mark.parametrize("language", OTHERS)
def test_every_message_has_a_translation_and_nothing_is_left_over(language: str, domain: str) -> None:
    wanted, found = messages(domain), said(language, domain)
    assert {message: where for message, where in wanted.items() if message not in found} == {}
    assert set(found) - set(wanted) == set()


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_says_something_and_has_the_same_placeholders(language: str, domain: str) -> None:
    for message, translation in said(language, domain).items():
        assert translation.strip(), message
        assert placeholders(translation) == placeholders(message), message


@pytest.mark.parametrize("language", OTHERS)
def test_the_words_of_click_are_those_that_this_click_has(language: str) -> None:
    place = Path(click.__file__).parent
    # As Python's source has it: parts of a message may stand in several lines.
    text = "".join(re.sub(r"\"\s+\"", "", file.read_text(encoding="utf-8")) for file in place.glob("*.py"))
    assert [message for message in said(language, "click") if repr(message)[1:-1] not in text] == []


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", OTHERS)
def test_what_gettext_reads_is_what_the_source_says(language: str, domain: str) -> None:
    text = source(language, domain).read_text(encoding="utf-8")
    assert source(language, domain).with_suffix(".mo").read_bytes() == tool().compiled(text)
    words = translations(language)
    assert all(words.gettext(message) == told for message, told in said(language, domain).items())


def test_a_page_in_chinese_has_chinese_words_and_what_the_records_say_as_it_is() -> None:
    about = run(step(status=Status.FAILED), status=Status.FAILED)
    page = run_page(made({"web1": "F"}, run=about), translations("zh_CN"), "zh_CN")
    for words in (
        '<html lang="zh-CN">',
        "运行 1：client-lab，provision",
        ">失败</h2>",
        "web1 says no",
        'data-changed="已更改"',
    ):
        assert words in page
    left = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]+>", " ", page, flags=re.S)
    assert not [message for message in messages("lifecycle") if len(message) > 20 and message in left]
