"""A run tells its end to who wants to know, and does not suffer from it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def test_the_end_of_a_run_is_told_and_a_dead_receiver_is_a_note(site: Any) -> None:
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.env |= {"LIFECYCLE_NOTIFY_URL": f"http://127.0.0.1:{server.server_port}/"}
    site.playbook("- name: Stop here\n  ansible.builtin.fail: {msg: no further}")
    assert site.run("site.yml").returncode == 2
    server.shutdown()
    server.server_close()
    (told,) = got
    assert (told["run"], told["status"], told["failures"][0]["host"]) == (1, "failed", "one")
    assert "no further" in told["failures"][0]["message"]
    site.playbook("- name: Go on\n  ansible.builtin.debug:")
    dead = site.run("site.yml")
    assert dead.returncode == 0, dead.stdout
    assert "note: nobody was told how run 2 ended: the receiver could not be reached" in dead.stdout
    assert [run["status"] for run in site.history()] == ["successful", "failed"]
