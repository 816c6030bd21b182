"""A small client that keeps its connections: one process, several threads, plain sockets.

Run as `python -m tests.bench.client PORT JOB SECONDS FIRST PATHS`; prints the requests answered
and the seconds they took as JSON. A wrong status ends it: what is fast and wrong is not measured.
"""

import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import urlencode

THREADS = 8
OK, SEE_OTHER = 200, 303
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: ([^;]+)", re.IGNORECASE)
_TO = re.compile(rb"\r\nlocation: (?:https?://[^/\r]+)?([^\r]+)", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')

Round = Callable[["Connection"], None]


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def ask(
        self, method: str, path: str, *, body: str = "", cookie: str = ""
    ) -> tuple[bytes, bytes]:
        """Send a request; the head and body of the answer, whose status must be the expected."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if body:
            lines += [f"Content-Length: {len(body)}"]
            lines += ["Content-Type: application/x-www-form-urlencoded"]
        if cookie:
            lines += [f"Cookie: {cookie}"]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        head, content = self._read()
        expected = SEE_OTHER if method == "POST" else OK
        if int(head[9:12]) != expected:
            raise RuntimeError(f"{method} {path}: {head[:200]!r} {content[:3000]!r}")
        return head, content

    def _read(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, content = received.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        parts, missing = [content], int(found[1] if found else 0) - len(content)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return head, b"".join(parts)

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the server closed the connection")
        return part


def person(number: int) -> dict[str, str]:
    """What an invented person fills in."""
    return {
        "salutation": "frau",
        "title": "",
        "first_name": "Wilma",
        "last_name": f"Beispielfrau-{number}",
        "email": f"wilma.{number}@example.org",
        "organisation": "Stadtverwaltung Musterstadt",
        "position": "Digitalisierung",
        "question": "Wie viele Seiten darf der Antrag haben?",
        "website": "",
    }


def look(paths: Iterator[str], _numbers: Iterator[int]) -> Round:
    """One page, again and again."""
    return lambda connection: void(connection.ask("GET", next(paths)))


def post_bare(paths: Iterator[str], numbers: Iterator[int]) -> Round:
    """The yardstick's POST."""
    return lambda connection: void(
        connection.ask("POST", next(paths), body=urlencode(person(next(numbers))))
    )


def post(paths: Iterator[str], numbers: Iterator[int]) -> Round:
    """Registrations only: each connection has fetched its form and token before."""
    forms: dict[int, tuple[str, str]] = {}

    def send(connection: Connection) -> None:
        path = next(paths)
        if id(connection) not in forms:
            forms[id(connection)] = open_form(connection, f"{path}/register")
        cookie, token = forms[id(connection)]
        body = urlencode({**person(next(numbers)), "csrf_token": token})
        connection.ask("POST", f"{path}/register", body=body, cookie=cookie)

    return send


def cookie_in(head: bytes) -> str:
    """The cookies that a response sets, as a browser sends them back."""
    return "; ".join(cookie.decode() for cookie in _COOKIE.findall(head))


def register(paths: Iterator[str], numbers: Iterator[int]) -> Round:
    """All that a person does who is new to the site: event, form, sending it, result."""

    def go(connection: Connection) -> None:
        path = next(paths)
        connection.ask("GET", path)
        cookie, token = open_form(connection, f"{path}/register")
        body = urlencode({**person(next(numbers)), "csrf_token": token})
        head, _content = connection.ask("POST", f"{path}/register", body=body, cookie=cookie)
        to = _TO.search(head)
        if to is None:
            raise RuntimeError(f"the answer leads nowhere: {head!r}")
        connection.ask("GET", to[1].decode(), cookie=cookie_in(head) or cookie)

    return go


def open_form(connection: Connection, path: str) -> tuple[str, str]:
    """The session's cookie and the token of a fresh form."""
    head, content = connection.ask("GET", path)
    cookie, token = _COOKIE.search(head), _TOKEN.search(content)
    if cookie is None or token is None:
        raise RuntimeError("the form has no token or no session")
    return cookie[1].decode(), token[1].decode()


def void(_answer: object) -> None:
    """Drop an answer that was checked already."""


def run(port: int, job: Round, seconds: float) -> dict[str, float]:
    """Work with all threads until the time is over."""
    done, failures = [0] * THREADS, []
    end = time.monotonic() + seconds

    def work(slot: int) -> None:
        connection = Connection(port)
        try:
            while time.monotonic() < end:
                job(connection)
                done[slot] += 1
        except (RuntimeError, OSError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(THREADS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return {"done": sum(done), "seconds": time.monotonic() - start}


JOBS = {"look": look, "post_bare": post_bare, "post": post, "register": register}


def circle(paths: list[str]) -> Iterator[str]:
    """The paths in turn, for all threads."""
    return (paths[number % len(paths)] for number in count())


class Shared:
    """An iterator that several threads may ask."""

    def __init__(self, source: Iterator[object]) -> None:
        self._source, self._lock = source, threading.Lock()

    def __iter__(self) -> "Shared":
        return self

    def __next__(self) -> object:
        with self._lock:
            return next(self._source)


if __name__ == "__main__":
    to, name, time_box, first, *addresses = sys.argv[1:]
    wanted = JOBS[name](Shared(circle(addresses)), Shared(count(int(first))))  # type: ignore[arg-type]
    sys.stdout.write(json.dumps(run(int(to), wanted, float(time_box))))
