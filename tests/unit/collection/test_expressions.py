"""Compiled expressions are kept for the next process: the collection's own, where nobody else may write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible._internal._datatag._tags import Origin
from ansible._internal._templating._jinja_bits import AnsibleEnvironment
from ansible.template import Templar, trust_as_template
from ansible_collections.impl.lifecycle.plugins.plugin_utils import expressions

OURS = f"{expressions.COLLECTION}roles/nginx/tasks/main.yml"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory into which the environment of Ansible's templates looks, for the time of a test."""
    for name in ("compile", "compile_expression"):
        monkeypatch.setattr(AnsibleEnvironment, name, getattr(AnsibleEnvironment, name))
    directory = tmp_path / "expressions"
    expressions.install(directory)
    return directory


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Jinja compiled, as the code it generated."""
    seen: list[str] = []
    compile_code = AnsibleEnvironment._compile

    def note(self: Any, source: str, filename: str) -> Any:
        seen.append(source)
        return compile_code(self, source, filename)

    monkeypatch.setattr(AnsibleEnvironment, "_compile", note)
    return seen


def written_in(path: str, text: str) -> str:
    return Origin(path=path, line_num=1, col_num=1).tag(trust_as_template(text))


def render(text: str, **variables: Any) -> Any:
    return Templar(loader=None, variables=variables).template(text)


def evaluate(text: str, **variables: Any) -> Any:
    return Templar(loader=None, variables=variables).evaluate_expression(text)


@pytest.mark.parametrize(("ask", "text"), [(render, "{{ number + 1 }}"), (evaluate, "number + 1")])
def test_what_was_compiled_once_is_not_compiled_again(
    kept: Path, parsed: list[str], ask: Callable[..., Any], text: str
) -> None:
    assert ask(written_in(OURS, text), number=1) == 2
    assert len(parsed) == 1
    assert len(list(kept.iterdir())) == 1
    assert ask(written_in(OURS, text), number=2) == 3
    assert len(parsed) == 1


def test_an_expression_and_a_template_of_the_same_words_are_two(kept: Path) -> None:
    assert render(written_in(OURS, "{{ 'one' }}")) == "one"
    assert evaluate(written_in(OURS, "{'one': 1}")) == {"one": 1}
    assert render(written_in(OURS, "{'one': {{ 1 }}}")) == "{'one': 1}"
    assert len(list(kept.iterdir())) == 3


def test_backslashes_are_read_as_the_caller_said(kept: Path) -> None:
    text = written_in(OURS, r"{{ 'a\\b' }}")
    escaped = Templar(loader=None, variables={}).template(text)
    assert escaped == Templar(loader=None, variables={}).template(text)
    first = Templar(loader=None, variables={}).template(text, escape_backslashes=False)
    assert first != escaped
    assert Templar(loader=None, variables={}).template(text, escape_backslashes=False) == first
    assert len(list(kept.iterdir())) == 2


@pytest.mark.parametrize("origin", ["/srv/site/group_vars/all.yml", None])
def test_words_of_a_site_are_not_written_anywhere(kept: Path, origin: str | None) -> None:
    text = "pass{{ number }}word"
    assert render(written_in(origin, text) if origin else trust_as_template(text), number=1) == "pass1word"
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("spoil", [lambda data: data[: len(data) // 2], lambda _: b"", lambda data: data[::-1]])
def test_a_spoiled_file_is_as_good_as_none(kept: Path, parsed: list[str], spoil: Callable[[bytes], bytes]) -> None:
    text = written_in(OURS, "{{ number * 3 }}")
    render(text, number=1)
    (file,) = kept.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert render(text, number=2) == 6
    assert len(parsed) == 2
    assert render(text, number=3) == 9
    assert len(parsed) == 2


def test_a_directory_that_is_gone_costs_time_and_nothing_else(kept: Path) -> None:
    kept.rmdir()
    assert render(written_in(OURS, "{{ number }}"), number=1) == 1


def test_a_mistake_is_told_as_ever(kept: Path) -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="Syntax error in template"):
            render(written_in(OURS, "{{ number + }}"), number=1)
        with pytest.raises(Exception, match="Syntax error in expression"):
            evaluate(written_in(OURS, "number +"), number=1)
    assert list(kept.iterdir()) == []


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_directory_others_may_write_into_is_refused(tmp_path: Path, mode: int) -> None:
    directory = tmp_path / "expressions"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(PermissionError, match="nobody else may write"):
        expressions.Expressions(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(PermissionError, match="has to belong to the user"):
        expressions.Expressions(tmp_path)


def test_too_many_files_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "expressions"
    directory.mkdir(mode=0o700)
    for number in range(3):
        (directory / str(number)).touch()
    monkeypatch.setattr(expressions, "MOST_FILES", 2)
    expressions.Expressions(directory)
    assert list(directory.iterdir()) == []
