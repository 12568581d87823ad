"""Nothing that a person reads is left without a mark: it could not be translated, and nobody would see that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import orchestrator
from orchestrator import errors

PLACE = Path(orchestrator.__file__).parent
CLI = sorted((PLACE / "cli").glob("*.py"))
EVERYWHERE = sorted(file for file in PLACE.rglob("*.py") if not {"migrations", "callback"} & set(file.parts))
ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
CARRIERS = ("Advice", "Finding", "Report", "Verdict", "_verdict", "mistake", "problem", "status", "tell", "_tell")
# Two words, the second of them small: what a sentence has and a name, a format or a command's word has not.
SENTENCE = re.compile(r"[A-Za-z]{2,}[,:;]? [a-z]{2,}")
# Parameters of click that are told by other means (help), or are the same in every language.
OF_CLICK = ("help", "metavar", "envvar")


def spoken(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """The texts an expression may come to, apart from those that are marked: `_("...")`."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        yield node
    elif isinstance(node, ast.IfExp):
        yield from (*spoken(node.body), *spoken(node.orelse))
    elif isinstance(node, ast.BoolOp):
        yield from (text for value in node.values for text in spoken(value))
    elif isinstance(node, ast.BinOp):
        yield from (*spoken(node.left), *(spoken(node.right) if isinstance(node.op, ast.Add) else ()))


def words(node: ast.Constant | ast.JoinedStr) -> str:
    """The letters of a text that stand there whatever its values are."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def unmarked_errors(tree: ast.AST) -> Iterator[ast.AST]:
    """What, remedy or problems of an error that are texts without a mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            told = [*node.args[:1], *(each.value for each in node.keywords if each.arg in ("what", "remedy"))]
            yield from (text for each in told for text in spoken(each) if re.search(r"[A-Za-z]{2}", words(text)))


def unmarked_notices(tree: ast.AST) -> Iterator[ast.AST]:
    """What else carries words from below to `cli` without a mark: notices, verdicts, advice, a worker's reports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name, told = ast.unparse(node.func), [*node.args, *(each.value for each in node.keywords)]
            if name.rpartition(".")[2] in CARRIERS or name.endswith("notices.append"):
                yield from (text for each in told for text in spoken(each) if SENTENCE.search(words(text)))


def unmarked_output(tree: ast.AST) -> Iterator[ast.AST]:
    """What is said without a mark, or printed past `say`."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("say", "note", "column", "row", "echo", "secho", "print", "prompt", "confirm", "fail"):
            said = [text for each in node.args[:1] for text in spoken(each)]
            yield from (text for text in said if re.search(r"[A-Za-z]{2}", words(text)))


def sentences(tree: ast.Module) -> Iterator[ast.AST]:
    """Texts of several words anywhere, apart from marked ones, help, docstrings and the values inside of f-strings."""
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "gettext"):
            passed.update(ast.walk(node))
        elif isinstance(node, ast.keyword) and node.arg in OF_CLICK:
            passed.update(ast.walk(node.value))
        elif isinstance(node, ast.JoinedStr):
            passed.update(part for part in node.values if isinstance(part, ast.Constant))
    for node in ast.walk(tree):
        if node not in passed and isinstance(node, ast.Constant | ast.JoinedStr) and SENTENCE.search(words(node)):
            yield node


def parsed(file: Path) -> ast.Module:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    # The table of commands: its texts are translated where they are shown, and test_languages.py asks for them.
    tree.body = [
        one for one in tree.body if not (isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "COMMANDS")
    ]
    return tree


def places(file: Path, found: Iterator[ast.AST]) -> list[str]:
    return [f"{file.relative_to(PLACE)}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}" for node in found]


@pytest.mark.parametrize("file", CLI, ids=lambda file: file.stem)
def test_all_that_the_command_says_is_marked(file: Path) -> None:
    tree = parsed(file)
    assert places(file, unmarked_output(tree)) + places(file, sentences(tree)) == []


def test_all_that_errors_say_is_marked() -> None:
    assert [place for file in EVERYWHERE for place in places(file, unmarked_errors(parsed(file)))] == []


def test_all_that_notices_and_verdicts_say_is_marked() -> None:
    assert [place for file in EVERYWHERE for place in places(file, unmarked_notices(parsed(file)))] == []


@pytest.mark.parametrize("file", CLI, ids=lambda file: file.stem)
def test_only_data_for_programs_is_printed_past_say(file: Path) -> None:
    """`click.echo` knows no language: it is for JSON and for exports."""
    calls = (node for node in ast.walk(parsed(file)) if isinstance(node, ast.Call))
    echoes = [node for node in calls if getattr(node.func, "attr", "") in ("echo", "secho") and node.args]
    data = ("json.dumps(", "write(", "published.", "shown(")
    assert [ast.unparse(node) for node in echoes if not ast.unparse(node.args[0]).startswith(data)] == []


@pytest.mark.parametrize(
    "code",
    [
        "raise UsageError('it is wrong')",
        "raise UsageError(f'{x} is wrong', where='here')",
        "raise UsageError(_('it is wrong'), remedy='do it' if x else _('do not'))",
        "raise UsageError('it is' + x)",
    ],
)
def test_an_unmarked_error_is_found(code: str) -> None:
    assert list(unmarked_errors(ast.parse(code)))


@pytest.mark.parametrize("code", ["self.notices.append(f'{x} is wrong')", "Advice(Next.ASK, 'a person decides')"])
def test_an_unmarked_notice_is_found(code: str) -> None:
    assert list(unmarked_notices(ast.parse(code)))


@pytest.mark.parametrize("code", ["say('hello')", "click.echo(f'{x} is wrong')", "note('so' if x else y)"])
def test_unmarked_output_is_found(code: str) -> None:
    assert list(unmarked_output(ast.parse(code)))


@pytest.mark.parametrize("code", ["def f():\n  yield f'{x} would change'", "A = {'x': 'is there'}"])
def test_an_unmarked_sentence_is_found(code: str) -> None:
    assert list(sentences(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "raise UsageError(_('it is wrong'), where='here', remedy=_('do %(x)s') % {'x': x})",
        "raise UsageError(what)",
        "say(_('hello'))",
        "say(f'  {x}: {y}')",
        "'''It is a docstring.'''",
    ],
)
def test_what_is_marked_is_left_alone(code: str) -> None:
    tree = ast.parse(code)
    assert not [*unmarked_errors(tree), *unmarked_notices(tree), *unmarked_output(tree), *sentences(tree)]


def hidden(tree: ast.AST) -> Iterator[ast.AST]:
    """Marks in a function that uses `_` for what it does not need: there `_` is no mark any more."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inside = list(ast.walk(node))
            stored = any(
                isinstance(each, ast.Name) and each.id == "_" and isinstance(each.ctx, ast.Store) for each in inside
            )
            given = any(isinstance(each, ast.arg) and each.arg == "_" for each in inside)
            if stored or given:
                yield from (each for each in inside if isinstance(each, ast.Call) and ast.unparse(each.func) == "_")


def test_no_function_hides_the_mark_by_a_variable_of_its_name() -> None:
    assert [place for file in EVERYWHERE for place in places(file, hidden(parsed(file)))] == []


@pytest.mark.parametrize("code", ["def f():\n  a, _ = g()\n  return _('x')", "def f(x):\n  return [_('x') for _ in x]"])
def test_a_hidden_mark_is_found(code: str) -> None:
    assert list(hidden(ast.parse(code)))
