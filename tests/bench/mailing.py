"""A mailing to many: fill an installation, write all its mails, with figures.

Run as `python -m tests.bench.mailing fill PEOPLE` (two events with so many confirmed people, one of
them with a mailing to all), `… compose` (every mail of it into the outbox) or `… dispatch` (the
mailing of the second); settings from the environment. Prints JSON.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import insert

from ikone_events.app import create_app
from ikone_events.domain.address import email_key
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails.mailing_chunks import expand_chunk, find_open_mailing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.registering.models import Registration

FIRST, SECOND = "mailing-1", "mailing-2"


def fill(people: int) -> dict[str, float]:
    """Two workshops that are about to begin, everybody confirmed; the first sends its links."""
    now = datetime.now(UTC)
    with create_app().app_context():
        for slug in (FIRST, SECOND):
            with transaction():
                _workshop(slug, people, now)
    dispatch(FIRST)
    return {"done": people}


def dispatch(slug: str) -> dict[str, float]:
    """Promise everybody their access link."""
    with create_app().app_context(), transaction():
        perform(slug, Request(action=Action.DISPATCH, actor="bench"), now=datetime.now(UTC))
    return {"done": 1}


def _workshop(slug: str, people: int, now: datetime) -> None:
    event = Event(
        slug=slug,
        state="open",
        title="Vom Leitbild zum Maßnahmenplan",
        summary="Sie bringen Ihren Entwurf mit, wir arbeiten daran in kleinen Gruppen.",
        starts_at=now + timedelta(days=3),
        ends_at=now + timedelta(days=3, hours=2),
        format="online",
        room_url="https://video.example.org/raum",
        contact_name="Jutta Beispiel",
        contact_email="jutta.beispiel@example.org",
        created_at=now,
        changed_at=now,
    )
    db.session.add(event)
    db.session.flush()
    rows = [_person(event, number, now) for number in range(people)]
    db.session.execute(insert(Registration), rows)


def _person(event: Event, number: int, now: datetime) -> dict[str, object]:
    email = f"wilma.{number}@{event.slug}.example.org"
    return {
        "event_id": event.id,
        "public_id": new_public_id(),
        "status": "confirmed",
        "status_at": now,
        "registered_at": now,
        "salutation": "frau",
        "first_name": "Wilma",
        "last_name": f"Müller-Beispiel {number}",
        "email": email,
        "email_key": email_key(email),
        "calendar_uid": f"{event.slug}-{number}@localhost",
        "locale": "en" if number % 10 == 0 else "de",
    }


def compose() -> dict[str, float]:
    """Write every mail that is owed; the memory before and at the worst moment."""
    process, done = psutil.Process(), 0
    with create_app().app_context():
        before = most = process.memory_info().rss
        start = time.monotonic()
        while mailing := find_open_mailing(datetime.now(UTC)):
            with transaction():
                done += expand_chunk(mailing, now=datetime.now(UTC))
            most = max(most, process.memory_info().rss)
    return {
        "done": done,
        "seconds": time.monotonic() - start,
        "megabytes_before": before / 2**20,
        "megabytes": most / 2**20,
    }


if __name__ == "__main__":
    job, *arguments = sys.argv[1:]
    if job == "fill":
        answer = fill(int(arguments[0]))
    else:
        answer = compose() if job == "compose" else dispatch(SECOND)
    sys.stdout.write(json.dumps(answer))
