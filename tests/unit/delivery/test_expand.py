"""Which statements of an expand script are refused, which are told, and which pass."""

# ruff: noqa: E501 - one statement a line reads as the table it is.

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.delivery.expand import Kind, findings

DESTRUCTIVE = {
    "DROP TABLE a": "table a is dropped",
    "DROP TABLE IF EXISTS a, b": "table a, b is dropped",
    "DROP INDEX CONCURRENTLY i": "index i is dropped",
    "DROP OWNED BY x": "something is dropped",
    "TRUNCATE a": "every row is removed",
    "DELETE FROM a": "every row of a is removed: there is no WHERE",
    "DELETE FROM a WHERE true": "every row of a is removed",
    "UPDATE a SET b = 1": "every row of a is changed: there is no WHERE",
    "WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x": "every row of a is removed",
    "ALTER TABLE a DROP COLUMN b": "column of a is dropped",
    "ALTER TABLE a ADD COLUMN c int, DROP COLUMN b": "column of a is dropped",
    "ALTER TABLE a DROP CONSTRAINT b": "constraint of a is dropped",
    "ALTER TABLE a RENAME TO b": "knows the old name",
    "ALTER TABLE a RENAME COLUMN b TO c": "knows the old name",
    "ALTER TABLE a RENAME b TO c": "knows the old name",
    "ALTER VIEW v RENAME TO w": "knows the old name",
    "ALTER TABLE a ALTER COLUMN b TYPE bigint": "the type of a column changes",
    "ALTER TABLE a ALTER b SET DATA TYPE bigint USING b::bigint": "the type of a column changes",
    "ALTER TABLE a ALTER COLUMN b SET NOT NULL": "may leave the column empty",
    "ALTER TABLE a ALTER COLUMN b DROP DEFAULT": "may rely on the default",
    "ALTER TABLE a ADD COLUMN b int NOT NULL": "does not fill the new column",
    "ALTER TABLE a ADD COLUMN b int UNIQUE": "a unique column",
    "ALTER TABLE a ADD UNIQUE (b)": "a constraint on rows that are there",
    "ALTER TABLE a ADD CONSTRAINT u CHECK (b > 0)": "a constraint on rows that are there",
    "ALTER TABLE a ADD CONSTRAINT u FOREIGN KEY (b) REFERENCES c (id)": "a constraint on rows that are there",
    "ALTER TABLE a ADD CONSTRAINT u CHECK (b > 0), ADD CONSTRAINT v CHECK (c > 0) NOT VALID": "a constraint on rows",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)": "a unique index",
    "REVOKE SELECT ON a FROM b": "may need this right",
    "COMMIT": "the transaction in which the script is run",
    "CREATE INDEX CONCURRENTLY i ON a (b); SELECT 1": "CONCURRENTLY cannot run in the transaction",
}
NOT_UNDERSTOOD = (
    "DO $$ BEGIN DROP TABLE a; END $$",
    "ALTER TABLE a ADD CONSTRAINT u UNIQUE USING INDEX i",
    "MERGE INTO a USING b ON a.i = b.i WHEN MATCHED THEN DELETE",
    "EXPLAIN ANALYZE DELETE FROM a",
    "COPY a FROM stdin",
    "LOCK TABLE a",
    "CALL tidy_up()",
    "ALTER TABLE a DETACH PARTITION b",
    "SELECT 'DROP TABLE a' \\gexec",
    "\\i other.sql",
    "SELEKT 1 FRM",
    "SELECT 'never ends",
)
HARMLESS = (
    "",
    ";;",
    "-- DROP TABLE a;",
    "SELECT 'DROP TABLE a;'",
    "SET lock_timeout = '5s'",
    "SET ROLE shop",
    "RESET lock_timeout",
    "CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b text NOT NULL UNIQUE REFERENCES c (d) ON DELETE CASCADE)",
    "CREATE TABLE a (id int); ALTER TABLE a ADD COLUMN b int NOT NULL; UPDATE a SET b = 1; DROP TABLE a",
    "CREATE TABLE IF NOT EXISTS a (id int); CREATE INDEX i ON a (id)",
    "CREATE INDEX CONCURRENTLY i ON a (b)",
    "SET lock_timeout = '5s'; CREATE INDEX CONCURRENTLY i ON a (b)",
    "ALTER TABLE a ADD COLUMN b int",
    "ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0",
    "ALTER TABLE a ADD COLUMN IF NOT EXISTS b text CHECK (length(b) < 5)",
    "ALTER TABLE a ALTER COLUMN b DROP NOT NULL",
    "ALTER TABLE a ALTER COLUMN b SET DEFAULT 3",
    "ALTER TABLE a ADD CONSTRAINT u CHECK (b > 0) NOT VALID",
    "ALTER TABLE a VALIDATE CONSTRAINT u",
    "ALTER TYPE mood ADD VALUE 'calm'",
    "CREATE EXTENSION IF NOT EXISTS pgcrypto",
    "INSERT INTO a VALUES (1) ON CONFLICT (b) DO UPDATE SET c = 1",
    "UPDATE a SET b = 1 WHERE b IS NULL",
    "DELETE FROM a WHERE b = 1",
    "ANALYZE a",
    "SELECT * FROM a FOR UPDATE",
    "GRANT SELECT, UPDATE, DELETE ON a TO b",
    "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()",
    "COMMENT ON TABLE a IS 'it''s; here'",
)  # fmt: skip
WARNED = {
    "CREATE INDEX i ON a (b)": "nobody can write to the table",
    "CREATE OR REPLACE VIEW v AS SELECT 1": "replaces a view",
    "CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ SELECT 1; $$ LANGUAGE sql": "replaces a function",
}


@pytest.mark.parametrize(("statement", "said"), DESTRUCTIVE.items(), ids=list(DESTRUCTIVE))
def test_what_the_version_before_would_miss_is_destructive(statement: str, said: str) -> None:
    found = [finding for finding in findings(statement) if finding.kind is Kind.DESTRUCTIVE]
    assert any(said in finding.what for finding in found)
    assert all(finding.remedy for finding in found)


@pytest.mark.parametrize("statement", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_told(statement: str) -> None:
    assert [finding.kind for finding in findings(statement)] == [Kind.NOT_UNDERSTOOD]


@pytest.mark.parametrize("script", HARMLESS)
def test_what_only_adds_passes(script: str) -> None:
    assert findings(script) == ()


@pytest.mark.parametrize(("statement", "said"), WARNED.items(), ids=list(WARNED))
def test_what_may_be_heavy_is_a_warning(statement: str, said: str) -> None:
    (found,) = findings(statement)
    assert (found.kind, said in found.what) == (Kind.WARNING, True)


def test_a_table_that_may_have_been_there_is_not_the_scripts_own() -> None:
    script = "CREATE TABLE IF NOT EXISTS a (id int); ALTER TABLE a DROP COLUMN id"
    assert [finding.kind for finding in findings(script)] == [Kind.DESTRUCTIVE]


def test_each_finding_names_its_line_and_statement() -> None:
    script = "-- a\nSET x = 'a;\nb';\n\nDROP TABLE a;\n\\echo hello\nDO $$\nBEGIN END\n$$;\nTRUNCATE\n  b;"
    assert [(finding.line, finding.statement) for finding in findings(script)] == [
        (5, "DROP TABLE a"),
        (6, "\\echo hello"),
        (7, "DO $$ BEGIN END $$"),
        (10, "TRUNCATE b"),
    ]


def test_the_demos_own_scripts_pass() -> None:
    for script in (Path(__file__).parents[3] / "demo" / "releases").glob("*.sql"):
        assert findings(script.read_text()) == (), script.name


@given(
    st.lists(st.sampled_from([*HARMLESS[2:7], *HARMLESS[11:]]), max_size=3),
    st.sampled_from([s for s in DESTRUCTIVE if "CONCURRENTLY" not in s]),
    st.lists(st.sampled_from([*HARMLESS[2:7], *HARMLESS[11:]]), max_size=3),
)
def test_a_destructive_statement_is_found_on_its_line_among_harmless_ones(
    before: list[str], bad: str, after: list[str]
) -> None:
    script = ";\n".join([*before, bad, *after])
    lines = {finding.line for finding in findings(script) if finding.kind is Kind.DESTRUCTIVE}
    assert len(before) + 1 in lines


@given(st.text(alphabet="DROPTABLEa;'\"$-/*\\\n ();:,=.", max_size=60))
def test_whatever_is_written_there_is_an_answer(text: str) -> None:
    for finding in findings(text):
        assert 1 <= finding.line <= text.count("\n") + 1
