"""Servers on loopback that answer as they are told, for tests of what goes out. They keep what they heard."""

import datetime
import ipaddress
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[socket.socket, bytes], None]
DAY = datetime.timedelta(days=1)


@dataclass
class Peer:
    port: int
    address: str
    heard: list[bytes] = field(default_factory=list)  # one request each, head and body
    connections: int = 0
    names: list[str | None] = field(default_factory=list)  # what TLS was asked for

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}/"


def says(*parts: bytes) -> Answer:
    """Send these parts and close."""

    def answer(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)

    return answer


def reply(status: str = "200 OK", body: bytes = b"fine", **headers: str) -> Answer:
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return says(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode() + body)


def endless(start: bytes, again: bytes, stopped: threading.Event, pause: float = 0.0) -> Answer:
    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        while not stopped.wait(pause):
            connection.sendall(again)

    return answer


@contextmanager
def serving(
    answer: Answer,
    *,
    address: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    reads: bool = True,
) -> Iterator[Peer]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            peer.connections += 1
            with suppress(OSError):  # the client went away, or did not like our certificate
                connection = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                with connection:
                    peer.heard.append(_whole_request(connection) if reads else b"")
                    answer(connection, peer.heard[-1])

    class Server(socketserver.ThreadingTCPServer):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        daemon_threads = allow_reuse_address = True
        block_on_close = False
        request_queue_size = 128

    with Server((address, port), Handler) as server:
        peer = Peer(server.server_address[1], f"[{address}]" if ":" in address else address)
        if tls:
            tls.sni_callback = lambda _socket, name, _context: peer.names.append(name)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield peer
        finally:
            server.shutdown()


def _whole_request(connection: socket.socket) -> bytes:
    heard = b""
    while b"\r\n\r\n" not in heard:
        if not (more := connection.recv(65_536)):
            return heard
        heard += more
    head, _, body = heard.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (more := connection.recv(65_536)):
        body += more
    return head + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def trusted(self) -> ssl.SSLContext:
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def server(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """What a server needs that is called by these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(key, self.certificate.subject, self.key, names, expired=expired)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as directory:
            both = Path(directory) / "server.pem"
            both.write_bytes(
                certificate.public_bytes(serialization.Encoding.PEM)
                + key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
            context.load_cert_chain(both)
        return context


def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
    return Authority(key, _certificate(key, name, key, (), subject=name))


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    *,
    subject: x509.Name | None = None,
    expired: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now + (-DAY if expired else DAY))
        .add_extension(x509.BasicConstraints(ca=subject is not None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
