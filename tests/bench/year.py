"""The figures of a year: 500 events with 100,000 registrations, and the page around them.

Milliseconds for a whole page in this process, PostgreSQL's own included; nothing is stored yet, as
of events that are not archived. The ratio is to a bare route, which answers a string.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from ikone_events.app import create_app
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.operating.schema import migrate
from ikone_events.store.operating.triggers import drop_triggers, install_triggers
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from tests.bench.bare import make_app
from tests.bench.figures import note
from tests.bench.growth import backends_of, seconds_of
from tests.factories import make_settings
from tests.postgres import fresh_database

PEOPLE, EVENTS, BODIES, CHUNK, ROUNDS = 100_000, 500, 194, 10_000, 5
AIM_MS = 1_000
_KINDS = (
    *("kreisfreie_stadt", "landkreis", "verbandsgemeinde", "verbandsfreie_stadt"),
    *("verbandsfreie_gemeinde", "verbandsgemeinde", "verbandsgemeinde", "zweckverband"),
)
_CHANNELS = ("", "", "newsletter", "website")
_PASSWORD = "Lange-Wörter-2026"
_YEAR = datetime.now(UTC).year - 1

Row = tuple[str, str, str]


def measure(folder: Path) -> list[Row]:
    """The figures on both databases as rows: what, measured, aim."""
    rows, bare = [], _bare(folder)
    with fresh_database(laid=True) as url:
        for name, database, key in (
            ("SQLite", "", "year_figures_ms"),
            ("PostgreSQL", url, "year_figures_ms_postgresql"),
        ):
            app = create_app(make_settings(folder / key, database_url=database))
            app.extensions["ikone_wake"] = lambda: None
            client = _signed_in(app)
            figure = note(key, _median(partial(_look, client), backends_of(app)))
            rows.append((f"figures of {EVENTS} events, {name}", f"{figure:.0f} ms", f"< {AIM_MS}"))
            if not database:
                ratio = note("year_figures_ratio", figure / bare)
                rows.append(("  ratio to a bare route", f"{ratio:.0f}", ""))
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
    return rows


def _bare(folder: Path) -> float:
    client = make_app(str(folder / "bare.db"), "", "").test_client()
    return _median(lambda: client.get("/"), [])


def _look(client: FlaskClient) -> None:
    answer = client.get(f"/organise/figures/{_YEAR}")
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")


def _median(look: Callable[[], object], backends: list[int]) -> float:
    """Milliseconds of the processor, the median of some rounds."""
    costs = []
    for _ in range(ROUNDS):
        start = time.process_time() + seconds_of(backends)
        look()
        costs.append(time.process_time() + seconds_of(backends) - start)
    return statistics.median(costs) * 1000


def _signed_in(app: Flask) -> FlaskClient:
    client, now = app.test_client(), datetime.now(UTC)
    with app.app_context():
        migrate()
        with transaction():
            connection = db.session.connection()
            drop_triggers(connection)  # counting once is quicker
            _fill(now)
            install_triggers(connection)
        if connection.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as autocommit:
                autocommit.execute(text("VACUUM ANALYZE"))
        account = db.session.scalars(select(Organiser)).one()
        known = {"_user_id": account.fs_uniquifier, "account": account.id, "_fresh": True}
    moment = int(now.timestamp())
    with client.session_transaction() as session:
        session.update(known, signed_in_at=moment, seen_at=moment)
    return client


def _fill(now: datetime) -> None:
    bodies = [
        {
            "id": n + 1,
            "key": f"o{n}",
            "name": f"Verwaltung {n}",
            "kind": _KINDS[n % len(_KINDS)],
            "member": n % 6 == 0,
        }
        for n in range(BODIES)
    ]
    db.session.execute(insert(Organisation), bodies)
    db.session.execute(insert(Event), [_event(n, now) for n in range(EVENTS)])
    for first in range(0, PEOPLE, CHUNK):
        numbers = range(first, min(first + CHUNK, PEOPLE))
        db.session.execute(insert(Registration), [_person(n, now) for n in numbers])
        came = [
            {"registration_id": n + 1, "event_id": n % EVENTS + 1, "door_at": now}
            for n in numbers
            if n % 4
        ]
        db.session.execute(insert(AttendanceRecord), came)
    who = {"email": "w@example.org", "role": "organiser", "name": "W", "password": _PASSWORD}
    add(NewOrganiser(**who), now=now)


def _event(number: int, now: datetime) -> dict[str, Any]:
    starts_at = datetime(_YEAR, 1, 2, 9, tzinfo=UTC) + timedelta(hours=17 * number)
    return {
        "id": number + 1,
        "slug": f"workshop-{number}",
        "state": "followed_up",
        "plan": "online",
        "title": f"Vom Leitbild zum Maßnahmenplan {number}",
        "series": f"Reihe {number % 20}",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "created_at": now,
        "changed_at": now,
    }


def _person(number: int, now: datetime) -> dict[str, Any]:
    email = f"wilma.{number}@example.org"
    return {
        "id": number + 1,
        "event_id": number % EVENTS + 1,
        "public_id": new_public_id(),
        "status": "cancelled" if number // EVENTS % 20 == 0 else "confirmed",
        "status_at": now,
        "registered_at": now,
        "first_name": "Wilma",
        "last_name": f"Zander{number}",
        "email": email,
        "email_key": email,
        "organisation_id": int((number * 0.618034 % 1) ** 2 * BODIES) + 1,  # some send many
        "via": _CHANNELS[number // EVENTS % len(_CHANNELS)],
        "calendar_uid": f"{new_public_id()}@localhost",
    }
