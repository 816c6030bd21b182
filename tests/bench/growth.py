"""Does a registration cost more where many are registered already?

Run as `python -m tests.bench.growth`, or with the others by `make bench`. Whole POSTs in this
process, each installation with a database of its own; they take turns in short rounds, so that a
noisy minute meets all of them. Figures are ratios to the same event with nobody in it.
"""

import re
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from ikone_events.app import create_app
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from tests.bench.client import person
from tests.bench.figures import note
from tests.factories import make_settings

SIZES = (0, 1_000, 100_000)
ROUNDS, EACH, WARM_UP = 30, 8, 30
CHUNK = 10_000
SEATS = 50
SLUG = "workshop"
SEE_OTHER = 303
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
_numbers = count(1)

Row = tuple[str, str, str]


@dataclass
class Place:
    """One event with so many people, and what a registration there has cost in each round."""

    app: Flask
    client: FlaskClient
    token: str
    costs: list[float] = field(default_factory=list)

    def register(self, times: int) -> float:
        """Milliseconds of processor time for one registration."""
        start = time.process_time()
        for _ in range(times):
            form = {**person(next(_numbers)), "csrf_token": self.token}
            answer = self.client.post(f"/events/{SLUG}/register", data=form)
            if answer.status_code != SEE_OTHER:
                raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")
        return (time.process_time() - start) / times * 1000


def open_place(folder: Path, capacity: int | None, statuses: list[tuple[str, int]]) -> Place:
    """An application of its own with one event, so many people of each status in it."""
    app = create_app(make_settings(folder))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        with transaction():
            event = _workshop(capacity)
            db.session.add(event)
            db.session.flush()
            for status, number in statuses:
                _fill(event, status, number)
    client = app.test_client()
    found = _TOKEN.search(client.get(f"/events/{SLUG}/register").text)
    if found is None:
        raise RuntimeError("the form has no token")
    return Place(app, client, found[1])


def _workshop(capacity: int | None) -> Event:
    now = datetime.now(UTC)
    start = now + timedelta(days=30)
    return Event(
        slug=SLUG,
        state="open",
        plan="online",
        title="Vom Leitbild zum Maßnahmenplan",
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        capacity=capacity,
        created_at=now,
        changed_at=now,
    )


def _fill(event: Event, status: str, number: int) -> None:
    now = datetime.now(UTC)
    for first in range(0, number, CHUNK):
        rows = [
            {
                "event_id": event.id,
                "public_id": new_public_id(),
                "status": status,
                "status_at": now,
                "registered_at": now,
                "waiting_order": n + 1 if status == "waitlisted" else None,
                "first_name": "Wilma",
                "last_name": f"Müller-Beispiel {n}",
                "email": f"{status}.{n}@example.org",
                "email_key": f"{status}.{n}@example.org",
                "organisation_text": f"Verbandsgemeinde {n % 300}",
                "organisation_key": f"vg {n % 300}",
                "calendar_uid": f"{new_public_id()}@localhost",
            }
            for n in range(first, min(first + CHUNK, number))
        ]
        db.session.execute(insert(Registration), rows)


def cases(size: int) -> dict[str, tuple[int | None, list[tuple[str, int]]]]:
    """The events with so many people, by what is said of them: capacity and who is there."""
    spare = ROUNDS * EACH + WARM_UP + 1
    return {
        "no limit of places": (None, [("confirmed", size)]),
        f"{SEATS} places, others wait": (SEATS, [("confirmed", SEATS), ("waitlisted", size)]),
        "all but the last places taken": (size + spare, [("confirmed", size)]),
    }


def measure(folder: Path) -> list[Row]:
    """All figures as rows: what, measured, aim."""
    rows: list[Row] = []
    for name in cases(0):
        places = {}
        for size in SIZES:
            home = folder / f"{len(rows)}-{size}"
            places[size] = open_place(home, *cases(size)[name])
        rows += _compare(name, places)
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
    for place in places.values():
        with place.app.app_context():
            db.session.remove()
            db.engine.dispose()
    return rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as where:
        for what, figure, aim in measure(Path(where)):
            print(f"{what:<40}{figure:<26}{aim}")
