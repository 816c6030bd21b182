"""How long the search takes among 100,000 people and as many mails, with the page around it.

Milliseconds of the processor for a whole page in this process, PostgreSQL's own included; the
slowest of some words, which find everybody, many, one and nobody, for an account that sees all
events and for one that sees half of them.
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, text

from ikone_events.app import create_app
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.mails.models import OutboxMail, mail_key
from ikone_events.store.operating.schema import migrate
from ikone_events.store.operating.triggers import drop_triggers, install_triggers
from ikone_events.store.registering.models import Registration, keys_of
from tests.bench.figures import note
from tests.bench.growth import backends_of, seconds_of
from tests.factories import make_settings
from tests.postgres import fresh_database

PEOPLE, EVENTS, BODIES, CHUNK, ROUNDS = 100_000, 200, 300, 10_000, 5
AIM_MS = 200
WORDS = ("kusel müller", "wilma.zander.77@vg77.example.org", "meyer", "nobody at all", "kusel")
_FIRST = ("Wilma", "Änne", "Jörg", "Bert", "Eva", "Zoë", "Jan", "Şule", "Björn", "Kim", "Uwe")
_LAST = (
    "Müller",
    "Mueller",
    "Meyer",
    "Schmidt",
    "Weiß",
    "Straßer",
    "Özdemir",
    "Hoffmann",
    "Zander",
)
_PASSWORD = "Lange-Wörter-2026"

Row = tuple[str, str, str]


def measure(folder: Path) -> list[Row]:
    """The figures on both databases as rows: what, measured, aim."""
    rows = []
    with fresh_database(laid=True) as url:
        for name, database, key in (
            ("SQLite", "", "search_ms"),
            ("PostgreSQL", url, "search_ms_postgresql"),
        ):
            with _installation(folder / key, database) as app:
                figure = note(key, _slowest(app))
            rows.append(
                (f"search, {PEOPLE:,} people, {name}", f"{figure:.0f} ms CPU", f"< {AIM_MS}")
            )
    return rows


@contextmanager
def _installation(folder: Path, url: str) -> Iterator[Flask]:
    app = create_app(make_settings(folder, database_url=url))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        with transaction():
            connection = db.session.connection()
            drop_triggers(connection)  # counting once is quicker
            _fill()
            install_triggers(connection)
        if url:  # tests switch off what does this in the background
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _slowest(app: Flask) -> float:
    """Of all words and both accounts."""
    return max(_median(app, who, words) for who in ("all", "half") for words in WORDS)


def _median(app: Flask, who: str, words: str) -> float:
    """Milliseconds for the page that somebody gets for these words."""
    client = app.test_client()
    with app.app_context():
        account = db.session.scalars(select(Organiser).filter_by(name=who)).one()
        known = {"_user_id": account.fs_uniquifier, "account": account.id, "_fresh": True}
    now = int(datetime.now(UTC).timestamp())
    with client.session_transaction() as session:
        session.update(known, signed_in_at=now, seen_at=now)
    costs = []
    for _ in range(ROUNDS):
        backends = backends_of(app)
        start = time.process_time() + seconds_of(backends)
        answer = client.get("/organise/search", query_string={"q": words})
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")
        costs.append(time.process_time() + seconds_of(backends) - start)
    return statistics.median(costs) * 1000


def _fill() -> None:
    now = datetime.now(UTC)
    db.session.execute(insert(Event), [_event(n, now) for n in range(EVENTS)])
    bodies = [
        {"id": n + 1, "key": f"o{n}", "name": f"VG Kusel {n}", "kind": "verbandsgemeinde"}
        for n in range(BODIES)
    ]
    db.session.execute(insert(Organisation), bodies)
    names = [
        {"organisation_id": b["id"], "text": b["name"], "key": f"vg kusel {n}", "source": "name"}
        for n, b in enumerate(bodies)
    ]
    db.session.execute(insert(OrganisationName), names)
    for first in range(0, PEOPLE, CHUNK):
        numbers = range(first, min(first + CHUNK, PEOPLE))
        people = [_person(n, now) for n in numbers]
        db.session.execute(insert(Registration), people)
        db.session.execute(insert(OutboxMail), [_mail(each, now) for each in people])
    for who, only in (("all", ()), ("half", tuple(f"workshop-{n}" for n in range(0, EVENTS, 2)))):
        add(
            NewOrganiser(
                email=f"{who}@example.org",
                role="organiser",
                password=_PASSWORD,
                name=who,
                only=only,
            ),
            now=now,
        )


def _event(number: int, now: datetime) -> dict[str, Any]:
    starts_at = now + timedelta(days=number - EVENTS // 2, hours=1)
    return {
        "id": number + 1,
        "slug": f"workshop-{number}",
        "state": "open",
        "plan": "online",
        "title": f"Vom Leitbild zum Maßnahmenplan {number}",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "created_at": now,
        "changed_at": now,
    }


def _person(number: int, now: datetime) -> dict[str, Any]:
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    office = f"Verbandsgemeinde Kusel {number % BODIES}"
    email = f"{first}.{last}.{number}@vg{number % BODIES}.example.org".casefold()
    return {
        "id": number + 1,
        "event_id": number % EVENTS + 1,
        "public_id": new_public_id(),
        "status": "confirmed",
        "status_at": now,
        "registered_at": now,
        "first_name": first,
        "last_name": last,
        "email": email,
        "email_key": email,
        "organisation_text": office,
        "organisation_id": number % BODIES + 1 if number % 3 else None,
        "calendar_uid": f"{new_public_id()}@localhost",
        **keys_of(first, last, email, office),
    }


def _mail(person: dict[str, Any], now: datetime) -> dict[str, Any]:
    name, subject = f"{person['first_name']} {person['last_name']}", "Ihre Anmeldung zum Workshop"
    return {
        "key": f"confirmation:{person['id']}",
        "event_id": person["event_id"],
        "registration_id": person["id"],
        "kind": "confirmation",
        "locale": "de",
        "recipient": person["email"],
        "recipient_name": name,
        "subject": subject,
        "search_key": mail_key(person["email"], name, subject),
        "text": "Guten Tag, " * 50,
        "html": "<p>Guten Tag</p>" * 100,
        "message_id": f"<{person['public_id']}@localhost>",
        "state": "sent",
        "created_at": now,
        "due_at": now,
        "sent_at": now,
    }
