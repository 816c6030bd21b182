"""Servers on loopback that answer as a test wants: slowly, without end, or under a false name.

What they were sent is kept in `heard`.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Play = Callable[[socket.socket, threading.Event], None]
_HEAD_END = b"\r\n\r\n"


@dataclass
class LyingServer:
    """A running server; `over` is set when the test has ended."""

    port: int
    heard: list[bytes] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(
    play: Play, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[LyingServer]:
    """Read the head of each request, then let `play` say what it wants."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        server = LyingServer(listener.getsockname()[1])
        threading.Thread(target=_accept, args=(listener, server, play, tls), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            listener.shutdown(socket.SHUT_RDWR)


def _accept(
    listener: socket.socket, server: LyingServer, play: Play, tls: ssl.SSLContext | None
) -> None:
    with suppress(OSError):
        while True:
            link, _ = listener.accept()
            threading.Thread(target=_talk, args=(link, server, play, tls), daemon=True).start()


def _talk(link: socket.socket, server: LyingServer, play: Play, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError), link, _secured(link, tls) as talking:
        if head := _head(talking):
            server.heard.append(head)
            play(talking, server.over)
            talking.shutdown(socket.SHUT_WR)


def _secured(link: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(link, server_side=True) if tls else link


def _head(link: socket.socket) -> bytes:
    head = b""
    while _HEAD_END not in head:
        if not (more := link.recv(4096)):
            break
        head += more
    return head


def saying(content: bytes, *, status: str = "200 OK", headers: str = "") -> Play:
    """A whole answer."""

    def play(link: socket.socket, _over: threading.Event) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
        link.sendall(head.encode() + content)

    return play


def raw(content: bytes) -> Play:
    """These bytes, then the end of the connection."""

    def play(link: socket.socket, _over: threading.Event) -> None:
        link.sendall(content)

    return play


def dripping(start: bytes, drop: bytes, every: float = 0.02) -> Play:
    """A beginning, then a little of the rest again and again, for ever."""

    def play(link: socket.socket, over: threading.Event) -> None:
        link.sendall(start)
        while not over.wait(every):
            link.sendall(drop)

    return play


def silent(_link: socket.socket, over: threading.Event) -> None:
    """Take the request and say nothing."""
    over.wait(60)


def certificate(folder: Path, *names: str, days: int = 1) -> tuple[ssl.SSLContext, str]:
    """What a server needs to be known by these names, and the file by which clients trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(public)
    both.write_bytes(public + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, str(trusted)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
