"""Letters to many: one row in the cause's transaction, expanded by the worker chunk by chunk."""

import logging
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.lifecycle import Audience, Message
from ikone_events.domain.messages import CANCEL, Extras, MailKind, calendar_method
from ikone_events.domain.registration import Attendance, Status
from ikone_events.services.letters import handout_of, write_letter
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.registrations import Registration

CHUNK = 50

_AUDIENCES = {
    Audience.CONFIRMED: (Status.CONFIRMED.value,),
    Audience.CONFIRMED_AND_WAITING: (Status.CONFIRMED.value, Status.WAITLISTED.value),
}

log = logging.getLogger(__name__)


def start_mailing(
    event: Event,
    message: Message,
    *,
    now: datetime,
    reason: str = "",
    old_starts_at: datetime | None = None,
    old_ends_at: datetime | None = None,
) -> Mailing:
    """Promise a letter to an audience, in the transaction of its cause."""
    mailing = Mailing(
        event_id=event.id,
        kind=message.kind.value,
        audience=message.audience.value,
        reason=reason,
        old_starts_at=old_starts_at,
        old_ends_at=old_ends_at,
        event_touched=event.touched,
        created_at=now,
    )
    db.session.add(mailing)
    db.session.flush()
    ask_for_delivery()
    return mailing


def find_open_mailing() -> int | None:
    """The oldest mailing that is not fully in the outbox yet."""
    unfinished = select(Mailing.id).where(Mailing.finished_at.is_(None)).order_by(Mailing.id)
    return db.session.scalar(unfinished.limit(1))


def expand_chunk(mailing_id: int, *, now: datetime) -> int:
    """Write the next letters of a mailing into the outbox; returns how many. Needs a transaction.

    The row of the mailing is locked first, so that two workers never write the same chunk. A
    letter that can't be composed is kept as failed, with the reason, and holds up nobody.
    """
    mailing = db.session.scalar(
        select(Mailing)
        .where(Mailing.id == mailing_id, Mailing.finished_at.is_(None))
        .with_for_update(of=Mailing)
        .execution_options(populate_existing=True)
    )
    if mailing is None:
        return 0
    people = _next_people(mailing)
    for registration in people:
        _write_one(mailing, registration, now=now)
        mailing.last_id = registration.id
    if len(people) < CHUNK:
        mailing.finished_at = now
    return len(people)


def _next_people(mailing: Mailing) -> list[Registration]:
    """Later arrivals are left out: their own letters already know the new state of things.

    So are those who had their details deleted: there is nobody left to write to.
    """
    wanted = (
        select(Registration)
        .where(
            Registration.event_id == mailing.event_id,
            Registration.id > mailing.last_id,
            Registration.status.in_(_AUDIENCES[Audience(mailing.audience)]),
            Registration.event_touched < mailing.event_touched,
            Registration.anonymised_at.is_(None),
        )
        .order_by(Registration.id)
        .limit(CHUNK)
    )
    return list(db.session.scalars(wanted))


def _write_one(mailing: Mailing, registration: Registration, *, now: datetime) -> None:
    event, kind = mailing.event, _kind_for(mailing, registration)
    key = f"mailing:{mailing.id}:{registration.id}"
    try:
        write_letter(
            kind,
            registration,
            event,
            key=key,
            now=now,
            extras=_extras(mailing, event, registration),
            held_at=_called_off(mailing),
            mailing=mailing,
        )
    except Exception as fault:  # one person's letter must not hold up the others
        log.exception("letter %s could not be composed", key)
        db.session.add(_failed_row(kind, mailing, registration, key=key, now=now, fault=fault))


def _kind_for(mailing: Mailing, registration: Registration) -> MailKind:
    kind = MailKind(mailing.kind)
    if kind is not MailKind.FOLLOW_UP:
        return kind
    if registration.attendance == Attendance.ATTENDED.value:
        return MailKind.FOLLOW_UP
    if registration.attendance == Attendance.MISSED.value:
        return MailKind.FOLLOW_UP_MISSED
    return MailKind.FOLLOW_UP_UNKNOWN


def _extras(mailing: Mailing, event: Event, registration: Registration) -> Extras:
    if mailing.kind == MailKind.FOLLOW_UP.value:
        return handout_of(event, registration)
    if mailing.kind != MailKind.MOVED.value:
        return Extras(reason=mailing.reason)
    return Extras(
        reason=mailing.reason,
        old_starts_at=mailing.old_starts_at,
        old_ends_at=mailing.old_ends_at,
    )


def _called_off(mailing: Mailing) -> tuple[datetime, datetime] | None:
    """The date that a cancellation takes out of calendars, whatever came after it."""
    if calendar_method(MailKind(mailing.kind)) != CANCEL:
        return None
    if mailing.old_starts_at is None or mailing.old_ends_at is None:
        return None
    return mailing.old_starts_at, mailing.old_ends_at


def _failed_row(
    kind: MailKind,
    mailing: Mailing,
    registration: Registration,
    *,
    key: str,
    now: datetime,
    fault: Exception,
) -> OutboxMail:
    return OutboxMail(
        key=key,
        event_id=mailing.event_id,
        registration_id=registration.id,
        mailing_id=mailing.id,
        kind=kind.value,
        locale=registration.locale,
        recipient=registration.email,
        subject="",
        text="",
        html="",
        message_id="",
        state="failed",
        created_at=now,
        due_at=now,
        answer=f"not composed: {type(fault).__name__}: {fault}"[:2000],
    )
