"""Backends for the scenario: each says its port and the headers it got; an Upgrade becomes an echo of one line.

A path with `slow` in it is answered after three seconds.
"""

import http.server
import sys
import threading
import time


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(self.rfile.readline())
            self.close_connection = True
            return
        if "slow" in self.path:
            time.sleep(3)
        told = (self.headers[name] for name in ("Host", "X-Forwarded-For", "X-Forwarded-Proto"))
        said = "backend {} {} from {} proto {}\n".format(self.server.server_port, *told).encode()
        self.send_response(200)
        self.send_header("X-Content-Type-Options", "of the backend")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_ignored):
        pass


for port in map(int, sys.argv[1:]):
    threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", port), Backend).serve_forever).start()
