# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a Tomcat's answer over HTTP, HTTPS and AJP. Managed by Ansible (impl.lifecycle.tomcat)."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct

SECONDS = 5
PING, PONG = b"\x12\x34\x00\x01\x0a", b"AB\x00\x01\x09"


def over_http(host: str, port: int, path: str, status: str, tls: bool = False) -> str:
    """Empty when it answers GET with the status (empty: any). Whose certificate it is, is not this question."""
    what = f"GET {path}" + (f" over TLS on port {port}" if tls else "")
    if tls:
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname = False
        anybody.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=anybody)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        got = str(connection.getresponse().status)
        return "" if status in ("", got) else f"answers {what} with {got}, not {status}"
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer {what}: {error}"
    finally:
        connection.close()


def over_ajp(host: str, port: int, path: str) -> str:
    """Empty when it speaks AJP, and refuses who does not say the secret."""
    try:
        with socket.create_connection((host, port), timeout=SECONDS) as connection:
            connection.sendall(PING)
            if _exactly(connection, len(PONG)) != PONG:
                return f"does not speak AJP on port {port}"
            connection.sendall(request(path))
            got = status_of(connection)
            return "" if got == 403 else f"answers AJP on port {port} without its secret with {got}, not 403"
    except OSError as error:
        return f"does not answer AJP on port {port}: {error}"


def request(path: str, secret: str = "") -> bytes:
    """A GET as a proxy sends it."""
    words = _text("HTTP/1.1") + _text(path) + _text("127.0.0.1") + _text("127.0.0.1") + _text("localhost")
    attributes = b"\x0c" + _text(secret) if secret else b""
    body = b"\x02\x02" + words + struct.pack(">HBH", 80, 0, 0) + attributes + b"\xff"
    return b"\x12\x34" + struct.pack(">H", len(body)) + body


def status_of(connection: socket.socket) -> int:
    """Status of the answer; AJP sends it first of all."""
    magic, length = struct.unpack(">2sH", _exactly(connection, 4))
    packet = _exactly(connection, length)
    if magic != b"AB" or packet[:1] != b"\x04":
        raise OSError("that is no answer in AJP")
    return int(struct.unpack(">H", packet[1:3])[0])


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">H", len(encoded)) + encoded + b"\x00"


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        more = connection.recv(length - len(found))
        if not more:
            raise OSError("the connection was closed")
        found += more
    return found
