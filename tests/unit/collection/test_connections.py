"""A slot is drained when the kernel says that nobody is connected to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from ansible_collections.impl.lifecycle.plugins.module_utils import connections


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as listening:
        try:
            listening.bind((request.param, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listening.listen()
        yield listening


def test_a_port_nobody_is_connected_to_is_drained_at_once(server: socket.socket) -> None:
    first, left, seconds = connections.drain(server.getsockname()[1], 5)
    assert (first, left) == (0, 0)
    assert seconds < 1


def test_a_connection_that_ends_is_waited_for(server: socket.socket) -> None:
    client = socket.create_connection(server.getsockname()[:2])
    accepted, _ = server.accept()
    closing = threading.Timer(0.6, lambda: (client.close(), accepted.close()))
    closing.start()
    first, left, seconds = connections.drain(server.getsockname()[1], 10)
    closing.join()
    assert (first, left) == (1, 0)
    assert 0.5 < seconds < 5


def test_one_that_does_not_end_is_counted_at_the_deadline(server: socket.socket) -> None:
    with socket.create_connection(server.getsockname()[:2]), server.accept()[0]:
        began = time.monotonic()
        first, left, _ = connections.drain(server.getsockname()[1], 1)
        assert (first, left) == (1, 1)
        assert time.monotonic() - began < 3


def test_only_the_local_side_of_the_port_counts() -> None:
    lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue",
        "   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000",
        "   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000",
        "   2: 00000000:1F90 00000000:0000 0A 00000000:00000000",
        "   3: 0100007F:1F90 0100007F:C351 06 00000000:00000000",
        "garbage",
    ]
    assert connections.count(lines, 8080) == 1
