"""What the server takes from a socket: bodies up to the limit of their route, plain framing."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from waitress import wasyncore

from ikone_events.config import Settings
from ikone_events.demo.catcher import free_port
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Material
from ikone_events.web.shell.bodies import MEGABYTE, MOST_BYTES
from ikone_events.worker import request_parser
from ikone_events.worker.server import listen
from tests.factories import NOW, make_event, make_settings
from tests.patience import PATIENCE

FORM = "Content-Type: application/x-www-form-urlencoded"
LOGIN = "POST /login HTTP/1.1"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Files of at most two megabytes, so that a test can go over it."""
    return make_settings(data_dir, max_upload_mb=2)


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Where the server of `serve` answers."""
    with running(app) as number:
        yield number


@contextmanager
def running(app: Flask) -> Iterator[int]:
    """Serve in a thread."""
    number = free_port()
    server = listen(app, "127.0.0.1", number)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield number
    finally:
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()


@contextmanager
def connected(port: int, *head: str, body: bytes = b"") -> Iterator[socket.socket]:
    """A connection on which a head and the beginning of a body were sent."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        lines = "\r\n".join([*head[:1], "Host: localhost", *head[1:], "", ""])
        connection.sendall(lines.encode("latin-1") + body)
        yield connection


def everything(connection: socket.socket) -> bytes:
    """All that the server sends until it closes; a reset is an error."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def answer(port: int, *head: str, body: bytes = b"") -> bytes:
    """The response to a request after which the server closes the connection."""
    with connected(port, *head, body=body) as connection:
        return everything(connection)


def status(response: bytes) -> int:
    """The number in the first line."""
    return int(response.split(b" ", 2)[1])


def chunked(body: bytes, size: int = 60_000) -> bytes:
    """A body in chunks, with its end."""
    parts = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.fixture
def spied_buffers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of every body when the server has buffered a part of it."""
    lengths: list[int] = []

    class Watched(request_parser.RequestParser):
        def received(self, data: bytes) -> int:
            taken = super().received(data)
            lengths.append(len(self.body_rcv) if self.body_rcv is not None else 0)
            return taken

    monkeypatch.setattr(request_parser, "RequestParser", Watched)
    return lengths


def test_huge_body_is_refused_by_its_length_alone(port: int, spied_buffers: list[int]) -> None:
    """Nothing of it is awaited or buffered, and the page says what is possible."""
    for length in (MOST_BYTES + 1, 300 * MEGABYTE, 10**15, 10**4000):
        response = answer(port, LOGIN, FORM, f"Content-Length: {length}")
        assert status(response) == 413, length
        assert b"Connection: close" in response
        assert b"<h1>" in response
        assert b"1 MB" in response
    assert max(spied_buffers) == 0


def test_body_of_the_limit_is_taken(port: int) -> None:
    response = answer(
        port, LOGIN, FORM, f"Content-Length: {MOST_BYTES}", "Connection: close",
        body=b"x" * MOST_BYTES,
    )  # fmt: skip
    assert status(response) == 400  # the form has no token


def test_client_that_sends_on_sees_the_refusal(port: int) -> None:
    """Browsers read the answer after they have sent everything; a reset would hide it."""
    response = answer(
        port, LOGIN, FORM, f"Content-Length: {9 * MEGABYTE}", body=b"x" * 9 * MEGABYTE
    )
    assert status(response) == 413


def test_chunked_body_is_refused_while_it_arrives(port: int, spied_buffers: list[int]) -> None:
    """It never ends, and the answer comes all the same."""
    head = (LOGIN, FORM, "Transfer-Encoding: chunked")
    with connected(port, *head, body=chunked(b"x" * 3 * MEGABYTE)[:-5]) as connection:
        response = everything(connection)
    assert status(response) == 413
    assert MOST_BYTES - 10_000 < max(spied_buffers) <= MOST_BYTES


def test_chunks_do_not_grow_by_their_framing(port: int) -> None:
    """Sizes, extensions and trailers hold no content; they end too."""
    head = (LOGIN, FORM, "Transfer-Encoding: chunked")
    for endless in (b"1;x=y\r\na\r\n" * 400_000, b"0\r\nA: " + b"b" * 3 * MEGABYTE):
        assert status(answer(port, *head, body=endless)) == 413


def test_chunked_form_is_read(port: int) -> None:
    head = (LOGIN, FORM, "Transfer-Encoding: chunked", "Connection: close")
    assert status(answer(port, *head, body=chunked(b"email=a", 2))) == 400  # no token


def test_client_that_asks_first_is_answered_at_once(port: int) -> None:
    """A 100 would invite the body (RFC 9110, 10.1.1)."""
    ask = "Expect: 100-continue"
    response = answer(port, LOGIN, FORM, ask, f"Content-Length: {MOST_BYTES + 1}")
    assert status(response) == 413
    with connected(port, LOGIN, FORM, ask, "Content-Length: 3", "Connection: close") as connection:
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"a=b")
        assert status(everything(connection)) == 400
    for nothing in ("Content-Length: 0", "Accept: */*"):
        response = answer(port, "GET /healthz HTTP/1.1", ask, nothing, "Connection: close")
        assert status(response) == 200


@pytest.mark.parametrize(
    "heads",
    [
        ["Content-Length: -1"],
        ["Content-Length: +5"],
        ["Content-Length: 5,5"],
        ["Content-Length: 5 5"],
        ["Content-Length: 0x5"],
        ["Content-Length: five"],
        ["Content-Length: "],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Content-Length: 5"],
        ["Content-Length: " + "9" * 5000],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 5"],
        ["Transfer-Encoding: Chunked", "content-length: 0"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: "],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding: \x0bchunked"],
        ["Transfer-Encoding:\r\n chunked"],
        ["Content-Length : 5"],
        ["Content-Length: 5\r\n Cookie: a"],
        ["A: b\r\n\tc"],
        ["A: b\nContent-Length: 5"],
        ["A: b\rContent-Length: 5"],
        ["A\0: b"],
        ["no colon"],
    ],
    ids=repr,
)
def test_ambiguous_framing_ends_the_connection(port: int, heads: list[str]) -> None:
    """What a proxy may read as another request is no request here (RFC 9112, 5 and 6)."""
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    response = answer(port, LOGIN, FORM, *heads, body=smuggled)
    assert (status(response), response.count(b"HTTP/1.")) in ((400, 1), (501, 1))
    assert b"Connection: close" in response


def test_old_protocol_has_no_chunks(port: int) -> None:
    """RFC 9112, 6.1: an HTTP/1.0 request with Transfer-Encoding has faulty framing."""
    head = ("POST /login HTTP/1.0", FORM, "Transfer-Encoding: chunked", "Connection: keep-alive")
    response = answer(
        port, *head, body=b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    assert (status(response), response.count(b"HTTP/1.")) == (400, 1)


def test_next_request_of_a_connection_is_answered(port: int) -> None:
    small = ("POST /login HTTP/1.1", FORM, "Content-Length: 3")
    second = b"a=bGET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert answer(port, *small, body=second).count(b"HTTP/1.1 ") == 2


def test_nothing_in_a_refused_body_is_a_request(port: int) -> None:
    second = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    response = answer(port, LOGIN, FORM, "Content-Length: 99999999", body=second)
    assert response.count(b"HTTP/1.1 ") == 1


def test_lingering_connection_ends(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends for ever is cut off."""
    monkeypatch.setattr(request_parser, "LINGER_SECONDS", 0.2)

    def send_on(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"x" * 60_000)

    with (
        running(app) as port,
        connected(port, LOGIN, FORM, "Content-Length: 99999999") as connection,
        pytest.raises(ConnectionError),
    ):
        send_on(connection)


class Upload:
    """A browser that sends files to an event by its own sockets."""

    def __init__(self, app: Flask, port: int) -> None:
        self.port, self.app = port, app
        self.event = make_event(app)
        with app.app_context(), transaction():
            new = NewOrganiser(
                email="team@example.org", role="organiser", password="Lange-Wörter-2026", name="W"
            )
            number = add(new, now=NOW).id
        client = app.test_client()
        with app.app_context():
            identifier = db.session.get_one(Organiser, number).fs_uniquifier
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = identifier, True
            session["signed_in_at"] = session["seen_at"] = int(NOW.timestamp())
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/organise/").text)
        assert token is not None
        self.token = token[1]
        cookie = client.get_cookie("session")
        assert cookie is not None
        self.cookie = cookie.value

    def body(self, size: int, part: str = "slides-file") -> bytes:
        """A form with a file of this size."""
        head = "--x\r\nContent-Disposition: form-data; name="
        text = f'{head}"csrf_token"\r\n\r\n{self.token}\r\n'
        text += f'{head}"{part}"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
        return text.encode() + b"%PDF-".ljust(size, b"x") + b"\r\n--x--\r\n"

    def send(
        self, body: bytes, *, cookie: str | None = None, path: str = "materials/slides",
        in_chunks: bool = False,
    ) -> bytes:  # fmt: skip
        """Post a body; the response."""
        path = f"POST /organise/events/{self.event.slug}/{path} HTTP/1.1"
        length = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(body)}"
        return answer(
            self.port, path, "Content-Type: multipart/form-data; boundary=x", length,
            f"Cookie: session={self.cookie if cookie is None else cookie}", "Connection: close",
            body=chunked(body) if in_chunks else body,
        )  # fmt: skip

    def stored(self) -> list[int]:
        """The sizes of the files that were kept."""
        with self.app.app_context():
            return list(db.session.scalars(db.select(Material.size)))


@pytest.fixture
def upload(app: Flask, port: int) -> Upload:
    """A signed-in browser."""
    return Upload(app, port)


@pytest.mark.parametrize("in_chunks", [False, True])
def test_file_of_exactly_the_limit_is_taken(upload: Upload, in_chunks: bool) -> None:
    limit = 2 * MEGABYTE
    assert status(upload.send(upload.body(limit), in_chunks=in_chunks)) == 303
    assert upload.stored() == [limit]
    response = upload.send(upload.body(limit + 1), in_chunks=in_chunks)
    assert status(response) == 413
    assert b"2 MB" in response
    assert status(upload.send(upload.body(limit + MEGABYTE), in_chunks=in_chunks)) == 413
    assert upload.stored() == [limit]


def test_upload_without_a_login_is_not_read(upload: Upload, spied_buffers: list[int]) -> None:
    """The session of a visitor, a forged one and none at all give no room for a file."""
    visitor = upload.app.test_client()
    visitor.get("/login")
    own = visitor.get_cookie("session")
    assert own is not None
    forged = upload.cookie[:-3] + "abc"
    for cookie in (own.value, forged, "", "\xff"):
        response = upload.send(upload.body(MEGABYTE + 100_000), cookie=cookie)
        assert status(response) == 303, response[:500]
        assert b"Location: /login" in response
    assert max(spied_buffers) == 0
    assert upload.stored() == []


def test_room_for_a_file_belongs_to_its_own_page(upload: Upload, spied_buffers: list[int]) -> None:
    body = upload.body(MEGABYTE + 100_000)
    for path in ("materials/link", "edit", "materials/slides/../link", "nothing"):
        assert status(upload.send(body, path=path)) in (404, 413), path
    assert max(spied_buffers) == 0


def test_list_of_people_may_weigh_two_megabytes(upload: Upload) -> None:
    line = "Vorname;Person;p@example.org;" + "x" * 900 + "\n"
    body = upload.body(0, "file")
    for size, wanted in ((2 * MEGABYTE, 422), (2 * MEGABYTE + 1, 413)):
        content = (line * 3000).encode()[:size]
        sent = body.replace(b"%PDF-", content)
        response = upload.send(sent, path="registrations/import")
        assert (status(response), len(content)) == (wanted, size)
