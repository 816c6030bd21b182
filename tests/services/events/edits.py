"""What tests of changed events share: an event to edit, people invited to it, time that passes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from icalendar import Calendar

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.events.updates import tell_if_due
from ikone_events.services.mails.mailing_chunks import expand_chunk
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_registration
from tests.mailbox import Received
from tests.rows import work

DRAFT = EventDraft(
    title="Raum für Zukunft",
    starts_at=NOW + timedelta(days=14),
    ends_at=NOW + timedelta(days=14, hours=2),
    room_url="https://video.example.org/raum-geheim",
    dial_in="+49 631 000 123",
    contact_email="jutta.beispiel@example.org",
    summary="Kurz gesagt.",
    capacity=20,
)
QUIET = timedelta(minutes=10)
Edit = Callable[..., None]


def invite(app: Flask, event: Event, moment: Any = NOW, **values: Any) -> Registration:
    """Somebody who has got the confirmation with its calendar entry."""
    person = make_registration(app, event, **values)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        registration = db.session.get_one(Registration, person.id)
        key = f"first-{person.id}"
        write_mail(MailKind.CONFIRMATION, registration, held, key=key, now=moment)
    return person


def wait_and_work(app: Flask, clock: FixedClock) -> None:
    clock.moment += QUIET
    work(app)


def entry(mail: Received) -> tuple[str, int]:
    assert mail.calendar is not None
    calendar = Calendar.from_ical(mail.calendar)
    return str(calendar["METHOD"]), int(calendar.events[0]["SEQUENCE"])


def stamp(mail: Received) -> datetime:
    assert mail.calendar is not None
    moment: datetime = Calendar.from_ical(mail.calendar).events[0]["DTSTAMP"].dt
    return moment


def do(app: Flask, event: Event, action: Action, moment: Any, **values: Any) -> None:
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="Anna Amt", **values), now=moment)


def days_later(days: int) -> dict[str, datetime]:
    """DRAFT's times so many days later."""
    span = timedelta(days=days)
    return {"starts_at": DRAFT.starts_at + span, "ends_at": DRAFT.ends_at + span}


def begin_update(app: Flask, event: Event, clock: FixedClock, *, written: bool = True) -> int:
    """Start the mails of the change that waits; they lie in the outbox and none has left."""
    clock.moment += QUIET
    with app.app_context(), transaction():
        mailing = tell_if_due(event.slug, now=clock.moment)
        assert mailing is not None
        number = mailing.id
    if written:
        with app.app_context(), transaction():
            expand_chunk(number, now=clock.moment)
    clock.move(minutes=1)
    return number


def shown(mail: Received) -> datetime:
    """The start that the mail's object puts into the calendar."""
    assert mail.calendar is not None
    start = Calendar.from_ical(mail.calendar).events[0].start
    assert isinstance(start, datetime)
    return start
