"""Mails beside sign-ups: how soon they arrive in a rush, and how soon a lone one does.

Run as `python -m tests.bench.beside sink PORT` (a mail server; prints when which address got its
mail), `… rush PORT FIRST PATH…` (400 registrations by eight clients) or `… lone PORT FIRST PATH`
(one now and then); both print when which address had its answer, as JSON.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench.client import THREADS, Connection, Shared, circle, open_form, person
from tests.bench.figures import note
from tests.bench.installation import Installation, answer_of, free_port

PEOPLE, FIRST = 400, 700_000
LONE, LONE_FIRST = 20, 800_000
# Seconds between two lone registrations: the worker sleeps again, and not always as deep.
PAUSES = (0.5, 1.0)
# Every mail of the rush has arrived by then.
CATCH_UP_SECONDS = 120

Row = tuple[str, str, str]
# Seconds of the machine's monotonic clock by address.
Times = dict[str, float]


class Clock:
    """Notes when each mail has arrived."""

    def __init__(self) -> None:
        self.arrived: Times = {}

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Say yes."""
        self.arrived[envelope.rcpt_tos[0]] = time.monotonic()
        return "250 2.0.0 noted"


def sink(port: int) -> None:
    """Listen; for each line of standard input print the arrivals so far."""
    clock = Clock()
    controller = Controller(clock, hostname="127.0.0.1", port=port)
    controller.start()
    print("listening", flush=True)
    for _line in sys.stdin:
        print(json.dumps(clock.arrived), flush=True)
    controller.stop()


@contextmanager
def _sink() -> Iterator[tuple[int, Callable[[], Times]]]:
    """A mail server in a process of its own: its port, and what has arrived when."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.beside", "sink", str(port)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        to, answers = process.stdin, process.stdout
        assert to is not None
        assert answers is not None
        answers.readline()

        def arrived() -> Times:
            to.write("\n")
            to.flush()
            times: Times = json.loads(answers.readline())
            return times

        yield port, arrived
        to.close()


def _sign_up(connection: Connection, path: str, number: int) -> tuple[str, float]:
    """One person's form and POST: the address, and when the answer was there."""
    fields = person(number)
    cookie, token = open_form(connection, f"{path}/register")
    body = urlencode({**fields, "csrf_token": token})
    connection.ask("POST", f"{path}/register", body=body, cookie=cookie)
    return fields["email"], time.monotonic()


def rush(port: int, first: int, paths: list[str]) -> dict[str, object]:
    """Everybody at once by eight clients, each with page, form and POST."""
    numbers, addresses = Shared(count(first)), Shared(circle(paths))
    answered: Times = {}
    failures: list[Exception] = []

    def work() -> None:
        connection = Connection(port)
        try:
            while (number := next(numbers)) < first + PEOPLE:  # type: ignore[operator]
                path = str(next(addresses))
                connection.ask("GET", path)
                email, at = _sign_up(connection, path, number)  # type: ignore[arg-type]
                answered[email] = at
        except (RuntimeError, OSError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return answered


def lone(port: int, first: int, path: str) -> Times:
    """One person after another, each when the worker sleeps again."""
    connection, chance = Connection(port), random.Random(14)
    answered: Times = {}
    for number in range(first, first + LONE):
        time.sleep(chance.uniform(*PAUSES))
        email, at = _sign_up(connection, path, number)
        answered[email] = at
    return answered


def measure(folder: Path) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    with _sink() as (smtp_port, arrived):
        installation = Installation(folder, smtp_port)
        paths = installation.fill()
        with installation.serving(IKONE_MAIL_PER_MINUTE="1000000") as server:
            words = ("tests.bench.beside", "rush", server.port)
            answer_of(*words, FIRST - PEOPLE, *paths)  # warm
            _all(arrived, 2 * PEOPLE // 2)
            answered = answer_of(*words, FIRST, *paths)
            found = _all(arrived, 2 * PEOPLE)
            alone = answer_of("tests.bench.beside", "lone", server.port, LONE_FIRST, paths[0])
            found = _all(arrived, 2 * PEOPLE + LONE)
    waited = sorted(found[email] - at for email, at in alone.items())
    return [*_of_rush(answered, found), ("a lone mail", _ms(waited), "< 50 ms")]


def _all(arrived: Callable[[], Times], number: int) -> Times:
    """The arrivals, once there are so many."""
    end = time.monotonic() + CATCH_UP_SECONDS
    while len(found := arrived()) < number:
        if time.monotonic() > end:
            raise RuntimeError(f"{number} mails expected, {len(found)} arrived")
        time.sleep(0.2)
    return found


def _of_rush(answered: Times, found: Times) -> list[Row]:
    """Mails that arrived while people were still signing up, and how long after the answers."""
    first, last = min(answered.values()), max(answered.values())
    meanwhile = sum(found[email] <= last for email in answered) / (last - first)
    lag = quantiles([found[email] - at for email, at in answered.items()], n=20)[18]
    return [
        (f"{PEOPLE} sign-ups by {THREADS} clients", f"{PEOPLE / (last - first):.0f}/s", ""),
        ("  mails meanwhile", f"{note('rush_mails_per_s', meanwhile):.0f}/s", ">= 50/s"),
        ("  behind the answer, p95", f"{note('rush_mail_lag_p95_s', lag):.2f} s", "< 1 s"),
    ]


def _ms(waited: list[float]) -> str:
    middle = note("lone_mail_ms", median(waited) * 1000)
    return f"{middle:.0f} ms, slowest {waited[-1] * 1000:.0f}"


if __name__ == "__main__":
    job, to, *rest = sys.argv[1:]
    if job == "sink":
        sink(int(to))
    else:
        number_of_first, *addresses = rest
        done = (
            rush(int(to), int(number_of_first), addresses)
            if job == "rush"
            else lone(int(to), int(number_of_first), addresses[0])
        )
        sys.stdout.write(json.dumps(done))
