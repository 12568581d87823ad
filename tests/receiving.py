"""Real receivers on this machine: one for HTTP, one for mail, and a certificate that nobody trusts unless told to."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What an address must not be told of: its path and its query hold tokens.
TOKENS = ("planted-path-4e1f0a", "planted-query-b81c77")


@dataclass
class Answer:
    """How a receiver answers from now on.

    `seconds`: how long it takes; `drip`: it sends a header now and then; `echo`: it says what it got before `body`.
    """

    status: int = 200
    body: str = "ok"
    seconds: float = 0.0
    drip: bool = False
    echo: bool = False


@dataclass
class Web:
    """A receiver over HTTP: what it got, and how it answers, by the first part of the path if that is given."""

    answer: Answer = field(default_factory=Answer)
    answers: dict[str, Answer] = field(default_factory=dict)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    def url(self, which: str = "hook") -> str:
        return f"http://127.0.0.1:{self.port}/{which}/{TOKENS[0]}?access_token={TOKENS[1]}"

    def start(self) -> ThreadingHTTPServer:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                web.got.append((self.path, dict(self.headers), body))
                said = web.answers.get(self.path.split("/")[1], web.answer)
                time.sleep(said.seconds)
                self.send_response(said.status)
                self.send_header("Location", f"http://127.0.0.1:{web.port}/elsewhere")
                self.flush_headers()
                for _ in range(40 if said.drip else 0):
                    self.wfile.write(b"X-Wait: 1\r\n")
                    time.sleep(0.1)
                self.end_headers()
                # Only so much: what a note shows of it has room for the path and what comes first.
                self.wfile.write(f"{self.path} {body.decode()[:900]} ".encode() if said.echo else b"")
                self.wfile.write(said.body.encode())

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_args: Any) -> None:
                """Nothing on the terminal."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


class PostOffice:
    """A server for mail. `security`: starttls, tls, none. Takes `password` of ann, where one is given."""

    def __init__(self, certificate: Path, security: str = "starttls", password: str | None = None) -> None:
        self.letters: list[Any] = []
        self.refused: set[str] = set()
        self.refusal = "nobody of that name"
        self.port = free_port()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        tls: dict[str, Any] = {"tls_context": context, "require_starttls": True} if security == "starttls" else {}
        if security == "tls":
            tls = {"ssl_context": context}
        if password is not None:
            tls |= {"authenticator": self._authenticator(password), "auth_required": True}
            tls |= {"auth_require_tls": security == "starttls"}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **tls)

    def __enter__(self) -> PostOffice:
        self._controller.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._controller.stop()

    @staticmethod
    def _authenticator(password: str) -> Any:
        def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            return AuthResult(handled=False, success=data.login == b"ann" and data.password == password.encode())

        return authenticate

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return f"550 {self.refusal}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope)
        return "250 taken"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def certificate(file: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file
