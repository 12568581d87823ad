"""What an expand script would break while the version before still serves: text -> findings, nothing is run or read.

The scripts run before the new version starts. Whatever they take away, the version before misses at once, and so does
everybody who is taken back to it. PostgreSQL's grammar by sqlglot: a statement that is not positively known to be
harmless is refused or told as not understood, never passed over.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlglot import Dialect, exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from orchestrator.languages import _

CONTRACT: Final = _("move it to database.contract")
NEW_BESIDE_OLD: Final = _("add the new one beside it, and drop the old in database.contract")
# It warns of statements it does not understand; here they are findings.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

# A finding shows the statement's beginning; the file and line lead to the rest.
SHOWN: Final = 80

# What sqlglot takes as it is without parsing it, and PostgreSQL documents as adding something or for the session only.
HARMLESS: Final = re.compile(
    r"set\s+role\b|reset\b|create\s+extension\b|alter\s+type\s+\S+\s+add\s+value\b"
    r"|alter\s+table\s+\S+\s+validate\s+constraint\b",
    re.IGNORECASE,
)
# Statements that add or only read; what is inside them is looked at as well.
ADDING: Final = (
    exp.Select,
    exp.SetOperation,
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Set,
    exp.Comment,
    exp.Grant,
    exp.Analyze,
)
CONCURRENTLY: Final = re.compile(r"create\s+(?:unique\s+)?index\s+concurrently\b", re.IGNORECASE)


class Kind(StrEnum):
    """How bad a finding is."""

    DESTRUCTIVE = "destructive"
    NOT_UNDERSTOOD = "not understood"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement of a script that is not plainly harmless. `line` counts from 1."""

    kind: Kind
    line: int
    statement: str
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written, with the line it begins on."""

    line: int
    text: str
    tokens: tuple[Token, ...]


Trouble = tuple[Kind, str, str]
UNKNOWN: Final[Trouble] = (Kind.NOT_UNDERSTOOD, _("not understood, so not checked"), "")


def findings(text: str) -> tuple[Finding, ...]:
    """Everything in an expand script that the version before might not live with, in the order of the lines."""
    dialect = Dialect.get_or_raise("postgres")
    text, found = _without_psql(text)
    try:
        statements = _statements(text, dialect.tokenize(text))
    except TokenError:
        found.append(Finding(Kind.NOT_UNDERSTOOD, 1, _shown(text), UNKNOWN[1]))
        return tuple(found)
    own, fresh = set[str](), set[str]()
    for statement in statements:
        tree = _tree(dialect, statement)
        troubles = [UNKNOWN] if tree is None else list(_troubles(tree, statement.text, own, fresh))
        found += [Finding(kind, statement.line, _shown(statement.text), what, way) for kind, what, way in troubles]
        if isinstance(tree, exp.Create) and tree.kind == "TABLE":
            fresh.add(_name(tree.this))
            # `IF NOT EXISTS` may find the table of an older version.
            if not tree.args.get("exists"):
                own.add(_name(tree.this))
    found += _not_alone(statements)
    return tuple(sorted(found, key=lambda finding: finding.line))


def _without_psql(text: str) -> tuple[str, list[Finding]]:
    """The script with lines of psql's own commands emptied, and those lines as findings: they are no SQL."""
    lines, found = text.splitlines(), []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("\\"):
            found.append(Finding(Kind.NOT_UNDERSTOOD, number + 1, _shown(line), _("a psql command, so not checked")))
            lines[number] = ""
    return "\n".join(lines), found


def _statements(text: str, tokens: Sequence[Token]) -> list[Statement]:
    made, collected = [], list[Token]()
    for token in (*tokens, None):
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            collected.append(token)
        elif collected:
            first, last = collected[0], collected[-1]
            line = text.count("\n", 0, first.start) + 1
            made.append(Statement(line, text[first.start : last.end + 1], tuple(collected)))
            collected = []
    return made


def _tree(dialect: Dialect, statement: Statement) -> exp.Expr | None:
    """The statement as sqlglot understands it; None when it does not."""
    if any(token.token_type is TokenType.BACKSLASH for token in statement.tokens):
        return None
    try:
        parsed = dialect.parser().parse(list(statement.tokens), statement.text)
    except ParseError:
        return None
    return parsed[0] if len(parsed) == 1 else None


def _troubles(tree: exp.Expr, text: str, own: set[str], fresh: set[str]) -> Iterator[Trouble]:
    """What is wrong with one statement. `own`: tables this script makes; `fresh`: those it makes or finds made."""
    yield from _inside(tree, own)
    if isinstance(tree, exp.Drop):
        if not _names(tree) <= own:
            yield _gone(
                _("%(kind)s %(names)s is dropped")
                % {"kind": tree.kind.lower() if tree.kind else _("something"), "names": ", ".join(sorted(_names(tree)))}
            )
    elif isinstance(tree, exp.TruncateTable):
        yield _gone(_("every row is removed"))
    elif isinstance(tree, exp.Revoke):
        yield _gone(_("the version before may need this right"))
    elif isinstance(tree, exp.Alter):
        yield from _alter(tree, own)
    elif isinstance(tree, exp.Create):
        yield from _create(tree, fresh)
    elif isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
        what = _("it ends or splits the transaction in which the script is run whole or not at all")
        yield Kind.DESTRUCTIVE, what, _("take it out")
    elif isinstance(tree, exp.Command):
        yield from _command(text)
    elif not isinstance(tree, ADDING):
        yield UNKNOWN


def _inside(tree: exp.Expr, own: set[str]) -> Iterator[Trouble]:
    """UPDATE and DELETE without a condition, wherever they stand: also in a WITH."""
    for change in tree.find_all(exp.Delete, exp.Update):
        where = change.args.get("where")
        if (where is None or isinstance(where.this, exp.Boolean)) and _name(change.this) not in own:
            verb = _("removed") if isinstance(change, exp.Delete) else _("changed")
            yield (
                Kind.DESTRUCTIVE,
                _("every row of %(name)s is %(verb)s: there is no WHERE") % {"name": _name(change.this), "verb": verb},
                _("say which rows, or %(contract)s") % {"contract": CONTRACT},
            )


def _alter(tree: exp.Alter, own: set[str]) -> Iterator[Trouble]:
    if _name(tree.this) in own:
        return
    # sqlglot keeps NOT VALID for the statement as a whole: with two constraints nobody knows whose it is.
    late = tree.args.get("not_valid") and len(list(tree.find_all(exp.AddConstraint))) == 1
    for action in tree.args.get("actions") or [tree]:
        if isinstance(action, exp.Drop):
            yield _gone(
                _("%(kind)s of %(name)s is dropped")
                % {"kind": action.kind.lower() if action.kind else _("a part"), "name": _name(tree.this)}
            )
        elif isinstance(action, (exp.AlterRename, exp.RenameColumn)):
            yield _gone(
                _("the version before knows the old name"),
                _("add the new one beside it, and drop the old in database.contract"),
            )
        elif isinstance(action, exp.AlterColumn):
            yield from _alter_column(action)
        elif isinstance(action, exp.ColumnDef):
            yield from _add_column(action)
        elif isinstance(action, exp.AddConstraint):
            if not late:
                yield _constraint(_("a constraint on rows that are there"))
        else:
            yield UNKNOWN


def _alter_column(action: exp.AlterColumn) -> Iterator[Trouble]:
    if action.args.get("dtype"):
        what = _("the type of a column changes under the version before, and the table is rewritten")
        yield _gone(what, NEW_BESIDE_OLD)
    elif action.args.get("allow_null") is False:
        way = _("add CHECK (... IS NOT NULL) NOT VALID now, and SET NOT NULL in database.contract")
        yield Kind.DESTRUCTIVE, _("the version before may leave the column empty"), way
    elif action.args.get("allow_null") is None and action.args.get("drop"):
        yield _gone(_("the version before may rely on the default"))


def _add_column(column: exp.ColumnDef) -> Iterator[Trouble]:
    kinds = [constraint.kind for constraint in column.args.get("constraints") or ()]
    filled = (exp.DefaultColumnConstraint, exp.GeneratedAsIdentityColumnConstraint, exp.ComputedColumnConstraint)
    required = any(isinstance(k, exp.NotNullColumnConstraint) and not k.args.get("allow_null") for k in kinds)
    if required and not any(isinstance(kind, filled) for kind in kinds):
        what = _("the version before does not fill the new column, and its inserts would fail")
        yield Kind.DESTRUCTIVE, what, _("give it a DEFAULT, or leave NOT NULL to database.contract")
    if any(isinstance(kind, (exp.UniqueColumnConstraint, exp.PrimaryKeyColumnConstraint)) for kind in kinds):
        yield _constraint(_("a unique column, whose index is built under a lock"))


def _create(tree: exp.Create, fresh: set[str]) -> Iterator[Trouble]:
    if tree.args.get("replace"):
        yield (
            Kind.WARNING,
            _("it replaces a %(kind)s that the version before may use")
            % {"kind": tree.kind.lower() if tree.kind else _("thing")},
            "",
        )
    if tree.kind != "INDEX":
        return
    table = tree.this.args.get("table")
    if not tree.args.get("concurrently") and _name(table) not in fresh:
        way = _("use CREATE INDEX CONCURRENTLY, in a script of its own, when the table is large")
        yield Kind.WARNING, _("nobody can write to the table while the index is built"), way
    if tree.args.get("unique") and _name(table) not in fresh:
        yield _constraint(_("a unique index"))


def _command(text: str) -> Iterator[Trouble]:
    if re.match(r"drop\b", text, re.IGNORECASE):
        yield _gone(_("something is dropped"))
    elif not HARMLESS.match(text):
        yield UNKNOWN


def _not_alone(statements: Sequence[Statement]) -> Iterator[Finding]:
    """CREATE INDEX CONCURRENTLY refuses to run in a transaction, and a script with it is run without one."""
    others = [s for s in statements if not re.match(r"set\b|reset\b", s.text, re.IGNORECASE)]
    for statement in statements:
        if CONCURRENTLY.match(statement.text) and len(others) > 1:
            what = _("CONCURRENTLY cannot run in the transaction that keeps the rest of the script whole")
            yield Finding(
                Kind.DESTRUCTIVE, statement.line, _shown(statement.text), what, _("put it in a script of its own")
            )


def _gone(what: str, remedy: str = CONTRACT) -> Trouble:
    return Kind.DESTRUCTIVE, what, remedy


def _constraint(what: str) -> Trouble:
    remedy = _("add it with NOT VALID where that exists, or %(contract)s") % {"contract": CONTRACT}
    return Kind.DESTRUCTIVE, _("%(what)s: what the version before writes may not fit") % {"what": what}, remedy


def _name(tree: exp.Expr | None) -> str:
    """The table meant, as one compares it; empty when there is none."""
    table = tree.find(exp.Table) if tree is not None else None
    return ".".join(part.name for part in table.parts).lower() if table is not None else ""


def _names(drop: exp.Drop) -> set[str]:
    """Everything that a DROP names."""
    return {name for named in drop.args.get("tables") or [drop.this] if (name := _name(named))} or {"this"}


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= SHOWN else f"{words[: SHOWN - 3]}..."
