"""The catalogues: every message has its translation, with the same placeholders, and the .mo is what the .po says."""

from __future__ import annotations

import re
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest
from catalogue import messages
from run_records import made, run, step

from orchestrator.languages import DOMAIN, LANGUAGES, LOCALE, translations
from orchestrator.records.entities import Status
from orchestrator.reports.page import run_page

TOOL = Path(__file__).parents[3] / ".ci" / "catalogues"
OTHERS = LANGUAGES[1:]


def tool() -> Any:
    spec = spec_from_loader("catalogues", SourceFileLoader("catalogues", str(TOOL)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_has_a_translation_with_the_same_placeholders_and_nothing_is_left_over(language: str) -> None:
    said = dict(tool().entries(source(language).read_text(encoding="utf-8")))
    del said[""]
    assert set(said) == set(messages())
    for message, translation in said.items():
        assert translation.strip(), message
        assert sorted(re.findall(r"%\(\w+\)s|%", translation)) == sorted(re.findall(r"%\(\w+\)s|%", message)), message


@pytest.mark.parametrize("language", OTHERS)
def test_what_gettext_reads_is_what_the_source_says(language: str) -> None:
    text = source(language).read_text(encoding="utf-8")
    assert source(language).with_suffix(".mo").read_bytes() == tool().compiled(text)
    words = translations(language)
    assert all(words.gettext(message) == said for message, said in tool().entries(text) if message)


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
    assert not [message for message in messages() if len(message) > 20 and message in left]
