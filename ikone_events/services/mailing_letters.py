"""The letters of a mailing: which kind a person gets, and what if one can't be written."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from ikone_events.domain.messages import Extras, MailKind
from ikone_events.domain.registration import Attendance
from ikone_events.services.letters import handout_of, write_letter
from ikone_events.services.subscriber_letters import write_to_subscriber
from ikone_events.services.told import changes_for, told_event
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.outages import is_about_data
from ikone_events.store.registrations import Registration
from ikone_events.store.subscribers import Subscriber

log = logging.getLogger(__name__)


def write_chunk(
    mailing: Mailing,
    people: Sequence[Registration | Subscriber],
    *,
    now: datetime,
    told: Mapping[int, Event],
) -> None:
    """Write the letters of several people; one that can't be written is kept as failed.

    `told` are the events as registered people know them, by the number of the registration.
    One savepoint serves all, since one for each would triple the cost. Where a letter fails they
    are written anew, each behind its own: on PostgreSQL a refused statement ends everything since.
    """
    try:
        with db.session.begin_nested():
            for person in people:
                _write(mailing, person, now=now, told=told)
    except Exception:  # noqa: BLE001 - found again below, where it is logged
        for person in people:
            _write_apart(mailing, person, now=now, told=told)


def _write_apart(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    told: Mapping[int, Event],
) -> None:
    try:
        with db.session.begin_nested():
            _write(mailing, person, now=now, told=told)
    except Exception as fault:  # one person's letter must not hold up the others
        if isinstance(fault, DBAPIError) and not is_about_data(fault):
            raise
        log.exception("letter %s could not be composed", _key(mailing, person))
        db.session.add(_failed_row(mailing, person, now=now, fault=fault))


def _write(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    told: Mapping[int, Event],
) -> None:
    if isinstance(person, Subscriber):
        _to_subscriber(mailing, person, now=now)
    else:
        _to_registered(mailing, person, now=now, told=told.get(person.id))


def kind_for(kind: MailKind, registration: Registration) -> MailKind:
    """A follow-up speaks to each as what is known about them; other kinds are one for all."""
    if kind is not MailKind.FOLLOW_UP:
        return kind
    if registration.attendance == Attendance.ATTENDED.value:
        return MailKind.FOLLOW_UP
    if registration.attendance == Attendance.MISSED.value:
        return MailKind.FOLLOW_UP_MISSED
    return MailKind.FOLLOW_UP_UNKNOWN


def extras_for(mailing: Mailing, event: Event, registration: Registration) -> Extras:
    """What this kind of mailing tells beside the event itself."""
    if mailing.kind == MailKind.FOLLOW_UP.value:
        return handout_of(event, registration)
    if mailing.kind != MailKind.MOVED.value:
        return Extras(reason=mailing.reason)
    return Extras(
        reason=mailing.reason,
        old_starts_at=mailing.old_starts_at,
        old_ends_at=mailing.old_ends_at,
    )


def _to_registered(
    mailing: Mailing, registration: Registration, *, now: datetime, told: Event | None
) -> None:
    event = mailing.event
    told = told or told_event(event, registration)
    if mailing.only_changed and not changes_for(told, event, registration, knows_door=True):
        return
    write_letter(
        kind_for(MailKind(mailing.kind), registration),
        registration,
        event,
        key=_key(mailing, registration),
        now=now,
        extras=extras_for(mailing, event, registration),
        mailing=mailing,
        told=told,
    )


def _to_subscriber(mailing: Mailing, subscriber: Subscriber, *, now: datetime) -> None:
    write_to_subscriber(
        MailKind(mailing.kind),
        subscriber,
        mailing.event,
        key=_key(mailing, subscriber),
        now=now,
        extras=Extras(reason=mailing.reason),
        mailing=mailing,
    )


def _key(mailing: Mailing, person: Registration | Subscriber) -> str:
    mark = "s" if isinstance(person, Subscriber) else ""
    return f"mailing:{mailing.id}:{mark}{person.id}"


def _failed_row(
    mailing: Mailing, person: Registration | Subscriber, *, now: datetime, fault: Exception
) -> OutboxMail:
    subscribed = isinstance(person, Subscriber)
    kind = MailKind(mailing.kind)
    return OutboxMail(
        key=_key(mailing, person),
        event_id=mailing.event_id,
        registration_id=None if subscribed else person.id,
        subscriber_id=person.id if subscribed else None,
        mailing_id=mailing.id,
        kind=(kind if isinstance(person, Subscriber) else kind_for(kind, person)).value,
        locale=person.locale,
        recipient=person.email,
        subject="",
        text="",
        html="",
        message_id="",
        state="failed",
        created_at=now,
        due_at=now,
        answer=f"not composed: {type(fault).__name__}: {fault}"[:2000],
    )
