"""The client for other servers: where it goes, what it refuses, and how long it waits."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.domain.outgoing import IpAddress
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.rooms import outgoing
from ikone_events.services.rooms.outgoing import CERTIFICATES, RESOLVER, OutgoingAnswer, call
from ikone_events.store.db import transaction
from tests.lying_servers import (
    Play,
    certificate,
    dripping,
    raw,
    saying,
    serving,
    silent,
)

Ask = Callable[..., OutgoingAnswer]
PUBLIC = "93.184.215.14"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


@pytest.fixture
def name_hosts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set IKONE_OUTGOING_HOSTS."""

    def name(*hosts: str) -> None:
        known = app.extensions["ikone_installation"]
        settings = replace(known.settings, outgoing_hosts=hosts)
        monkeypatch.setitem(app.extensions, "ikone_installation", replace(known, settings=settings))

    return name


@pytest.fixture
def ask(app: Flask, name_hosts: Callable[..., None]) -> Ask:
    """Call an address; 127.0.0.1 is named."""
    name_hosts("127.0.0.1")

    def asked(address: str, **more: object) -> OutgoingAnswer:
        with app.app_context():
            return call(address, **more)  # type: ignore[arg-type]

    return asked


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> float:
    """A third of a second in place of five; what would not end by itself ends before the seconds
    that are returned, on a busy machine too.
    """
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    return 30.0


def resolving(app: Flask, *answers: Sequence[str]) -> list[str]:
    """Answer questions for names one after another, the last for ever; returns who was asked."""
    asked: list[str] = []

    def resolve(host: str) -> list[IpAddress]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [ip_address(address) for address in found]

    app.extensions[RESOLVER] = resolve
    return asked


def refused(ask: Ask, address: str, **more: object) -> str:
    with pytest.raises(RoomUnavailable) as refusal:
        ask(address, **more)
    return str(refusal.value)


def test_answer_comes_with_status_headers_and_body(ask: Ask) -> None:
    with serving(saying(b"<ok/>", headers="X-Kind: Probe\r\n")) as server:
        found = ask(f"http://127.0.0.1:{server.port}/api/x?b=2&a=%20+1&checksum=ff#part")
    assert (found.status, found.headers["X-Kind"], found.body) == (200, "Probe", b"<ok/>")
    # The query exactly as given: checksums are computed over it.
    assert server.heard[0].startswith(b"GET /api/x?b=2&a=%20+1&checksum=ff HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.heard[0]
    assert b"Accept-Encoding: identity\r\n" in server.heard[0]


def test_body_and_headers_are_sent(ask: Ask) -> None:
    with serving(saying(b"")) as server:
        ask(
            f"http://127.0.0.1:{server.port}/",
            method="POST",
            body=b"",
            headers={"Content-Type": "text/xml"},
        )
    assert server.heard[0].startswith(b"POST / HTTP/1.1\r\n")
    assert b"Content-Type: text/xml\r\n" in server.heard[0]


def test_redirect_is_not_followed(ask: Ask) -> None:
    with serving(saying(b"inside")) as other:
        to = f"Location: http://127.0.0.1:{other.port}/\r\n"
        with serving(saying(b"", status="302 Found", headers=to)) as server:
            assert ask(f"http://127.0.0.1:{server.port}/").status == 302
    assert other.heard == []


def test_no_proxy_and_no_cookie_is_used(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying(b"proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with serving(saying(b"own", headers="Set-Cookie: a=b\r\n")) as server:
            for _ in range(2):
                assert ask(f"http://127.0.0.1:{server.port}/").body == b"own"
    assert proxy.heard == []
    assert b"Cookie" not in server.heard[1]


@pytest.mark.parametrize(
    ("play", "words"),
    [
        (dripping(HEAD + b"\r\n", b" "), "did not answer within"),
        (dripping(HEAD, b"X-A: b\r\n"), "did not answer within|no proper one"),
        (dripping(b"HTTP/1.1 200 O", b"K"), "did not answer within"),
        (dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "did not answer within"),
        (dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"), "did not answer"),
        (silent, "did not answer within"),
    ],
    ids=["body", "headers", "status", "continue", "chunks", "silence"],
)
def test_slow_server_is_left_at_the_deadline(
    ask: Ask, short: float, play: Play, words: str
) -> None:
    with serving(play) as server:
        began = time.monotonic()
        with pytest.raises(RoomUnavailable, match=words):
            ask(f"http://127.0.0.1:{server.port}/")
        assert time.monotonic() - began < short


def test_server_that_is_silent_in_the_tls_handshake_is_left(
    app: Flask, ask: Ask, short: float
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        words = refused(ask, f"https://127.0.0.1:{listener.getsockname()[1]}/")
        assert time.monotonic() - began < short
    assert "certificate" not in words


@pytest.mark.parametrize(
    "play",
    [
        saying(b"x" * 10_000_000),
        raw(HEAD + b"\r\n" + b"x" * 10_000_000),
        dripping(HEAD + b"\r\n", b"x" * 1_000_000),
    ],
    ids=["with a length", "without a length", "without end"],
)
def test_huge_answer_is_not_read_to_its_end(ask: Ask, play: Play) -> None:
    with serving(play) as server:
        assert "too long" in refused(ask, f"http://127.0.0.1:{server.port}/")


def test_longest_answer_is_whole_and_a_call_may_allow_more(ask: Ask) -> None:
    with serving(saying(b"x" * outgoing.MOST_BYTES)) as server:
        assert len(ask(f"http://127.0.0.1:{server.port}/").body) == outgoing.MOST_BYTES
    with serving(saying(b"x" * (outgoing.MOST_BYTES + 1))) as server:
        address = f"http://127.0.0.1:{server.port}/"
        assert "too long" in refused(ask, address)
        assert len(ask(address, most_bytes=100_000).body) == outgoing.MOST_BYTES + 1


def test_packed_answer_is_not_unpacked(ask: Ask) -> None:
    with serving(saying(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n")) as server:
        assert "no proper one" in refused(ask, f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    "content",
    [b"", b"SSH-2.0-OpenSSH\r\n", HEAD + b"Content-Length: 99\r\n\r\n<half", b"\x00" * 200],
    ids=["nothing", "another protocol", "half", "zeros"],
)
def test_server_that_breaks_off_is_reported_as_such(ask: Ask, content: bytes) -> None:
    with serving(raw(content)) as server:
        assert "broke off" in refused(ask, f"http://127.0.0.1:{server.port}/")


def test_closed_port_is_unreachable(ask: Ask) -> None:
    with serving(silent) as server:
        pass
    assert "be reached" in refused(ask, f"http://127.0.0.1:{server.port}/")


def test_certificate_is_checked_against_the_name(
    app: Flask, ask: Ask, name_hosts: Callable[..., None], tmp_path: Path
) -> None:
    name_hosts("meet.example.org", "other.example.org")
    context, app.extensions[CERTIFICATES] = certificate(tmp_path, "meet.example.org")
    resolving(app, ["127.0.0.1"])
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    with serving(saying(b"in"), tls=context) as server:
        assert ask(f"https://meet.example.org:{server.port}/").body == b"in"
        assert f"Host: meet.example.org:{server.port}\r\n".encode() in server.heard[0]
        words = refused(ask, f"https://other.example.org:{server.port}/")
    assert "certificate of “other.example.org” is not valid" in words
    assert names == ["meet.example.org", "other.example.org"]
    assert len(server.heard) == 1


@pytest.mark.parametrize("days", [-1, 1], ids=["expired", "of an unknown issuer"])
def test_unfit_certificate_is_refused(app: Flask, ask: Ask, tmp_path: Path, days: int) -> None:
    context, trusted = certificate(tmp_path, "127.0.0.1", days=days)
    if days < 0:
        app.extensions[CERTIFICATES] = trusted
    with serving(saying(b"in"), tls=context) as server:
        assert "certificate" in refused(ask, f"https://127.0.0.1:{server.port}/")
    assert server.heard == []


def test_port_without_tls_is_not_taken_for_a_wrong_certificate(ask: Ask) -> None:
    def speak_plainly() -> None:
        link, _address = listener.accept()
        with link:
            link.recv(4096)
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=speak_plainly)
        server.start()
        words = refused(ask, f"https://127.0.0.1:{listener.getsockname()[1]}/")
        server.join()
    assert "no proper one" in words


def test_dripping_server_behind_tls_is_left_too(
    app: Flask, ask: Ask, short: float, tmp_path: Path
) -> None:
    context, app.extensions[CERTIFICATES] = certificate(tmp_path, "127.0.0.1")
    with serving(dripping(HEAD + b"\r\n", b" "), tls=context) as server:
        began = time.monotonic()
        assert "did not answer" in refused(ask, f"https://127.0.0.1:{server.port}/")
        assert time.monotonic() - began < short


def test_next_address_is_tried_if_one_fails(app: Flask, ask: Ask, tmp_path: Path) -> None:
    context, app.extensions[CERTIFICATES] = certificate(tmp_path, "meet.example.org")
    with serving(saying(b"second"), tls=context) as server:
        resolving(app, ["::1", "127.0.0.1"])
        known = app.extensions["ikone_installation"]
        hosts = replace(known.settings, outgoing_hosts=("meet.example.org",))
        app.extensions["ikone_installation"] = replace(known, settings=hosts)
        assert ask(f"https://meet.example.org:{server.port}/").body == b"second"


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
        ["fe80::1"],
        ["fd00::1"],
        ["ff02::1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["0.0.0.0"],  # noqa: S104 - not bound to
    ],
    ids="/".join,
)
def test_name_that_leads_inside_is_not_called(app: Flask, ask: Ask, found: list[str]) -> None:
    resolving(app, found)
    assert "inside your own network" in refused(ask, "https://meet.example.org/")


def test_name_is_resolved_once_for_check_and_connection(
    app: Flask, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second question could be answered by another address (DNS rebinding)."""
    asked = resolving(app, [PUBLIC], ["127.0.0.1"])
    connected: list[str] = []

    def connect(_socket: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address[0])
        raise OSError("nobody leaves this machine")

    monkeypatch.setattr(socket.socket, "connect", connect)
    assert "be reached" in refused(ask, "https://meet.example.org/")
    assert (asked, connected) == (["meet.example.org"], [PUBLIC])


def test_name_that_leads_inside_after_a_change_is_refused_at_the_next_call(
    app: Flask, ask: Ask
) -> None:
    resolving(app, ["127.0.0.1"])
    assert "inside your own network" in refused(ask, "https://meet.example.org/")


def test_unknown_name_is_reported_as_such(app: Flask, ask: Ask) -> None:
    def resolve(_host: str) -> list[IpAddress]:
        raise socket.gaierror("no such name")

    app.extensions[RESOLVER] = resolve
    assert "There is no server" in refused(ask, "https://meet.example.org/")


def test_resolver_that_hangs_is_left_at_the_deadline(app: Flask, ask: Ask, short: float) -> None:
    end = threading.Event()

    def resolve(_host: str) -> list[IpAddress]:
        end.wait(60)
        return []

    app.extensions[RESOLVER] = resolve
    began = time.monotonic()
    refused(ask, "https://meet.example.org/")
    assert time.monotonic() - began < short
    end.set()


def test_call_inside_a_transaction_is_a_mistake(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(RuntimeError, match="locked"):
        call("https://meet.example.org/")


def test_log_names_the_host_and_nothing_else(
    ask: Ask, short: float, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    odd = HEAD + b"Content-Length: 1\r\n: strange\r\n geheim-header\r\n\r\n"
    for play in (silent, raw(odd), raw(b"x"), saying(b"x" * 100_000)):
        with serving(play) as server, pytest.raises(RoomUnavailable):
            ask(
                f"http://127.0.0.1:{server.port}/geheim-path?password=geheim",
                method="POST",
                body=b"geheim-body",
                headers={"Authorization": "geheim-token"},
            )
    assert "call of 127.0.0.1 failed" in caplog.text
    assert "geheim" not in caplog.text
