"""The modules on an edge and on an application host: what they ask before they act."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import http_probe, routing_fit, routing_hold, warmth
from ansible_collections.impl.lifecycle.plugins.module_utils import routing as r
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_hold import Held
from ansible_collections.impl.lifecycle.plugins.module_utils.routing_store import Store, Unreadable
from ansible_collections.impl.lifecycle.plugins.modules import health_gate, routing_set

DEFAULTS: dict[str, Any] = {
    name: option.get("default") for name, option in routing_set._arguments().items() if name != "application"
}


def options(action: str, **given: object) -> dict[str, Any]:
    return {**DEFAULTS, "action": action, **given}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(str(tmp_path / "gray" / "clinic"), "clinic")
    made.prepare(os.getgid(), check=False)
    return made


@pytest.fixture
def slot() -> Iterator[str]:
    """A slot that is well below /health, gone below /gone, and elsewhere below /elsewhere."""

    class Slot(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response({"/health": 200, "/elsewhere": 302}.get(self.path, 503))
            self.send_header("Location", "/health")
            self.end_headers()
            self.wfile.write(b"no database\n")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Slot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_check_mode_tells_and_writes_nothing(store: Store) -> None:
    told = routing_set._carry_out(store, options("advance", version="1.0.0"), check=True)
    assert told["changed"]
    assert told["state"]["stable"] == {"colour": "blue", "version": "1.0.0"}
    assert store.current_id() is None


def test_an_edge_without_a_place_is_refused_unless_it_is_only_asked(tmp_path: Path) -> None:
    bare = Store(str(tmp_path / "none"), "clinic")
    with pytest.raises(routing_fit.Refused, match="run provision first"):
        routing_set._carry_out(bare, options("advance", version="1.0.0"), check=False)
    assert not routing_set._carry_out(bare, options("query"), check=False)["prepared"]


def test_a_step_twice_changes_once(store: Store) -> None:
    first = routing_set._carry_out(store, options("advance", version="1.0.0"), check=False)
    assert first["changed"]
    for weight in (10, 50):
        step = options("advance", version="1.1.0", weight=weight)
        assert routing_set._carry_out(store, step, check=False)["changed"]
        again = routing_set._carry_out(store, step, check=False)
        assert not again["changed"]
        assert again["flipped_at"]


def test_a_set_that_somebody_else_changed_is_not_written_over(store: Store) -> None:
    with pytest.raises(routing_fit.Refused, match="somebody else changed it"):
        routing_set._carry_out(store, options("advance", version="1.0.0", expected="w000-0"), check=False)


def test_a_damaged_set_stops_everything_but_adopting(store: Store) -> None:
    routing_set._carry_out(store, options("advance", version="1.0.0"), check=False)
    Path(store.current, "set.json").write_text("", encoding="utf-8")
    with pytest.raises(Unreadable):
        routing_set._carry_out(store, options("rollback"), check=False)
    routing_set._carry_out(store, options("adopt", version="1.0.0", colour="green"), check=False)
    assert store.read().stable == r.Placed("green", "1.0.0")


def test_nobody_is_sent_back_to_a_previous_version_that_is_cold(store: Store, slot: str) -> None:
    for step in ({"version": "1.0.0"}, {"version": "1.1.0"}, {"version": "1.1.0", "to_stable": True}):
        routing_set._carry_out(store, options("advance", **step), check=False)
    serving = {"app1": f"{slot}/health", "app2": f"{slot}/health"}
    cold = {"blue": {"app1": f"{slot}/health", "app2": f"{slot}/gone"}, "green": serving}
    with pytest.raises(routing_fit.Cold, match=r"1\.0\.0 is not warm any more \(app2: 503\)") as caught:
        routing_set._carry_out(store, options("rollback", warm=cold), check=False)
    assert caught.value.cold == {"app2": "503"}
    assert routing_set._carry_out(store, options("query", warm=cold), check=False)["cold"] == {"app2": "503"}
    back = routing_set._carry_out(store, options("rollback", warm={"blue": serving}), check=False)
    assert back["state"]["stable"]["version"] == "1.0.0"


def test_a_host_that_is_down_does_not_keep_users_on_a_bad_version(slot: str) -> None:
    before = {"app1": f"{slot}/health", "app2": f"{slot}/gone"}
    assert warmth.to_start(before, {"app1": f"{slot}/health", "app2": f"{slot}/gone"}, 200) == {}


def test_a_way_back_that_answers_nowhere_is_none_however_ill_the_present_version(slot: str) -> None:
    gone = {"app1": f"{slot}/gone", "app2": f"{slot}/gone"}
    assert set(warmth.to_start(gone, gone, 200)) == {"app1", "app2"}


def promoted(store: Store) -> None:
    for step in ({"version": "1.0.0"}, {"version": "1.1.0"}, {"version": "1.1.0", "to_stable": True}):
        routing_set._carry_out(store, options("advance", **step), check=False)


def test_a_window_is_not_closed_before_it_is_over(store: Store) -> None:
    promoted(store)
    with pytest.raises(routing_fit.Refused, match=r"1\.0\.0 is kept warm until .* UTC"):
        routing_set._carry_out(store, options("close", window_minutes=10.0), check=False)
    an_hour_ago = time.time() - 3600
    os.utime(store.current, (an_hour_ago, an_hour_ago), follow_symlinks=False)
    closed = routing_set._carry_out(store, options("close", window_minutes=10.0), check=False)
    assert closed["state"]["closed"]
    again = routing_set._carry_out(store, options("close", window_minutes=10.0), check=False)
    assert not again["changed"]


def test_after_the_window_nobody_falls_back_unless_the_slot_was_started(store: Store, slot: str) -> None:
    promoted(store)
    routing_set._carry_out(store, options("close"), check=False)
    warm = {"blue": {"app1": f"{slot}/health"}}
    with pytest.raises(ValueError, match="was stopped when its window closed"):
        routing_set._carry_out(store, options("rollback", warm=warm), check=False)
    assert store.read().stable == r.Placed("green", "1.1.0")
    back = routing_set._carry_out(store, options("rollback", warm=warm, started=True), check=False)
    assert back["state"]["stable"]["version"] == "1.0.0"


def test_an_open_candidate_is_left_without_asking_anybody(store: Store) -> None:
    for step in ({"version": "1.0.0"}, {"version": "1.1.0", "weight": 10}):
        routing_set._carry_out(store, options("advance", **step), check=False)
    unreachable = {"blue": {"app1": "http://127.0.0.1:9/"}, "green": {"app1": "http://127.0.0.1:9/"}}
    back = routing_set._carry_out(store, options("rollback", warm=unreachable), check=False)
    assert back["state"]["stable"]["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [("/health", 200, "no database"), ("/gone", 503, "no database"), ("/elsewhere", 302, "")],
)
def test_a_health_answer_is_taken_as_it_is(slot: str, path: str, status: int, words: str) -> None:
    got, said, _headers = http_probe.ask(f"{slot}{path}", 2)
    assert (got, words in said) == (status, True)


def test_no_answer_is_said_in_words() -> None:
    status, words, _headers = http_probe.ask("http://127.0.0.1:9/", 1)
    assert status == 0
    assert health_gate._spoken(status, words) == "no answer ([Errno 111] Connection refused)"


def test_an_error_page_is_told_without_its_markup() -> None:
    page = "<html><style>body {font: x}</style><h1>HTTP Status 404</h1>\n<p>Not Found</p></html>"
    assert health_gate._spoken(404, page) == "404 HTTP Status 404 Not Found"


HELD = Held("1.1.0", "evidence 340 : 1", 1_700_000_000.0)


@pytest.mark.parametrize("action", ["stage", "weigh", "promote", "advance"])
def test_no_step_goes_to_a_version_that_the_guard_holds_back(store: Store, action: str) -> None:
    opened = r.weigh(r.stage(r.State("clinic", r.Placed("blue", "1.0.0")), "1.1.0"), 10)
    store.put_in_force(opened)
    routing_hold.hold(store.root, HELD)
    given = {"version": "1.1.0" if action in ("stage", "advance") else "", "weight": 50}
    with pytest.raises(routing_fit.Refused, match=r"took 1\.1\.0 back on 2023-11-14 .*: evidence 340 : 1"):
        routing_set._carry_out(store, options(action, **given), check=False)
    assert store.read() == opened
    assert routing_set._carry_out(store, options("query"), check=False)["held"]["1.1.0"]["reason"] == HELD.reason
    # The way back and other versions are never in its way.
    routing_set._carry_out(store, options("rollback"), check=False)
    routing_set._carry_out(store, options("advance", version="1.2.0", weight=10), check=False)


def test_what_is_let_go_may_be_tried_again(store: Store) -> None:
    store.put_in_force(r.State("clinic", r.Placed("blue", "1.0.0")))
    routing_hold.hold(store.root, HELD)
    assert routing_set._carry_out(store, options("let_go", version="1.1.0"), check=True)["changed"]
    assert routing_hold.read(store.root)
    assert routing_set._carry_out(store, options("let_go", version="1.1.0"), check=False)["changed"]
    assert not routing_set._carry_out(store, options("let_go", version="1.1.0"), check=False)["changed"]
    assert routing_set._carry_out(store, options("advance", version="1.1.0", weight=10), check=False)["changed"]


def test_a_hold_that_cannot_be_read_refuses_every_step_and_hides_nothing(store: Store) -> None:
    store.put_in_force(r.State("clinic", r.Placed("blue", "1.0.0")))
    (Path(store.root) / routing_hold.NAME).write_text("{")
    with pytest.raises(ValueError, match="what is held back, cannot be read"):
        routing_set._carry_out(store, options("advance", version="1.1.0"), check=False)
    assert "cannot be read" in routing_set._carry_out(store, options("query"), check=False)["held"][""]["reason"]
    assert routing_set._carry_out(store, options("let_go", version="1.1.0"), check=False)["changed"]
    assert routing_set._carry_out(store, options("advance", version="1.1.0"), check=False)["changed"]
