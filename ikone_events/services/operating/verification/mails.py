"""Mails: every promise has its mail, once; every mail can be explained."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.operating.alarms import STUCK_AFTER
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.times import moment_utc
from ikone_events.services.mails.audiences import people_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange

# The mails that tell a person of a standing.
_TOLD_BY = {
    Status.PENDING: (MailKind.CONFIRM_ADDRESS, MailKind.AWAITING_APPROVAL),
    Status.OFFERED: (MailKind.OFFER,),
    Status.CONFIRMED: (MailKind.CONFIRMATION, MailKind.PROMOTION, MailKind.TAKEN_OVER),
    Status.WAITLISTED: (MailKind.WAITLIST, MailKind.TAKEN_OVER),
    Status.CANCELLED: (MailKind.WITHDRAWAL, MailKind.HANDED_OVER),
    Status.DECLINED: (MailKind.DECLINED,),
}
# Audiences by standing alone: what else decides may have changed since a mailing went out.
_DECIDABLE = (
    Audience.CONFIRMED,
    Audience.CONFIRMED_ONLINE,
    Audience.CONFIRMED_AND_WAITING,
    Audience.WAITING,
)
_STATES = ("queued", "sent", "failed", "stopped")


def missing_mails(_now: datetime) -> Iterator[str]:
    """Who got a standing here was told of it; loaded people were not, anonymised ones no longer."""
    for status, kinds in _TOLD_BY.items():
        wanted = [kind.value for kind in kinds]
        for slug, number in _without(wanted, Registration.status == status.value):
            yield f"mails: {slug}: registration {number} is {status} and was never told"
    lapsed = select(StatusChange.id).where(
        StatusChange.registration_id == Registration.id,
        StatusChange.source == Status.OFFERED.value,
        StatusChange.target == Status.EXPIRED.value,
        StatusChange.reason == "",  # after the end nobody is told
    )
    for slug, number in _without([MailKind.OFFER_LAPSED.value], lapsed.exists()):
        yield f"mails: {slug}: the offer of registration {number} lapsed and nobody told so"


def _without(kinds: Sequence[str], which: ColumnElement[bool]) -> Sequence[Row[str, int]]:
    told = select(OutboxMail.id).where(
        OutboxMail.registration_id == Registration.id, OutboxMail.kind.in_(kinds)
    )
    return db.session.execute(
        select(Event.slug, Registration.id)
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(
            which,
            Registration.event_lock_version > 0,  # loaded rows never went through a seat
            Registration.anonymised_at.is_(None),
            ~told.exists(),
        )
        .order_by(Registration.id)
    ).all()


def double_mails(_now: datetime) -> Iterator[str]:
    """One mail a cause, and one a person of a mailing."""
    keys = select(OutboxMail.key).group_by(OutboxMail.key).having(func.count() > 1)
    for key in db.session.scalars(keys):
        yield f"mails: {key} was written more than once"
    for person in (OutboxMail.registration_id, OutboxMail.subscriber_id):
        rows = db.session.execute(
            select(OutboxMail.mailing_id, person)
            .where(OutboxMail.mailing_id.is_not(None), person.is_not(None))
            .group_by(OutboxMail.mailing_id, person)
            .having(func.count() > 1)
        )
        for mailing, number in rows:
            yield f"mails: mailing {mailing} wrote more than once to {person.key} {number}"


def gaps_in_mailings(_now: datetime) -> Iterator[str]:
    """A finished mailing wrote to everybody who belonged to it and still has that standing.

    One about changes leaves out whoever knew them already.
    """
    finished = db.session.scalars(
        select(Mailing).where(
            Mailing.finished_at.is_not(None),
            Mailing.stopped_at.is_(None),
            ~Mailing.only_changed,
            Mailing.audience.in_([audience.value for audience in _DECIDABLE]),
        )
    )
    for mailing in finished:
        if number := db.session.scalar(_left_out(mailing)):
            yield f"mails: {mailing.event.slug}: mailing {mailing.id} left out {number} people"


def _left_out(mailing: Mailing) -> Select[int]:
    """How many have the same standing since before the mailing, and no mail of it."""
    mine = OutboxMail.mailing_id == mailing.id
    got = select(OutboxMail.id).where(mine, OutboxMail.registration_id == Registration.id)
    people = people_of(mailing.event, Audience(mailing.audience)).where(
        Registration.event_lock_version < mailing.event_lock_version, ~got.exists()
    )
    if mailing.audience == Audience.CONFIRMED_ONLINE.value:
        # Who came on site when the links went out had the link with a mail of their own.
        switched = select(OutboxMail.id).where(
            OutboxMail.registration_id == Registration.id,
            OutboxMail.kind == MailKind.CHANGED.value,
        )
        people = people.where(Registration.mode == Mode.ONLINE.value, ~switched.exists())
    return select(func.count()).select_from(people.order_by(None).subquery())


def odd_mails(_now: datetime) -> Iterator[str]:
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
        yield f"mails: mail {number} is “{state}”, which its other fields contradict"


def abandoned_leases(now: datetime) -> Iterator[str]:
    """A mail that a worker took and never finished goes to the next one when its lease ends."""
    rows = db.session.execute(
        select(OutboxMail.id, OutboxMail.lease_until)
        .where(OutboxMail.state == "queued", OutboxMail.lease_until < now - STUCK_AFTER)
        .order_by(OutboxMail.id)
    )
    for number, until in rows:
        ended = moment_utc(until) if until else ""
        yield f"mails: mail {number} lies with a worker although its lease ended at {ended}"
