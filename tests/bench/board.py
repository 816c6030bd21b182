"""The live board with 500 people, 100 of them with a question: the page, and its refreshes.

Milliseconds of the processor in this process, the median of some rounds. Every helper's window asks
every ten seconds, so what counts is the refresh that finds nothing new.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from ikone_events.app import create_app
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration, keys_of
from ikone_events.store.rooms.models import AttendanceRecord
from tests.bench.figures import note
from tests.factories import make_settings

PEOPLE, OFFICES, ROUNDS = 500, 60, 15
# Milliseconds; a refresh with news builds the whole list.
AIM_SAME, AIM_NEWS = 25, 120
_PASSWORD = "Lange-Wörter-2026"
_PATH = "/organise/events/workshop/live"

Row = tuple[str, str, str]


def measure(folder: Path) -> list[Row]:
    """The figures as rows: what, measured, aim."""
    app = create_app(make_settings(folder))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        with transaction():
            _fill(datetime.now(UTC))
    client = _signed_in(app)
    etag = client.get(f"{_PATH}/now").headers["ETag"]
    same = note("board_same_ms", _median(client, f"{_PATH}/now", HTTPStatus.NOT_MODIFIED, etag))
    news = note("board_news_ms", _median(client, f"{_PATH}/now", HTTPStatus.OK, ""))
    page = note("board_page_ms", _median(client, _PATH, HTTPStatus.OK, ""))
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    what = f"board, {PEOPLE} people"
    return [
        (f"{what}, nothing new", f"{same:.0f} ms CPU", f"< {AIM_SAME}"),
        (f"{what}, news", f"{news:.0f} ms CPU", f"< {AIM_NEWS}"),
        (f"{what}, page", f"{page:.0f} ms CPU", f"< {AIM_NEWS}"),
    ]


def _median(client: FlaskClient, path: str, status: HTTPStatus, etag: str) -> float:
    costs = []
    for _ in range(ROUNDS):
        start = time.process_time()
        answer = client.get(path, headers={"If-None-Match": etag} if etag else {})
        costs.append(time.process_time() - start)
        if answer.status_code != status:
            raise RuntimeError(f"{answer.status}: {answer.text[:2000]}")
    return statistics.median(costs) * 1000


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        account = db.session.scalars(select(Organiser)).one()
        known = {"_user_id": account.fs_uniquifier, "account": account.id, "_fresh": True}
    now = int(datetime.now(UTC).timestamp())
    with client.session_transaction() as session:
        session.update(known, signed_in_at=now, seen_at=now)
    return client


def _fill(now: datetime) -> None:
    event = {
        "id": 1,
        "slug": "workshop",
        "state": "dispatched",
        "plan": "online",
        "title": "Vom Leitbild zum Maßnahmenplan",
        "starts_at": now - timedelta(minutes=20),
        "ends_at": now + timedelta(hours=2),
        "created_at": now,
        "changed_at": now,
    }
    db.session.execute(insert(Event), [event])
    db.session.execute(insert(Registration), [_person(number, now) for number in range(PEOPLE)])
    doors = [
        {"registration_id": n + 1, "event_id": 1, "door_at": now - timedelta(minutes=n % 30)}
        for n in range(PEOPLE)
        if n % 4
    ]
    db.session.execute(insert(AttendanceRecord), doors)
    who = {"email": "w@example.org", "role": "organiser", "name": "W", "password": _PASSWORD}
    add(NewOrganiser(**who), now=now)


def _person(number: int, now: datetime) -> dict[str, Any]:
    first, last, email = "Wilma", f"Muster{number}", f"wilma{number}@example.org"
    office = f"Verbandsgemeinde Kusel {number % OFFICES}"
    return {
        "id": number + 1,
        "event_id": 1,
        "public_id": new_public_id(),
        "status": "confirmed",
        "status_at": now,
        "registered_at": now - timedelta(days=3),
        "first_name": first,
        "last_name": last,
        "email": email,
        "email_key": email,
        "organisation_text": office,
        "question": f"Wie lange dauert Schritt {number}?" if number % 5 == 0 else "",
        "calendar_uid": f"{new_public_id()}@localhost",
        **keys_of(first, last, email, office),
    }
