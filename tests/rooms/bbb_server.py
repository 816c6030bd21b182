"""A BigBlueButton on loopback: it verifies every signature, and misbehaves when it is asked to.

Written from the documentation (docs.bigbluebutton.org/development/api) and the traps of its
tracker: a person is in the list only once their page is loaded, and stays in it for a while after
they have left; ended meetings are not found; a link belongs to one meeting.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"  # of the documentation's example
# The clock of the server stands in a far future: nothing of ours may follow it.
FUTURE_MS = 4_102_444_800_000


class Manner(StrEnum):
    """How the server behaves."""

    WELL = "well"
    SLOW = "slow"
    HANGS_UP = "hangs up"
    BROKEN = "broken"
    HTML = "html"
    HUGE = "huge"
    BOMB = "bomb"
    OTHER_ALGORITHM = "other algorithm"
    ODD_SESSION = "odd session"
    REDIRECTS = "redirects"


# What a server that misbehaves sends: status and body.
BOMB = b"""<!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>
<response><returncode>SUCCESS</returncode><createTime>&c;</createTime></response>"""
HTML = b"<!doctype html><html><head><title>Wartung</title></head><body>Bis gleich.</body></html>"
_INSTEAD = {
    Manner.BROKEN: (500, b"<response><returncode>SUCCESS</returncode></response>"),
    Manner.HTML: (200, HTML),
    Manner.HUGE: (200, b"<response>" + b"<a>" * (10 * 1024 * 1024 // 3)),
    Manner.BOMB: (200, BOMB),
    Manner.REDIRECTS: (302, b""),
}


@dataclass
class Meeting:
    """One meeting: `listed` are those whose page is loaded, name and role by user id."""

    parameters: dict[str, str]
    session: str
    coming: dict[str, tuple[str, str]] = field(default_factory=dict)
    listed: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class BbbServer:
    """The server's state; `calls` are the names of answered calls with their parameters.

    `lock_held` is asked at every call over the network; `under_lock` is what it said.
    """

    secret: str = SECRET
    manner: Manner = Manner.WELL
    meetings: dict[str, Meeting] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    under_lock: list[bool] = field(default_factory=list)
    lock_held: Callable[[], bool] = lambda: False
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    made: int = 0

    @property
    def address(self) -> str:
        """What an administrator enters."""
        return f"http://localhost:{self.port}/bigbluebutton/"

    def reset(self, *, lock_held: Callable[[], bool]) -> None:
        """As good as new, for the next test."""
        self.released.set()
        self.released = threading.Event()
        self.secret, self.manner, self.lock_held = SECRET, Manner.WELL, lock_held
        self.meetings.clear()
        self.calls.clear()
        self.under_lock.clear()

    def names(self) -> list[str]:
        """The names of all calls so far."""
        return [name for name, _parameters in self.calls]

    def answer(self, name: str, query: str) -> tuple[int, bytes]:
        """Status and body for a call."""
        if self.manner in _INSTEAD:
            self.calls.append((name, {}))
            return _INSTEAD[self.manner]
        signed, _, mark = query.rpartition("checksum=")
        signed = signed.removesuffix("&")
        text = f"{name}{signed}{self.secret}".encode()
        other = self.manner is Manner.OTHER_ALGORITHM
        right = (hashlib.sha512 if other else hashlib.sha256)(text).hexdigest()
        parameters = dict(parse_qsl(signed, keep_blank_values=True, strict_parsing=bool(signed)))
        self.calls.append((name, parameters))
        if mark != right:
            return 200, _failed("checksumError")
        handle: Callable[[dict[str, str]], bytes] | None = getattr(self, f"_{name}", None)
        return (200, handle(parameters)) if handle else (404, b"")

    def _create(self, given: dict[str, str]) -> bytes:
        key = given["meetingID"]
        if not 2 <= len(key) <= 256 or "," in key:
            return _failed("validationError")
        if not 2 <= len(given["name"]) <= 64:
            return _failed("validationError")
        known = self.meetings.get(key)
        if known is None:
            self.made += 1
            known = Meeting(given, str(FUTURE_MS + self.made))
            self.meetings[key] = known
        elif any(known.parameters[each] != given[each] for each in ("attendeePW", "moderatorPW")):
            return _failed("idNotUnique")
        session = "übermorgen" if self.manner is Manner.ODD_SESSION else known.session
        return _succeeded(f"<meetingID>{key}</meetingID><createTime>{session}</createTime>")

    def _join(self, given: dict[str, str]) -> bytes:
        meeting = self.meetings.get(given["meetingID"])
        if meeting is None:
            return _failed("notFound")
        if given["createTime"] != meeting.session:
            return _failed("mismatchCreateTimeParam")
        if given["role"] not in ("VIEWER", "MODERATOR") or not given["fullName"]:
            return _failed("validationError")
        meeting.coming[given["userID"]] = (given["fullName"], given["role"])
        return _succeeded("")

    def _getMeetingInfo(self, given: dict[str, str]) -> bytes:  # noqa: N802 - the call's name
        meeting = self.meetings.get(given["meetingID"])
        if meeting is None:
            return _failed("notFound")
        people = "".join(
            f"<attendee><userID>{escape(user)}</userID><fullName>{escape(name)}</fullName>"
            f"<role>{role}</role><isPresenter>false</isPresenter></attendee>"
            for user, (name, role) in meeting.listed.items()
        )
        return _succeeded(
            f"<meetingName>{escape(meeting.parameters['name'])}</meetingName>"
            f"<createTime>{meeting.session}</createTime><attendees>{people}</attendees>"
        )

    def _end(self, given: dict[str, str]) -> bytes:
        if given["meetingID"] not in self.meetings:
            return _failed("notFound")
        return _succeeded("<messageKey>sentEndMeetingRequest</messageKey>")  # it takes a while

    def enter(self, address: str, *, load: bool = True) -> dict[str, str]:
        """What a person's browser does with the address from us; returns what it says.

        Raises ValueError if the server does not let them in.
        """
        parts = urlsplit(address)
        _status, body = self.answer(parts.path.rpartition("/")[2], parts.query)
        if b"SUCCESS" not in body:
            raise ValueError(body.decode())
        sent = dict(parse_qsl(parts.query))
        if load:
            self.load_page(sent["meetingID"])
        return sent

    def load_page(self, key: str) -> None:
        """The pages of all who come are loaded: now they are in the list."""
        meeting = self.meetings[key]
        meeting.listed |= meeting.coming
        meeting.coming.clear()

    def expire(self, key: str) -> None:
        """The meeting ends, by itself or a while after it was asked to."""
        self.meetings.pop(key, None)


def _succeeded(content: str) -> bytes:
    return f"<response><returncode>SUCCESS</returncode>{content}</response>".encode()


def _failed(reason: str) -> bytes:
    text = f"<messageKey>{reason}</messageKey><message>Nein.</message>"
    return f"<response><returncode>FAILED</returncode>{text}</response>".encode()


@contextmanager
def bbb_server(**state: Any) -> Iterator[BbbServer]:
    """A running server."""
    server = BbbServer(**state)
    with running(_handler(server)) as port:
        server.port = port
        try:
            yield server
        finally:
            server.released.set()


@contextmanager
def running(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port of a server on loopback with this handler."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    web.daemon_threads = True
    thread = threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web.server_address[1]
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def _handler(server: BbbServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.under_lock.append(server.lock_held())
            manner, released = server.manner, server.released
            parts = urlsplit(self.path)
            folder, _, name = parts.path.rpartition("/")
            if manner is Manner.SLOW:
                released.wait(60)
            if manner in (Manner.SLOW, Manner.HANGS_UP):
                self.close_connection = True
                return
            found = folder == "/bigbluebutton/api"
            status, body = server.answer(name, parts.query) if found else (404, b"")
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://localhost:{server.port}/elsewhere")
            self.send_header("Content-Type", "text/xml;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the other side has read enough
                self.close_connection = True

        def log_message(self, *_what: object) -> None:
            """Write nothing."""

    return Handler
