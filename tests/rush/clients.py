"""A thousand people with the form open who all press the button at one instant.

Run as `python -m tests.rush.clients PATH PEOPLE PORT [PORT ...]`; each person keeps a connection, a
cookie and a token of their own, and after the rush looks at the page that the answer leads to.
Prints one JSON object a person.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

SEE_OTHER = 303
AT_ONCE = 40  # so many open the form, or read their page, at a time
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: ([^;]+)", re.IGNORECASE)
_TO = re.compile(rb"\r\nlocation: (?:https?://[^/\r]+)?([^\r]+)", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')
_OUTCOME = re.compile(rb'data-outcome="(\w+)"')


@dataclass
class Answer:
    """What one person got: the status, after how long, and what the page in the end says."""

    email: str
    status: int = 0
    seconds: float = 0.0
    pressed_at: float = 0.0  # by the monotonic clock
    outcome: str = ""
    names_me: bool = False


class Person:
    """One visitor with a browser of their own."""

    def __init__(self, number: int, port: int) -> None:
        self.answer = Answer(f"gast-{number}@example.org")
        self._number, self._port = number, port
        self._cookie, self._token = "", ""

    async def open_form(self, path: str) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        _status, head, body = await self._ask("GET", path)
        token = _TOKEN.search(body)
        assert token is not None, body[:2000]
        self._token = token[1].decode()
        self._keep_cookie(head)

    async def press(self, path: str) -> None:
        form = {
            "first_name": "Maria",
            "last_name": f"Muster-{self._number}",
            "email": self.answer.email,
            "organisation": "Stadtverwaltung Bendorf",
            "csrf_token": self._token,
        }
        start = time.monotonic()
        self.answer.status, head, self._page = await self._ask("POST", path, urlencode(form))
        self.answer.pressed_at, self.answer.seconds = start, time.monotonic() - start
        self._keep_cookie(head)
        self._to = _TO.search(head)

    async def read_page(self) -> None:
        if self.answer.status == SEE_OTHER:
            assert self._to is not None
            _status, _head, self._page = await self._ask("GET", self._to[1].decode())
        outcome = _OUTCOME.search(self._page)
        self.answer.outcome = outcome[1].decode() if outcome else ""
        self.answer.names_me = self.answer.email.encode() in self._page
        self._writer.close()

    def _keep_cookie(self, head: bytes) -> None:
        found = _COOKIE.search(head)
        self._cookie = found[1].decode() if found else self._cookie

    async def _ask(self, method: str, path: str, body: str = "") -> tuple[int, bytes, bytes]:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        if body:
            lines.append("Content-Type: application/x-www-form-urlencoded")
        if self._cookie:
            lines.append(f"Cookie: {self._cookie}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        content = await self._reader.readexactly(int(length[1]) if length else 0)
        return int(head[9:12]), head, content


async def rush(path: str, people: int, ports: list[int]) -> list[Answer]:
    """Everybody opens the form; then all press at once; then everybody reads."""
    persons = [Person(number, ports[number % len(ports)]) for number in range(people)]
    few = asyncio.Semaphore(AT_ONCE)

    async def one_of_few(person: Person, *, reads: bool) -> None:
        async with few:
            await (person.read_page() if reads else person.open_form(path))

    await asyncio.gather(*(one_of_few(person, reads=False) for person in persons))
    await asyncio.gather(*(person.press(path) for person in persons))
    await asyncio.gather(*(one_of_few(person, reads=True) for person in persons))
    return [person.answer for person in persons]


if __name__ == "__main__":
    address, number, *servers = sys.argv[1:]
    found = asyncio.run(rush(address, int(number), [int(port) for port in servers]))
    sys.stdout.write(json.dumps([asdict(answer) for answer in found]))
