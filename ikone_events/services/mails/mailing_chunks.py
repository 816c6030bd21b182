"""Turning mailings into mails of the outbox, chunk by chunk, in the worker."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Select, case, or_, select, update
from sqlalchemy.exc import DBAPIError

from ikone_events.domain.address import email_key
from ikone_events.domain.mails.audiences import OF_CONTACTS, OF_NEWS, Audience
from ikone_events.domain.mails.kinds import REMINDERS, MailKind
from ikone_events.services.mails.facts import facts_for, kinds_for
from ikone_events.services.mails.follow_up import note_answers_sent
from ikone_events.services.mails.mailings import people_after
from ikone_events.services.mails.replacing import replace_links, replace_unsent
from ikone_events.services.mails.speaker_mails import write_of_mailing
from ikone_events.services.mails.values import notified_versions
from ikone_events.services.mails.writing import (
    queue_unless_known,
    store_mail,
    write_to_subscriber,
)
from ikone_events.store.damage import is_damage, mend, report, unreadable_columns, value_of
from ikone_events.store.db import db, for_update, rows_written
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from ikone_events.store.outages import is_about_data
from ikone_events.store.registering.models import Registration

CHUNK = 25
# Who stopped a mailing that can't be read.
DAMAGED = "damage"
_OF_NEWS = sorted(audience.value for audience in OF_NEWS)
_OF_CONTACTS = sorted(audience.value for audience in OF_CONTACTS)
_UNFINISHED = (Mailing.finished_at.is_(None), Mailing.stopped_at.is_(None))

log = logging.getLogger(__name__)

Person = Registration | Subscriber | Contact | Speaker


def find_open_mailing(now: datetime) -> int | None:
    """The id of the next mailing that is due and neither stopped nor completely in the outbox.

    Reminders first and mails to subscribers and contacts last: thousands may take hours.
    """
    urgency = case(
        (Mailing.kind.in_([kind.value for kind in REMINDERS]), 0),
        (Mailing.audience.in_(_OF_NEWS), 2),
        else_=1,
    )
    due = or_(Mailing.due_at.is_(None), Mailing.due_at <= now)
    unfinished = select(Mailing.id).where(*_UNFINISHED, due)
    return db.session.scalar(unfinished.order_by(urgency, Mailing.id).limit(1))


def expand_chunk(mailing_id: int, *, now: datetime) -> int:
    """Write the next mails of a mailing into the outbox; returns how many. Needs a transaction.

    The row of the mailing is locked, so that two workers never write the same chunk and nothing is
    written once the mailing is stopped. The event is locked before, as in every change of status:
    a withdrawal at the same moment would write a mail with the same calendar sequence.
    """
    _lock_event_of(mailing_id)
    wanted = select(Mailing).where(Mailing.id == mailing_id, *_UNFINISHED)
    mailing = db.session.scalar(for_update(wanted, Mailing))
    if mailing is None:
        return 0
    numbers = db.session.scalars(_next_people(mailing, now)).all()
    try:
        with db.session.begin_nested():
            _write_all(mailing, numbers, now=now)
    except Exception:  # noqa: BLE001 - raised again below, where it is logged
        # One savepoint per mail costs three times as much, so only a failed chunk has them.
        for number in numbers:
            _write_in_savepoint(mailing, number, now=now)
    if numbers:
        mailing.last_id = numbers[-1]
    if len(numbers) < CHUNK:
        mailing.finished_at = now
    return len(numbers)


def stop_damaged(mailing_id: int, *, now: datetime) -> None:
    """Stop a mailing that can't be read, or whose event can't; others go on. Keeps what it can."""
    names = mend(Mailing, mailing_id, now=now)
    values = {"stopped_at": now, "stopped_by": DAMAGED}
    rows_written(update(Mailing).where(Mailing.id == mailing_id).values(values))
    what = ", ".join(names) or "its event"
    report(f"mailing {mailing_id} was stopped, because of damage ({what})")


def _next_people(mailing: Mailing, now: datetime) -> Select[int]:
    """The ids of the next recipients, locked.

    A person who unsubscribes now waits for the chunk and deletes its mail too.
    """
    chunk = people_after(mailing, now).with_only_columns(_model_of(mailing).id).limit(CHUNK)
    return chunk.with_for_update(read=True, key_share=True)


def _model_of(
    mailing: Mailing,
) -> type[Registration] | type[Subscriber] | type[Contact] | type[Speaker]:
    if mailing.audience == Audience.SPEAKERS.value:
        return Speaker
    if mailing.audience in _OF_CONTACTS:
        return Contact
    return Subscriber if mailing.audience in _OF_NEWS else Registration


def _write_all(mailing: Mailing, numbers: Sequence[int], *, now: datetime) -> None:
    model = _model_of(mailing)
    wanted = select(model).where(model.id.in_(numbers)).order_by(model.id)
    people = cast(Sequence[Person], db.session.scalars(wanted).all())
    registered = [person for person in people if isinstance(person, Registration)]
    known = notified_versions(mailing.event, registered)
    kinds = _kinds_in(mailing, numbers, now)
    for person in people:
        _write(mailing, person, kinds[person.id], now=now, known=known)


def _kinds_in(mailing: Mailing, numbers: Sequence[int], now: datetime) -> Mapping[int, MailKind]:
    return kinds_for(MailKind(mailing.kind), mailing.event, numbers, now=now)


def _lock_event_of(mailing_id: int) -> None:
    """Not for subscribers and contacts, who have no seats: registrations need not wait."""
    slug = db.session.scalar(
        select(Event.slug)
        .join(Mailing, Mailing.event_id == Event.id)
        .where(Mailing.id == mailing_id, Mailing.audience.not_in(_OF_NEWS))
    )
    if slug is not None:
        lock_event(slug)


def _write_in_savepoint(mailing: Mailing, number: int, *, now: datetime) -> None:
    """Write one mail, or a failed one if it can't be composed or its recipient can't be read."""
    try:
        with db.session.begin_nested():
            _write_all(mailing, [number], now=now)
    except Exception as fault:  # the mails of other people must be written
        if isinstance(fault, DBAPIError) and not (is_about_data(fault) or is_damage(fault)):
            raise
        words = _words_of(fault, mailing, number)
        queue_unless_known(_failed_row(mailing, number, now=now, words=words))


def _words_of(fault: Exception, mailing: Mailing, number: int) -> str:
    """Why a mail could not be composed, without the damaged values."""
    model = _model_of(mailing)
    if names := unreadable_columns(model, number):
        words = f"{model.__tablename__} {number} is damaged ({', '.join(names)})"
        report(words)
        return f"not composed: {words}"
    log.error("an e-mail of mailing %d could not be composed", mailing.id, exc_info=fault)
    return f"not composed: {type(fault).__name__}: {fault}"


def _write(
    mailing: Mailing,
    person: Person,
    kind: MailKind,
    *,
    now: datetime,
    known: Mapping[int, Event],
) -> None:
    event, key = mailing.event, _key(mailing, person.id, person.email)
    if isinstance(person, Subscriber | Contact):
        write_to_subscriber(kind, person, event, key=key, now=now, mailing=mailing)
        return
    if isinstance(person, Speaker):
        write_of_mailing(mailing, person, event, key=key, now=now)
        return
    if kind is MailKind.LINKS_RENEWED:
        # Here, so that nobody's links stop working before the new ones are on their way.
        replace_links(person)
        replace_unsent(person, event, now=now)
    known_event = known.get(person.id)
    facts = facts_for(kind, person, event, now=now, mailing=mailing, known=known_event)
    if facts.changes or not mailing.only_changed:
        store_mail(facts, person, event, key=key, now=now, mailing=mailing)
        if any(question.answer for question in facts.questions):
            note_answers_sent([person.id], mailing)


def _key(mailing: Mailing, number: int, email: str) -> str:
    """An announcement is sent to an address once, although it may be in two mailings of it."""
    if mailing.kind == MailKind.ANNOUNCEMENT.value and email:
        address = hashlib.blake2b(email_key(email).encode(), digest_size=16).hexdigest()
        return f"announcement:{mailing.event_id}:{address}"
    mark = "" if _model_of(mailing) is Registration else "s"
    return f"mailing:{mailing.id}:{mark}{number}"


def _failed_row(mailing: Mailing, number: int, *, now: datetime, words: str) -> OutboxMail:
    model = _model_of(mailing)
    row, kind = model.id == number, _kinds_in(mailing, [number], now)[number]
    email = value_of(model.email, row, "")
    return OutboxMail(
        key=_key(mailing, number, email),
        event_id=mailing.event_id,
        registration_id=number if model is Registration else None,
        subscriber_id=number if model is Subscriber else None,
        contact_id=number if model is Contact else None,
        speaker_id=number if model is Speaker else None,
        mailing_id=mailing.id,
        kind=kind.value,
        locale=value_of(model.locale, row, "de"),
        recipient=email,
        subject="",
        text="",
        html="",
        message_id="",
        state="failed",
        created_at=now,
        due_at=now,
        answer=words[:2000],
    )
