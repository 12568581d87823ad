"""What was taken back by a guard stays back until a person lets it go, whatever happens to the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import routing_hold
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_hold import Held


def test_a_version_is_held_until_it_is_let_go(tmp_path: Path) -> None:
    root = str(tmp_path)
    assert routing_hold.read(root) == {}
    routing_hold.hold(root, Held("1.1.0", "evidence 340 : 1", 1.5))
    routing_hold.hold(root, Held("1.2.0", "x" * 2000, 2.5))
    assert list(routing_hold.read(root)) == ["1.1.0", "1.2.0"]
    assert routing_hold.let_go(root, "1.1.0") == Held("1.1.0", "evidence 340 : 1", 1.5)
    assert routing_hold.let_go(root, "1.1.0") is None
    assert list(routing_hold.read(root)) == ["1.2.0"]


def test_the_file_stays_small(tmp_path: Path) -> None:
    for number in range(routing_hold.MOST + 10):
        routing_hold.hold(str(tmp_path), Held(f"1.{number}", "x" * 5000, number))
    assert len(routing_hold.read(str(tmp_path))) == routing_hold.MOST
    assert (tmp_path / routing_hold.NAME).stat().st_size < routing_hold.MOST * 700


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 9, "held": []}', '{"schema": 1, "held": [{}]}'])
def test_a_file_that_says_nothing_is_an_error_and_no_permission(tmp_path: Path, text: str) -> None:
    (tmp_path / routing_hold.NAME).write_text(text)
    with pytest.raises(ValueError, match="cannot be read"):
        routing_hold.read(str(tmp_path))
    assert routing_hold.let_go(str(tmp_path), "1.1.0") is not None
    assert routing_hold.read(str(tmp_path)) == {}


def test_a_link_that_somebody_laid_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / "held.json.tmp").symlink_to(other)
    with pytest.raises(OSError, match=r"symbolic link|Too many levels"):
        routing_hold.hold(str(tmp_path), Held("1.1.0", "why", 1))
    assert other.read_text() == "mine"
