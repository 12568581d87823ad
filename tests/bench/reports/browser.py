"""A page in headless Chromium, with a probe in it that says what it found."""

from __future__ import annotations

import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

SECONDS = 60
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def available() -> bool:
    return shutil.which("chromium") is not None


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.heard = self.rfile.read(int(self.headers["Content-Length"])).decode()  # type: ignore[attr-defined]
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


class Ear(HTTPServer):
    """Hears what a page says: `say(text)` in its probe."""

    heard: str | None = None
    timeout = SECONDS


def said(page: str, probe: str, place: Path, width: int = 1280) -> str:
    """What `probe`, a script at the end of `page`, says. The page's policy is taken away: it would not let it run."""
    with Ear(("127.0.0.1", 0), Handler) as ear:
        say = f'const say = (text) => navigator.sendBeacon("http://127.0.0.1:{ear.server_port}/", text);'
        file = place / "probed.html"
        ending = f"<script>{{ {say}\n{probe} }}</script></body>"
        file.write_text(POLICY.sub("", page).replace("</body>", ending), encoding="utf-8")
        program = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={place / 'profile'}"]
        browser = subprocess.Popen(
            [*program, f"--window-size={width},900", "--remote-debugging-port=0", f"file://{file}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ear.handle_request()
        finally:
            browser.terminate()
            browser.wait(30)
    assert ear.heard is not None, f"the page said nothing within {SECONDS} s"
    return ear.heard
