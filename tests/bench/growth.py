"""Does a registration cost more where many are registered already?

Run as `python -m tests.bench.growth`, or with the others by `make bench`. Whole POSTs in this
process, each installation with a database of its own; they take turns in short rounds, so that a
noisy minute meets all of them. Figures are ratios to the same event with nobody in it, of the
processor time of this process and of PostgreSQL's.
"""

import re
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from ikone_events.app import create_app
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.operating.schema import migrate
from ikone_events.store.operating.triggers import drop_triggers, install_triggers
from ikone_events.store.registering.models import Registration
from tests.bench.client import person
from tests.bench.figures import note
from tests.factories import make_settings
from tests.postgres import fresh_database

ROUNDS, EACH, WARM_UP = 30, 8, 30
CHUNK = 10_000
SEATS = 50
SPARE = ROUNDS * EACH + WARM_UP + 1
SLUG = "workshop"
SEE_OTHER = 303
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
_BACKENDS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
_numbers = count(1)

Row = tuple[str, str, str]
# So many people with a status in a mode.
People = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """Events that differ in their number of people only: their rules and who is there."""

    people: Callable[[int], list[People]]
    rules: Callable[[int], dict[str, Any]]
    sizes: tuple[int, ...] = (0, 1_000, 100_000)


CASES = {
    "no limit of places": Case(lambda size: [("confirmed", "online", size)], lambda _size: {}),
    f"{SEATS} places, others wait": Case(
        lambda size: [("confirmed", "online", SEATS), ("waitlisted", "online", size)],
        lambda _size: {"capacity": SEATS},
    ),
    "all but the last places taken": Case(
        lambda size: [("confirmed", "online", size)], lambda size: {"capacity": size + SPARE}
    ),
    "hybrid": Case(
        lambda size: [("confirmed", mode, size // 2) for mode in ("online", "on_site")],
        lambda size: {
            "format": "hybrid",
            "capacity_online": size // 2 + SPARE,
            "capacity_on_site": size // 2 + 1,
        },
    ),
    "hybrid, waiting list on site": Case(
        lambda size: [("confirmed", "on_site", SEATS), ("waitlisted", "on_site", size)],
        lambda _size: {"format": "hybrid", "capacity_on_site": SEATS},
        sizes=(0, 20_000),
    ),
}


@dataclass
class Place:
    """One event with so many people, and what a registration there has cost in each round."""

    app: Flask
    client: FlaskClient
    token: str
    costs: list[float] = field(default_factory=list)

    def register(self, times: int) -> float:
        """Milliseconds of processor time for one registration."""
        backends = backends_of(self.app)
        start = time.process_time() + seconds_of(backends)
        for _ in range(times):
            form = {**person(next(_numbers)), "mode": "online", "csrf_token": self.token}
            answer = self.client.post(f"/events/{SLUG}/register", data=form)
            if answer.status_code != SEE_OTHER:
                raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")
        return (time.process_time() + seconds_of(backends) - start) / times * 1000

    def close(self) -> None:
        """Close all connections."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def backends_of(app: Flask) -> list[int]:
    """The processes of PostgreSQL that serve this application."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return []
        return list(connection.scalars(_BACKENDS))


def seconds_of(processes: list[int]) -> float:
    """The processor time that these processes have used."""
    stats = [Path(f"/proc/{number}/schedstat") for number in processes]
    return sum(int(stat.read_text().split()[0]) for stat in stats if stat.exists()) / 1e9


def open_place(folder: Path, case: Case, size: int, url: str = "") -> Place:
    """An application of its own with one event and so many people."""
    app = create_app(make_settings(folder, database_url=url))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        with transaction():
            event = _workshop(**case.rules(size))
            db.session.add(event)
            db.session.flush()
            connection = db.session.connection()
            drop_triggers(connection)  # counting once is quicker
            for status, mode, number in case.people(size):
                _fill(event, status, mode, number)
            install_triggers(connection)
        if url:  # tests switch off what does this in the background
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    client = app.test_client()
    found = _TOKEN.search(client.get(f"/events/{SLUG}/register").text)
    if found is None:
        raise RuntimeError("the form has no token")
    return Place(app, client, found[1])


def _workshop(**rules: Any) -> Event:
    now = datetime.now(UTC)
    start = now + timedelta(days=30)
    return Event(
        slug=SLUG,
        state="open",
        plan="online",
        title="Vom Leitbild zum Maßnahmenplan",
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        created_at=now,
        changed_at=now,
        **{"place": "Rathaus", **rules},
    )


def _fill(event: Event, status: str, mode: str, number: int) -> None:
    now = datetime.now(UTC)
    for first in range(0, number, CHUNK):
        rows = [
            {
                "event_id": event.id,
                "public_id": new_public_id(),
                "status": status,
                "mode": mode,
                "status_at": now,
                "registered_at": now,
                "waiting_order": n + 1 if status == "waitlisted" else None,
                "first_name": "Wilma",
                "last_name": f"Müller-Beispiel {n}",
                "email": f"{status}.{mode}.{n}@example.org",
                "email_key": f"{status}.{mode}.{n}@example.org",
                "organisation_text": f"Verbandsgemeinde {n % 300}",
                "organisation_key": f"vg {n % 300}",
                "calendar_uid": f"{new_public_id()}@localhost",
            }
            for n in range(first, min(first + CHUNK, number))
        ]
        db.session.execute(insert(Registration), rows)


def measure(folder: Path) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    rows: list[Row] = []
    for number, (name, case) in enumerate(CASES.items()):
        for database in ("", "PostgreSQL, "):
            # The sizes between say little more, and filling takes time.
            sizes = (case.sizes[0], case.sizes[-1]) if database else case.sizes
            with ExitStack() as stack:
                places = {}
                for size in sizes:
                    url = stack.enter_context(fresh_database(laid=True)) if database else ""
                    home = folder / f"{number}-{size}-{bool(database)}"
                    places[size] = open_place(home, case, size, url)
                    stack.callback(places[size].close)
                rows += _compare(f"{database}{name}", places)
    return rows


def _compare(name: str, places: dict[int, Place]) -> list[Row]:
    for place in places.values():
        place.register(WARM_UP)
    for _ in range(ROUNDS):
        for place in places.values():
            place.costs.append(place.register(EACH))
    alone = places[0].costs
    rows: list[Row] = [(name, f"{statistics.median(alone):.1f} ms CPU", "")]
    for size, place in list(places.items())[1:]:
        ratio = statistics.median(b / a for a, b in zip(alone, place.costs, strict=True))
        note("growth", ratio, f"{name}: {size}")
        rows.append((f"  with {size:,} people", f"{ratio:.2f}", "<= 1.10"))
    return rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as where:
        for what, figure, aim in measure(Path(where)):
            print(f"{what:<40}{figure:<26}{aim}")
