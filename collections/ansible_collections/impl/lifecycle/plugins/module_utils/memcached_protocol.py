# Copyright: (c) 2026, impl.lifecycle contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Speak to a memcached server with the standard library only: text, and the binary protocol where SASL asks for it."""

from __future__ import annotations

import socket
import ssl
import struct

GET, SET, DELETE, STAT, SASL_AUTH = 0x00, 0x01, 0x04, 0x10, 0x21
HEADER = struct.Struct(">BBHBBHIIQ")


class MemcachedError(Exception):
    """The server answered with an error; the text is the server's own."""


class MemcachedUnreachable(Exception):
    """No server answered at the address."""


def connect(address, timeout=5.0, tls=False):
    """Return a connected socket. The certificate is compared by the caller, not checked against authorities."""
    try:
        if address.startswith("unix:"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(timeout)
            connection.connect(address[len("unix:") :])
        else:
            host, _colon, port = address.rpartition(":")
            connection = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
        if not tls:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(connection)
    except (OSError, ValueError) as error:
        raise MemcachedUnreachable("{0}: {1}".format(address, error)) from error


class Text:
    """The text protocol."""

    def __init__(self, connection):
        self.socket = connection
        self._stream = connection.makefile("rb")

    def line(self, command, data=None):
        """Send one command and return the first line of the answer."""
        try:
            self.socket.sendall(command.encode() + b"\r\n" + (b"" if data is None else data + b"\r\n"))
            return self._read_line()
        except OSError as error:
            raise MemcachedUnreachable(str(error)) from error

    def settings(self):
        found, line = {}, self.line("stats settings")
        while line != "END":
            _stat, name, value = [*line.split(" ", 2), ""][:3]
            found[name] = value
            line = self._read_line()
        return found

    def change(self, command):
        """Send a command whose only good answer is OK."""
        answer = self.line(command)
        if answer != "OK":
            raise MemcachedError("`{0}` was answered with {1!r}".format(command, answer))

    def keep_and_return(self, key, data):
        """Store, read and delete a value; return what was read."""
        stored = self.line("set {0} 0 30 {1}".format(key, len(data)), data)
        if stored != "STORED":
            raise MemcachedError("`set` was answered with {0!r}".format(stored))
        head = self.line("get {0}".format(key))
        read = self._stream.read(len(data) + 2)[:-2] if head.startswith("VALUE ") else None
        if read is not None:
            self._read_line()
        self.line("delete {0}".format(key))
        return read

    def _read_line(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise MemcachedUnreachable("the server closed the connection")
        text = line[:-2].decode("utf-8", "replace")
        if text.startswith(("SERVER_ERROR", "CLIENT_ERROR")) or text == "ERROR":
            raise MemcachedError(text)
        return text


class Binary:
    """The binary protocol, with a login."""

    def __init__(self, connection):
        self.socket = connection

    def login(self, username, password):
        """Tell whether the server lets the user in (PLAIN)."""
        secret = b"\0" + username.encode("utf-8") + b"\0" + password.encode("utf-8")
        return self._ask(SASL_AUTH, b"PLAIN", secret)[0] == 0

    def settings(self):
        found = {}
        status, key, value = self._ask(STAT, b"settings")
        while status == 0 and key:
            found[key.decode()] = value.decode("utf-8", "replace")
            status, key, value = self._receive()
        if status:
            raise MemcachedError(value.decode("utf-8", "replace"))
        return found

    def keep_and_return(self, key, data):
        status, _key, words = self._ask(SET, key.encode(), data, struct.pack(">II", 0, 30))
        if status:
            raise MemcachedError(words.decode("utf-8", "replace"))
        read = self._ask(GET, key.encode())[2]
        self._ask(DELETE, key.encode())
        return read

    def _ask(self, opcode, key=b"", value=b"", extras=b""):
        length = len(extras) + len(key) + len(value)
        header = HEADER.pack(0x80, opcode, len(key), len(extras), 0, 0, length, 0, 0)
        try:
            self.socket.sendall(header + extras + key + value)
            return self._receive()
        except OSError as error:
            raise MemcachedUnreachable(str(error)) from error

    def _receive(self):
        _magic, _opcode, key, extras, _type, status, length, _opaque, _cas = HEADER.unpack(self._exactly(HEADER.size))
        body = self._exactly(length)
        return status, body[extras : extras + key], body[extras + key :]

    def _exactly(self, size):
        read = b""
        while len(read) < size:
            part = self.socket.recv(size - len(read))
            if not part:
                raise MemcachedUnreachable("the server closed the connection")
            read += part
        return read
