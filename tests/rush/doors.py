"""Many people who press at the door of a video room, each at a moment of their own.

Run as `python -m tests.rush.doors FILE SECONDS PORT [PORT ...]` with a path of a door in each line
of the file: everybody opens the door, all presses are spread over the seconds, and everybody reads
the page that leads on. Prints one JSON object a person.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: ([^;]+)", re.IGNORECASE)
_TO = re.compile(rb"\r\nlocation: (?:https?://[^/\r]+)?([^\r]+)", re.IGNORECASE)
_ON = re.compile(rb"\r\nrefresh: 0; url=([^\r]+)", re.IGNORECASE)
_TOKEN = re.compile(rb'name="csrf_token"[^>]* value="([^"]+)"')


@dataclass
class Way:
    """What one person met: the status of the press, after how long, and the room behind it.

    `late`: how long after its planned moment the whole way was done, with all its pages.
    """

    path: str
    status: int = 0
    seconds: float = 0.0
    late: float = 0.0
    through: str = ""


async def _ask(
    port: int, method: str, path: str, *, body: str = "", cookie: str = ""
) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(head)
    content = await reader.readexactly(int(length[1]) if length else 0)
    writer.close()
    return head, content


async def come(path: str, port: int, planned: float) -> Way:
    """Open the door at the planned moment, press, read on; the press alone is timed."""
    way = Way(path)
    await asyncio.sleep(planned - time.monotonic())
    head, page = await _ask(port, "GET", path)
    cookie, token = _COOKIE.search(head), _TOKEN.search(page)
    assert cookie is not None, page[:2000]
    assert token is not None, page[:2000]
    known, form = cookie[1].decode(), urlencode({"csrf_token": token[1].decode()})
    start = time.monotonic()
    head, _page = await _ask(port, "POST", path, body=form, cookie=known)
    way.status, way.seconds = int(head[9:12]), time.monotonic() - start
    if to := _TO.search(head):
        head, _page = await _ask(port, "GET", to[1].decode(), cookie=known)
        on = _ON.search(head)
        way.through = on[1].decode() if on else ""
    way.late = time.monotonic() - planned
    return way


async def rush(paths: list[str], seconds: float, ports: list[int]) -> list[Way]:
    """Everybody comes once within the time."""
    start, every = time.monotonic() + 0.1, seconds / len(paths)
    return await asyncio.gather(
        *(
            come(path, ports[number % len(ports)], start + number * every)
            for number, path in enumerate(paths)
        )
    )


if __name__ == "__main__":
    file, spread, *servers = sys.argv[1:]
    doors = Path(file).read_text(encoding="utf-8").split()
    found = asyncio.run(rush(doors, float(spread), [int(port) for port in servers]))
    sys.stdout.write(json.dumps([asdict(way) for way in found]))
