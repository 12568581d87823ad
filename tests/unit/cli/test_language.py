"""Which language `lifecycle` speaks, and that its help is in that language to the last line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from orchestrator import languages
from orchestrator.cli.language import wanted
from orchestrator.cli.main import invoke, lifecycle
from orchestrator.cli.translated import paragraphs, wrapped
from orchestrator.cli.words import column, width
from orchestrator.errors import ExitCode, UsageError
from orchestrator.languages import LANGUAGES, speak


def catalogue() -> Any:
    spec = spec_from_file_location("catalogue", Path(__file__).parents[1] / "reports" / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMMANDS = [(" ".join(words), command) for words, command in catalogue().commands()]
# Words of a help that are the same in every language come at most in pairs, such as `ssh COMMAND`.
ENGLISH = re.compile(r"(?<![\w`/-])[A-Za-z][a-z]+,?(?: [a-z]{2,},?){2,}")


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    speak(LANGUAGES[0])


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ([], {}, "en"),
        (["--lang", "zh_CN", "history"], {}, "zh_CN"),
        (["--lang=zh_CN", "history"], {"LIFECYCLE_LANG": "en"}, "zh_CN"),
        (["--help", "--lang", "zh_CN"], {}, "zh_CN"),
        (["report", "3", "--lang", "zh_CN"], {"LC_ALL": "C"}, "zh_CN"),
        (["--lang", "zh_CN", "report", "--lang", "en"], {}, "en"),
        (["lab", "shell", "db1", "--", "--lang", "zh_CN"], {}, "en"),
        (["lab", "shell", "db1", "tool", "--lang", "french"], {"LANG": "zh_CN"}, "zh_CN"),
        (["--lang", "en"], {"LIFECYCLE_LANG": "french"}, "en"),
        ([], {"LIFECYCLE_LANG": "zh_CN", "LC_ALL": "C"}, "zh_CN"),
        ([], {"LIFECYCLE_LANG": "", "LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ([], {"LC_MESSAGES": "zh_Hans_SG.UTF-8", "LANG": "de_DE"}, "zh_CN"),
        ([], {"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ([], {"LC_ALL": "", "LC_MESSAGES": "zh_CN.GB18030"}, "zh_CN"),
        ([], {"LANG": "zh_TW.UTF-8"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "en"),
    ],
)
def test_the_option_wins_then_the_variable_then_the_locale(
    arguments: list[str], environ: dict[str, str], language: str
) -> None:
    assert wanted(arguments, environ) == language


@pytest.mark.parametrize(
    ("arguments", "environ", "where"),
    [(["--lang", "french", "-h"], {}, "--lang"), (["history"], {"LIFECYCLE_LANG": "zh"}, "LIFECYCLE_LANG")],
)
def test_what_names_no_language_is_refused(arguments: list[str], environ: dict[str, str], where: str) -> None:
    with pytest.raises(UsageError) as refused:
        wanted(arguments, environ)
    assert refused.value.where == where


@pytest.mark.parametrize("arguments", [["--lang", "french", "history"], ["report", "1", "--lang", "french"]])
def test_a_wrong_language_gets_one_line_and_exit_code_one(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(lifecycle, arguments) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "french" in said.err
    assert "zh_CN" in said.err


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS])
def test_no_line_of_help_is_english_in_chinese(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(lifecycle, ["--lang", "zh_CN", *words.split(), "--help"]) == ExitCode.DONE
    text = capsys.readouterr().out
    assert text.startswith("用法: lifecycle")
    assert "显示此帮助并退出。" in text
    assert [line for line in text.splitlines()[1:] if ENGLISH.search(line)] == []
    assert max(width(line) for line in text.splitlines() if not line.isascii()) <= 80


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS])
def test_help_is_english_again_afterwards(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    invoke(lifecycle, ["--lang", "zh_CN", *words.split(), "--help"])
    capsys.readouterr()
    invoke(lifecycle, [*words.split(), "--help"])
    text = capsys.readouterr().out
    assert text.isascii()
    assert "Show this message and exit." in text


def test_every_paragraph_of_help_is_told_apart() -> None:
    assert paragraphs("One\n    line.\n\n    Another.\n") == ["One line.", "Another."]


def test_chinese_is_broken_anywhere_but_not_before_a_full_stop() -> None:
    assert list(wrapped("一二三四五。六", 10)) == ["一二三四", "五。六"]
    assert list(wrapped("用 --start-slot 启动（几分钟）", 16)) == ["用 --start-slot", "启动（几分钟）"]
    assert list(wrapped("环境  [必需]", 6)) == ["环境", "[必需]"]
    assert list(wrapped("一二三四  [必需]", 11)) == ["一二三四", "[必需]"]
    assert "".join(wrapped("（（a（ b] [x>=1]（", 4)) == "（（a（b][x>=1]（"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run"], "缺少参数"),
        (["histoy"], "没有命令"),
        (["history", "--limit", "0"], "不在范围"),
        (["history", "--bogus"], "没有选项"),
        (["history", "--status", "fine"], "的值无效"),
        (["show", "1", "2"], "多余的参数"),
    ],
)
def test_click_complains_in_chinese(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(lifecycle, ["--lang", "zh_CN", *arguments]) == ExitCode.REFUSED
    assert complaint in capsys.readouterr().err


def test_english_reads_no_catalogue(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def unwanted(_language: str) -> Any:
        raise AssertionError("a catalogue was read")

    monkeypatch.setattr(languages, "translations", unwanted)
    assert invoke(lifecycle, ["run", "--help"]) == ExitCode.DONE
    assert "Run PHASE after PHASE" in capsys.readouterr().out


def test_english_does_not_load_what_only_chinese_needs() -> None:
    code = (
        "import sys; before = set(sys.modules); from orchestrator.cli.main import invoke, lifecycle;"
        "invoke(lifecycle, ['--help']);"
        "sys.exit(bool({'orchestrator.cli.translated', 'pathlib', 'unicodedata'} & (set(sys.modules) - before)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_the_environment_that_children_inherit_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import os; from orchestrator.cli.main import invoke, lifecycle; before = dict(os.environ);"
        "invoke(lifecycle, ['--lang', 'zh_CN', '--help']); assert dict(os.environ) == before"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_columns_count_the_cells_of_a_terminal() -> None:
    assert column("host", 6) == "host  "
    assert column("主机", 6) == "主机  "
    assert column("主机", 6, right=True) == "  主机"
    assert column("主机与任务", 6) == "主机与任务"
