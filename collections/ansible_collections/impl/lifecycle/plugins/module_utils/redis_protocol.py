# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Speak RESP to a Redis server with the standard library only.

redis-cli would do too, but it takes the password from argv or from the environment; here only the socket sees it.
"""

from __future__ import annotations

import socket
import ssl


class RedisError(Exception):
    """The server answered with an error; the text is the server's own."""


class RedisUnreachable(Exception):
    """No server answered at the address."""


class Connection:
    """One connection to one server, used for one command at a time."""

    def __init__(self, address, timeout=5.0, tls=None):
        self.address = address
        try:
            self._socket = _connect(address, timeout, tls)
        except (OSError, ValueError) as error:
            raise RedisUnreachable("{0}: {1}".format(address, error)) from error
        self._stream = self._socket.makefile("rb")

    def command(self, *words):
        """Send one command and return the server's answer: str, int, None or a list of these."""
        try:
            self._socket.sendall(encode(words))
            return decode(self._stream)
        except OSError as error:
            raise RedisUnreachable("{0}: {1}".format(self.address, error)) from error

    def certificate(self):
        """The certificate that the server shows, in DER."""
        return self._socket.getpeercert(binary_form=True)

    def close(self):
        self._stream.close()
        self._socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_ignored):
        self.close()


def tls_context(ca=None, certificate=None, key=None):
    """How to speak TLS: the server is checked when there is a CA. Redis and its clients check no host name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ca:
        context.load_verify_locations(ca)
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def certificate_in(path):
    """The first certificate of a PEM file, in DER: what a server with this file shows."""
    with open(path, encoding="utf-8", errors="replace") as handle:
        text = handle.read()
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    start = text.find(begin)
    if start < 0 or end not in text[start:]:
        raise ValueError("{0} has no certificate".format(path))
    return ssl.PEM_cert_to_DER_cert(text[start : text.index(end, start) + len(end)])


def _connect(address, timeout, tls):
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(address[len("unix:") :])
        except OSError:
            connection.close()
            raise
        return connection
    host, _colon, port = address.rpartition(":")
    connection = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
    if tls is None:
        return connection
    try:
        return tls.wrap_socket(connection)
    except OSError:
        connection.close()
        raise


def encode(words):
    """Write a command as an array of bulk strings: no word needs quoting, whatever is in it."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        raw = str(word).encode("utf-8")
        parts.append(b"$%d\r\n%s\r\n" % (len(raw), raw))
    return b"".join(parts)


def decode(stream):
    """Read one answer. Raises RedisError for an error answer."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise RedisUnreachable("the server closed the connection")
    kind, rest = line[:1], line[1:-2].decode("utf-8", "replace")
    if kind == b"+":
        return rest
    if kind == b"-":
        raise RedisError(rest)
    if kind == b":":
        return int(rest)
    if kind == b"$":
        size = int(rest)
        if size < 0:
            return None
        return stream.read(size + 2)[:-2].decode("utf-8", "replace")
    if kind == b"*":
        return None if int(rest) < 0 else [decode(stream) for _each in range(int(rest))]
    raise RedisUnreachable("this is no Redis server: it answered {0!r}".format(line[:40]))


def pairs(answer):
    """Turn a flat answer [name, value, name, value] into a dict."""
    return {answer[index]: answer[index + 1] for index in range(0, len(answer), 2)}


def information(connection, section):
    """What INFO says about a section, as a dict."""
    lines = connection.command("INFO", section).splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))
