"""A line of the gray log: what the chosen slot did, by its first answer; anything else is None and never a crash."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_log import FIELDS as WRITTEN
from ansible_collections.impl.lifecycle.plugins.module_utils.guard_log import Entry, is_line, parse, read
from guard_lines import PORTS, line
from hypothesis import given
from hypothesis import strategies as st


def entry_of(text: bytes) -> Entry:
    entry = parse(text, PORTS)
    assert entry is not None
    return entry


def test_a_line_says_who_asked_what_of_which_slot_and_when() -> None:
    entry = entry_of(line(at=1000.5, colour="green", user=1234, seconds="0.250", route="/api/visits"))
    assert (entry.at, entry.began, entry.colour, entry.user) == (1000.5, 1000.25, "green", 1234)
    assert (entry.bucket, entry.route, entry.seconds, entry.answered) == (34, "/api/visits", 0.25, True)
    assert not entry.failed
    assert not entry.failover


@pytest.mark.parametrize(
    ("status", "failed"),
    [("200", False), ("404", False), ("429", False), ("500", True), ("502", True), ("503", True), ("504", True)],
)
def test_a_slot_fails_with_5xx_and_with_nothing_else(status: str, failed: bool) -> None:
    assert entry_of(line(status=status)).failed is failed


def test_the_first_answer_counts_or_failover_would_hide_a_dead_candidate() -> None:
    entry = entry_of(line(colour="green", status="502, 200", seconds="0.001, 0.030", answered="blue",
                      upstream_addr="10.0.0.1:8180, 10.0.0.1:8080"))  # fmt: skip
    assert entry.failed
    assert entry.failover
    assert entry.seconds == 0.001
    assert not entry.answered


def test_a_first_answer_that_is_good_is_good_whatever_follows() -> None:
    entry = entry_of(line(status="200 : 502", seconds="0.004 : 0.100", seconds_="0.104",
                      upstream_addr="10.0.0.1:8080 : 10.0.0.1:8080"))  # fmt: skip
    assert not entry.failed
    assert entry.seconds == 0.004


def test_two_failed_servers_are_a_failure_and_no_failover() -> None:
    entry = entry_of(line(status="502, 502", seconds="0.000, 0.000", upstream_addr="10.0.0.1:8080, 10.0.0.2:8080"))
    assert entry.failed
    assert not entry.failover


def test_a_slot_that_nginx_passes_over_as_dead_has_failed() -> None:
    entry = entry_of(line(colour="green", upstream_addr="10.0.0.1:8080", answered="blue"))
    assert entry.failed
    assert entry.failover
    assert entry.seconds is None
    several = line(colour="green", status="502, 200", seconds="0.000, 0.001",
                   upstream_addr="10.0.0.1:8080, 10.0.0.2:8080", answered="blue")  # fmt: skip
    assert entry_of(several).failover
    assert parse(line(colour="green", answered="blue")).failover  # type: ignore[union-attr]  # without ports, too


def test_a_pool_without_any_live_server_has_failed() -> None:
    """nginx then writes the pool's name instead of an address."""
    entry = entry_of(line(colour="green", status="502", seconds="0.000", upstream_addr="demo-green", answered=""))
    assert entry.failed
    assert not entry.failover


@pytest.mark.parametrize(("waited", "failed"), [("0.300", False), ("9.999", False), ("10.000", True), ("55.0", True)])
def test_a_user_who_leaves_is_a_failure_only_after_a_long_wait(waited: str, failed: bool) -> None:
    entry = entry_of(_left(waited))
    assert entry.failed is failed
    assert entry.seconds == float(waited)  # at least so long: slow is slow
    assert not entry.answered


def _left(waited: str) -> bytes:
    return line(status="-", seconds=waited, status_="499")


def test_no_status_while_the_user_is_there_is_a_failure() -> None:
    assert entry_of(line(status="-", seconds="-", status_="502")).failed


@pytest.mark.parametrize("colour", ["none", "red", ""])
def test_what_no_slot_was_asked_for_is_no_entry_but_a_line(colour: str) -> None:
    assert parse(line(colour=colour), PORTS) is None
    assert parse(line(status=""), PORTS) is None
    assert is_line(line(status=""))


@pytest.mark.parametrize(
    "garbage",
    [
        b"", b"\x00" * 40, b"{", b"null", b"[]", b"17", b'"pool"', line()[:-20], b"\xff" + line(), b"[" * 100_000,
        line(msec="NaN"), line(msec="Infinity"), line(msec="-5"), line(user_="12"), line(user_="abcdefgh"),
        line(route_=None), line(upstream_status=200), line(seconds_="-1"), line(bucket="x"), b"x" * 100_000,
    ],
)  # fmt: skip
def test_garbage_is_none(garbage: bytes) -> None:
    assert parse(garbage, PORTS) is None


def test_a_path_that_is_no_utf8_is_read_all_the_same() -> None:
    assert parse(line(route="/ok").replace(b"4711", b"\xff\xfe"), PORTS) is not None


@given(st.binary(max_size=200))
def test_no_bytes_make_it_crash(noise: bytes) -> None:
    parse(noise, PORTS)
    is_line(noise)


FIELDS = st.sampled_from(sorted(json.loads(line())))
VALUES = st.sampled_from([None, 0, -1, 10**400, True, "", "-", "1e999", ",", " : ", "502,", "٣٣", [], ["200"], {}, 0.5])


@given(st.dictionaries(FIELDS, VALUES, max_size=5))
def test_no_field_makes_it_crash(fields: dict[str, object]) -> None:
    parse(line(**{name + "_": value for name, value in fields.items()}), PORTS)  # type: ignore[arg-type]


TEMPLATE = Path(__file__).resolve().parents[3] / (
    "collections/ansible_collections/impl/lifecycle/roles/gray_edge/templates/gray.conf.j2"
)


def test_the_edge_writes_the_fields_in_the_order_the_guard_reads_quickly() -> None:
    log_format = re.search(r"^log_format .*?;$", TEMPLATE.read_text(), re.MULTILINE | re.DOTALL)
    assert log_format is not None
    assert tuple(re.findall(r'"(\w+)":"', log_format[0])) == WRITTEN == tuple(json.loads(line()))


STRANGE = {
    "msec": ["0.000", "1.5", "1795748915.963", "9" * 400 + ".0", "1e9", "-1.0", " 1.0", "1.0 ", "NaN", ""],
    "pool": ["green", "none", ""],
    "bucket": ["07", "7", "٣٣", ""],
    "user": ["00000007", "0", "٣٣٣٣٣٣٣٣", ""],
    "route": ["/", "/a/b", "/ä", "/" + "x" * 300, '/"', "/\\", "/\u0000", "/\u007f", "/:,"],
    "path": ["/ä", '/"', '","pool":"green', "/\\", "/\t"],
    "status": ["499", "500", "", "x"],
    "seconds": ["0.001", "12.000", "-1.0", "1", ""],
    "answered": ["green", ""],
    "upstream_addr": [
        "10.0.0.1:8180", "[::1]:8080", "10.0.0.1:9", "demo-blue", "", "unix:/a", "10.0.0.1:٣",
        "10.0.0.1:8180, 10.0.0.1:8080", "10.0.0.1:8180 : 10.0.0.1:8080",
    ],
    "upstream_status": ["404", "500", "502, 200", "200 : 502", "-", "", "20", "5xx", "٣٣٣"],
    "upstream_seconds": ["0.004", "0.000, 0.001", "-", "", "1e3", "5"],
}  # fmt: skip
EACH = [{name + "_": value} for name, values in STRANGE.items() for value in values]


@pytest.mark.parametrize("ports", [PORTS, None], ids=["ports", "none"])
def test_what_is_read_quickly_is_what_its_json_says(ports: dict[str, str] | None) -> None:
    for one in [{}, *EACH]:
        for other in [{}, *EACH]:
            text = line(**(one | other))  # type: ignore[arg-type]
            # nginx writes bytes of the path as they came.
            for written in (text, json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()):
                assert parse(written, ports) == read(written, ports)


def test_the_line_of_a_good_answer_is_read_without_its_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the guard took twice the processor time that it says it does."""
    monkeypatch.setattr(json, "loads", lambda _text: pytest.fail("read as JSON"))
    assert parse(line(), PORTS) is not None
    assert parse(line(colour="green", status="503"), PORTS) is not None
