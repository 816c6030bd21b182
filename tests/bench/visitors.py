"""Visitors who come at planned moments, whatever the server does: how long each of them waits.

Run as `python -m tests.bench.visitors PORT PUBLIC EMAIL ORGANISERS…` with a password in the first
line of standard input. Says `ready` after the login. Then the public page is asked ten times a
second, one of the organisers' pages once a second, until the input ends. A visitor who could not
begin in time counts from the planned moment. Prints JSON: planned moment and seconds of each.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count, cycle
from urllib.parse import urlencode

from tests.bench.client import Connection, cookie_in, open_form

PUBLIC_EVERY, ORGANISERS_EVERY = 0.1, 1.0

_ended = asyncio.Event()

Wait = tuple[float, float]


def log_in(port: int, email: str, password: str) -> str:
    """The session's cookie of an organiser."""
    with closing(Connection(port)) as connection:
        cookie, token = open_form(connection, "/login")
        form = {"email": email, "password": password, "csrf_token": token}
        head, _page = connection.ask("POST", "/login", body=urlencode(form), cookie=cookie)
    return cookie_in(head)


async def visit(port: int, path: str, cookie: str, planned: float) -> Wait:
    """Open a connection at the planned moment and read one page."""
    await asyncio.sleep(planned - time.monotonic())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Cookie: {cookie}", "Connection: close"]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{path}: {answer[:300]!r}")
    return planned, time.monotonic() - planned


async def come(port: int, paths: Iterator[str], cookie: str, every: float) -> list[Wait]:
    """Start visits at their moments until the input ends, and wait for the last of them."""
    start, visits = time.monotonic(), []
    for number in count():
        planned = start + number * every
        await asyncio.sleep(planned - time.monotonic())
        if _ended.is_set():
            break
        visits.append(asyncio.create_task(visit(port, next(paths), cookie, planned)))
    return list(await asyncio.gather(*visits))


async def both(port: int, public: str, cookie: str, organisers: list[str]) -> dict[str, list[Wait]]:
    """The public and the organisers."""
    asyncio.get_running_loop().add_reader(sys.stdin, _ended.set)
    pages, overviews = await asyncio.gather(
        come(port, cycle([public]), "", PUBLIC_EVERY),
        come(port, cycle(organisers), cookie, ORGANISERS_EVERY),
    )
    return {"pages": pages, "overviews": overviews}


if __name__ == "__main__":
    server, page, account, *own_pages = sys.argv[1:]
    session = log_in(int(server), account, sys.stdin.readline().strip())
    print("ready", flush=True)
    sys.stdout.write(json.dumps(asyncio.run(both(int(server), page, session, own_pages))))
