"""A thousand people who press at one instant, for fifty places: how long the last one waits.

Meanwhile others look at the public page, and an organiser at the overview (visitors.py).
"""

import json
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.bench.figures import note
from tests.bench.installation import Installation, answer_of

PEOPLE, SEATS = 1_000, 50
EMAIL = "jutta.beispiel@example.org"

Row = tuple[str, str, str]
Waits = dict[str, list[tuple[float, float]]]


def measure(folder: Path, smtp_port: int) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    installation, password = Installation(folder, smtp_port), secrets.token_urlsafe()
    path = installation.fill(capacity=SEATS)[0]
    account = ("organiser", "add", EMAIL, "--role", "admin", "--password-stdin")
    installation.run(*account, typed=f"{password}\n")
    waits: Waits = {}
    with installation.serving() as server, visitors(server.port, path, password, waits):
        before = server.cpu()
        answers = answer_of("tests.rush.clients", f"{path}/register", PEOPLE, server.port)
        cpu = server.cpu() - before
    outcomes = Counter(answer["outcome"] for answer in answers)
    if outcomes != {"confirmed": SEATS, "waitlisted": PEOPLE - SEATS}:
        raise RuntimeError(f"the pages say {dict(outcomes)}")
    return [*_of_people(answers, cpu), *_of_visitors(answers, waits)]


@contextmanager
def visitors(
    port: int, path: str, password: str, into: Waits, *, organisers: Sequence[str] = ()
) -> Iterator[None]:
    """Let visitors come until the block ends; how long each waited is put `into` a mapping.

    `organisers` are pages behind the login, else the overviews of all events and of this one.
    """
    words = [str(port), path, EMAIL, *(organisers or ("/organise/", f"/organise{path}"))]
    command, pipe = [sys.executable, "-m", "tests.bench.visitors", *words], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{password}\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the organiser can't log in")
        yield
        found, _errors = process.communicate()
        into.update(json.loads(found))


def _of_people(answers: list[dict[str, Any]], cpu: float) -> list[Row]:
    seconds = sorted(answer["seconds"] for answer in answers)
    p99 = note("rush_p99_s", seconds[PEOPLE * 99 // 100])
    return [
        (f"{PEOPLE} at one instant: median", f"{seconds[PEOPLE // 2]:.1f} s", ""),
        ("  p99", f"{p99:.1f} s", "< 5 s"),
        ("  form, sign-up and answer's page", f"{cpu / PEOPLE * 1000:.1f} ms CPU", ""),
    ]


def _of_visitors(answers: list[dict[str, Any]], waits: Waits) -> list[Row]:
    """Only who came between the press and the last answer."""
    first = min(answer["pressed_at"] for answer in answers)
    last = max(answer["pressed_at"] + answer["seconds"] for answer in answers)
    pages, overviews = (
        [seconds for planned, seconds in waits[of] if first <= planned <= last] or [0.0]
        for of in ("pages", "overviews")
    )
    p95 = note("rush_page_p95_s", quantiles([*pages, pages[-1]], n=20)[18])
    slowest = note("overview_s", max(overviews))
    return [
        (f"public page meanwhile, {len(pages)} times: p95", f"{p95:.2f} s", "< 2 s"),
        (f"organisers' pages, {len(overviews)} times: slowest", f"{slowest:.2f} s", "< 3 s"),
    ]
