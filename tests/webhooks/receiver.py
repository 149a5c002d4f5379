"""A receiver of webhooks: a real server on loopback, and what its owner checks messages with."""

import base64
import hmac
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.ledger.clock import now


class NotGenuineError(Exception):
    """A message that its receiver must not believe."""


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, clock: int) -> None:
    """Check a message as a receiver does who has read the standard and knows nothing of us."""
    try:
        message_id, stamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split(" ")
        at = int(stamp)
    except (KeyError, ValueError) as error:
        raise NotGenuineError from error
    if abs(clock - at) > 300:
        raise NotGenuineError("another time")
    signed = f"{message_id}.{stamp}.".encode() + body
    kind, _, encoded = secret.partition("_")
    raw = base64.b64decode(encoded)
    for one in signatures:
        scheme, _, value = one.partition(",")
        with suppress(ValueError, InvalidSignature):
            if (scheme, kind) == ("v1", "whsec"):
                made = base64.b64encode(hmac.digest(raw, signed, "sha256")).decode()
                if hmac.compare_digest(made, value):
                    return
            if (scheme, kind) == ("v1a", "whpk"):
                Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(value), signed)
                return
    raise NotGenuineError("no signature fits")


@dataclass(frozen=True)
class Got:
    """A request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answering = Callable[[BaseHTTPRequestHandler, Got], None]


def answer(status: int, body: bytes = b"", **headers: str) -> Answering:
    """Answer everything so."""

    def send(to: BaseHTTPRequestHandler, _: Got) -> None:
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name.replace("_", "-"), value)
        to.send_header("content-length", str(len(body)))
        to.end_headers()
        to.wfile.write(body)

    return send


@dataclass
class Receiver:
    """A server that keeps what it is sent, and answers as it is told to."""

    url: str = ""
    port: int = 0
    got: list[Got] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """The name each connection asked for in TLS."""
    connections: int = 0
    answering: Answering = field(default_factory=lambda: answer(204))

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.got]


class Names:
    """A name server of our own, and what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def __init__(self, host: str, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), handler)

    def get_request(self) -> tuple[object, object]:  # type: ignore[override] # sockets
        made = super().get_request()
        self.receiver.connections += 1
        return made

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that hangs up is not worth a word."""


@contextmanager
def a_receiver(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, self.rfile.read(length))
            receiver.got.append(got)
            receiver.answering(self, got)

        def log_message(self, *_: object) -> None:
            pass

    with _Server(host, Handler) as server:
        server.receiver = receiver
        receiver.port = server.server_address[1]
        receiver.url = f"http://{host}:{receiver.port}/hooks"
        if tls is not None:
            tls.sni_callback = lambda _, name, __: receiver.names.append(name)
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()


def tls_for(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server of a name shows, and what a client needs to believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    at = now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder.joinpath(f"{name}.pem")
    file.write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client
