"""Letters: every promise has its letter, once; every letter can be explained."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from ikone_events.domain.alarms import STUCK_AFTER
from ikone_events.domain.audiences import Audience
from ikone_events.domain.facts import Mode
from ikone_events.domain.messages import MailKind
from ikone_events.domain.registration import Status
from ikone_events.services.audiences import people_of
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.registrations import Registration

# The keys under which the letter that told a person of a standing is stored.
_TOLD_BY = {
    Status.CONFIRMED: ("registered:", "promoted:"),
    Status.WAITLISTED: ("registered:",),
    Status.CANCELLED: ("withdrawn:",),
}
# Audiences by standing alone: what else decides may have changed since a mailing went out.
_DECIDABLE = (
    Audience.CONFIRMED,
    Audience.CONFIRMED_ONLINE,
    Audience.CONFIRMED_AND_WAITING,
    Audience.WAITING,
)
_STATES = ("queued", "sent", "failed", "stopped")


def missing_letters(_now: datetime) -> Iterator[str]:
    """Who got a standing here was told of it; loaded people were not, anonymised ones no longer."""
    for status, keys in _TOLD_BY.items():
        told = [OutboxMail.key == key + Registration.public_id for key in keys]
        rows = db.session.execute(
            select(Event.slug, Registration.id)
            .select_from(Event)
            .join(Registration, Registration.event_id == Event.id)
            .where(
                Registration.status == status.value,
                Registration.event_touched > 0,  # loaded rows never went through a seat
                Registration.anonymised_at.is_(None),
                ~select(OutboxMail.id).where(or_(*told)).exists(),
            )
            .order_by(Registration.id)
        )
        for slug, number in rows:
            yield f"letters: {slug}: registration {number} is {status} and was never told"


def double_letters(_now: datetime) -> Iterator[str]:
    """One letter a cause, and one a person of a mailing."""
    keys = select(OutboxMail.key).group_by(OutboxMail.key).having(func.count() > 1)
    for key in db.session.scalars(keys):
        yield f"letters: {key} was written more than once"
    for person in (OutboxMail.registration_id, OutboxMail.subscriber_id):
        rows = db.session.execute(
            select(OutboxMail.mailing_id, person)
            .where(OutboxMail.mailing_id.is_not(None), person.is_not(None))
            .group_by(OutboxMail.mailing_id, person)
            .having(func.count() > 1)
        )
        for mailing, number in rows:
            yield f"letters: mailing {mailing} wrote more than once to {person.key} {number}"


def gaps_in_mailings(_now: datetime) -> Iterator[str]:
    """A finished mailing wrote to everybody who belonged to it and still has that standing."""
    finished = db.session.scalars(
        select(Mailing).where(
            Mailing.finished_at.is_not(None),
            Mailing.stopped_at.is_(None),
            Mailing.audience.in_([audience.value for audience in _DECIDABLE]),
        )
    )
    for mailing in finished:
        if number := db.session.scalar(_left_out(mailing)):
            yield f"letters: {mailing.event.slug}: mailing {mailing.id} left out {number} people"


def _left_out(mailing: Mailing) -> Select[int]:
    """How many have the same standing since before the mailing, and no letter of it."""
    mine = OutboxMail.mailing_id == mailing.id
    got = select(OutboxMail.id).where(mine, OutboxMail.registration_id == Registration.id)
    people = people_of(mailing.event, Audience(mailing.audience)).where(
        Registration.event_touched < mailing.event_touched, ~got.exists()
    )
    if mailing.audience == Audience.CONFIRMED_ONLINE.value:
        # Who came on site when the links went out had the link with a letter of their own.
        switched = select(OutboxMail.id).where(
            OutboxMail.registration_id == Registration.id,
            OutboxMail.kind == MailKind.CHANGED.value,
        )
        people = people.where(Registration.mode == Mode.ONLINE.value, ~switched.exists())
    return select(func.count()).select_from(people.order_by(None).subquery())


def odd_letters(_now: datetime) -> Iterator[str]:
    """States that contradict themselves."""
    sent = OutboxMail.state == "sent"
    odd = or_(
        OutboxMail.state.not_in(_STATES),
        sent & OutboxMail.sent_at.is_(None),
        ~sent & OutboxMail.sent_at.is_not(None),
        OutboxMail.state.in_(("queued", "sent")) & (OutboxMail.message_id == ""),
    )
    rows = db.session.execute(
        select(OutboxMail.id, OutboxMail.state).where(odd).order_by(OutboxMail.id)
    )
    for number, state in rows:
        yield f"letters: letter {number} is “{state}”, which its other fields contradict"


def abandoned_leases(now: datetime) -> Iterator[str]:
    """A letter that a worker took and never finished goes to the next one when its lease ends."""
    rows = db.session.execute(
        select(OutboxMail.id, OutboxMail.lease_until)
        .where(OutboxMail.state == "queued", OutboxMail.lease_until < now - STUCK_AFTER)
        .order_by(OutboxMail.id)
    )
    for number, until in rows:
        ended = f"{until:%Y-%m-%d %H:%M} UTC"
        yield f"letters: letter {number} lies with a worker although its lease ended at {ended}"
