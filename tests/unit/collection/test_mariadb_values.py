"""When a value as people write it is the value that MariaDB answers."""

from __future__ import annotations

import pytest
from ansible_collections.impl.lifecycle.plugins.filter.mariadb_password_hash import mariadb_password_hash
from ansible_collections.impl.lifecycle.plugins.module_utils.mariadb_values import (
    Variable,
    integer_of,
    option_value,
    text_of,
)

SQL_MODES = "ANSI,STRICT_TRANS_TABLES,NO_ZERO_DATE"


def variable(kind: str, value: str, **more: str) -> Variable:
    return Variable("SOME_NAME", value, kind, "NO", **more)


@pytest.mark.parametrize("block", ["0", "1"])
def test_a_number_without_blocks_is_not_rounded(block: str) -> None:
    """innodb_io_capacity and thirty more: NUMERIC_BLOCK_SIZE is 0."""
    assert variable("BIGINT UNSIGNED", "2000", block=block).has("2000")
    assert not variable("BIGINT UNSIGNED", "2000", block=block).has("2001")


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("BIGINT UNSIGNED", "67108864", "64M"),
        ("BIGINT UNSIGNED", "67108864", "65536k"),
        ("INT", "-1", "-1"),
        ("DOUBLE", "0.500000", "0.5"),
        ("BOOLEAN", "ON", "true"),
        ("BOOLEAN", "OFF", "0"),
        ("SET", "STRICT_TRANS_TABLES,NO_ZERO_DATE", "no_zero_date, strict_trans_tables"),
        ("SET", "", ""),
        ("FLAGSET", "mrr=off,semijoin=on", "mrr=off"),
        ("VARCHAR", "/etc/x.pem", "/etc/x.pem"),
    ],
)
def test_two_spellings_of_one_value_are_equal(kind: str, value: str, wanted: str) -> None:
    assert variable(kind, value).has(wanted)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("BIGINT UNSIGNED", "67108864", "65M"),
        ("BIGINT UNSIGNED", "67108864", "plenty"),
        ("BOOLEAN", "ON", "off"),
        ("SET", "ANSI", "ANSI,NO_ZERO_DATE"),
        ("FLAGSET", "mrr=off,semijoin=on", "mrr=on"),
        ("VARCHAR", "/etc/x.pem", "/etc/X.pem"),
    ],
)
def test_another_value_is_another_value(kind: str, value: str, wanted: str) -> None:
    assert not variable(kind, value).has(wanted)


def test_the_server_rounds_down_to_its_blocks() -> None:
    assert variable("BIGINT UNSIGNED", "1024", block="1024").has("2047")
    assert variable("BIGINT UNSIGNED", "200", block="0").has("200")


def test_an_enumeration_is_given_by_name_number_or_boolean() -> None:
    enumeration = variable("ENUM", "ROW", choices="MIXED,STATEMENT,ROW")
    assert enumeration.has("row")
    assert enumeration.has("2")
    assert not enumeration.has("1")
    assert variable("ENUM", "ON", choices="OFF,ON,DEMAND").has("yes")


def test_the_name_of_a_binary_log_means_that_there_is_one() -> None:
    log = Variable("LOG_BIN", "ON", "BOOLEAN", "YES")
    assert log.has("mariadb-bin")
    assert not log.has("off")


@pytest.mark.parametrize(
    ("kind", "wanted", "literal"),
    [
        ("BIGINT UNSIGNED", "64M", "67108864"),
        ("DOUBLE", "0.5", "0.5"),
        ("BOOLEAN", "ON", "'ON'"),
        ("VARCHAR", "x'; DROP TABLE y; --", "'x''; DROP TABLE y; --'"),
        ("VARCHAR", "a\\", "'a\\\\'"),
        ("BIGINT UNSIGNED", "1; SHUTDOWN", "'1; SHUTDOWN'"),
    ],
)
def test_a_value_stays_one_literal(kind: str, wanted: str, literal: str) -> None:
    assert variable(kind, "").literal(wanted) == literal


def test_values_of_yaml_are_written_as_mariadb_reads_them() -> None:
    assert [text_of(value) for value in (True, False, 3, ["a", "b"], None)] == ["ON", "OFF", "3", "a,b", ""]


def test_units_are_binary() -> None:
    assert [integer_of(text) for text in ("1K", "2g", "5", "5.5", "")] == [1024, 2 * 2**30, 5, None, None]


def test_a_password_stays_one_value_of_an_option_file() -> None:
    assert option_value('a"b\\c#d') == '"a\\"b\\\\c#d"'


def test_the_hash_is_the_one_mariadb_keeps() -> None:
    assert mariadb_password_hash("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
