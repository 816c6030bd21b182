"""Mails and calendar entries: each is owed, sent once, and answered by a mail that exists."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.incoming.mails import IncomingKind, IncomingOutcome
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.operating.alarms import STUCK_AFTER
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.times import moment_utc
from ikone_events.services.incoming.answers import answer_in_force
from ikone_events.services.mails.audiences import people_of
from ikone_events.services.mails.outbox import DAMAGED
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import DeliveryNote, Mailing, OutboxMail, mail_key
from ikone_events.store.office.models import ListingProgress
from ikone_events.store.registering.models import Registration, StatusChange

# The mails that notify people of a status.
_NOTIFIED_BY = {
    Status.PENDING: (MailKind.CONFIRM_ADDRESS, MailKind.AWAITING_APPROVAL),
    Status.OFFERED: (MailKind.OFFER,),
    Status.CONFIRMED: (MailKind.CONFIRMATION, MailKind.PROMOTION, MailKind.TAKEN_OVER),
    Status.WAITLISTED: (MailKind.WAITLIST, MailKind.TAKEN_OVER),
    Status.CANCELLED: (MailKind.WITHDRAWAL, MailKind.HANDED_OVER),
    Status.DECLINED: (MailKind.DECLINED,),
}
# Audiences by status alone: other criteria may have changed since the mailing.
_DECIDABLE = (
    Audience.CONFIRMED,
    Audience.CONFIRMED_ONLINE,
    Audience.CONFIRMED_AND_WAITING,
    Audience.WAITING,
)
_RECIPIENTS = (
    *(OutboxMail.registration_id, OutboxMail.subscriber_id),
    *(OutboxMail.contact_id, OutboxMail.speaker_id),
)
_STATES = ("queued", "sent", "failed", "stopped")
_ANSWER = and_(
    IncomingMail.kind == IncomingKind.ANSWER.value,
    IncomingMail.outcome == IncomingOutcome.TAKEN.value,
)


def missing_mails(_now: datetime) -> Iterator[str]:
    """Everybody who got a status here was notified, except loaded and anonymised people."""
    for status, kinds in _NOTIFIED_BY.items():
        wanted = [kind.value for kind in kinds]
        for slug, number in _without(wanted, Registration.status == status.value):
            yield f"mails: {slug}: registration {number} is {status} and was never notified"
    expired = select(StatusChange.id).where(
        StatusChange.registration_id == Registration.id,
        StatusChange.source == Status.OFFERED.value,
        StatusChange.target == Status.EXPIRED.value,
        StatusChange.reason == "",  # after the end nobody is notified
    )
    for slug, number in _without([MailKind.OFFER_LAPSED.value], expired.exists()):
        yield f"mails: {slug}: the offer of registration {number} expired without a mail"


def _without(kinds: Sequence[str], which: ColumnElement[bool]) -> Sequence[Row[str, int]]:
    notified = select(OutboxMail.id).where(
        OutboxMail.registration_id == Registration.id, OutboxMail.kind.in_(kinds)
    )
    return db.session.execute(
        select(Event.slug, Registration.id)
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(
            which,
            Registration.event_lock_version > 0,  # loaded rows have none
            Registration.anonymised_at.is_(None),
            ~notified.exists(),
        )
        .order_by(Registration.id)
    ).all()


def double_mails(_now: datetime) -> Iterator[str]:
    """One mail per cause, and one per person of a mailing."""
    keys = select(OutboxMail.key).group_by(OutboxMail.key).having(func.count() > 1)
    for key in db.session.scalars(keys):
        yield f"mails: {key} was written more than once"
    for person in _RECIPIENTS:
        rows = db.session.execute(
            select(OutboxMail.mailing_id, person)
            .where(OutboxMail.mailing_id.is_not(None), person.is_not(None))
            .group_by(OutboxMail.mailing_id, person)
            .having(func.count() > 1)
        )
        for mailing, number in rows:
            yield f"mails: mailing {mailing} wrote more than once to {person.key} {number}"


def gaps_in_mailings(now: datetime) -> Iterator[str]:
    """A finished mailing wrote to everybody who belonged to it and has the same status.

    Mailings about changes leave out people who know them already.
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
        if number := db.session.scalar(_left_out(mailing, now)):
            yield f"mails: {mailing.event.slug}: mailing {mailing.id} left out {number} people"


def _left_out(mailing: Mailing, now: datetime) -> Select[int]:
    """How many have the same status since before the mailing, and no mail of it."""
    mine = OutboxMail.mailing_id == mailing.id
    got = select(OutboxMail.id).where(mine, OutboxMail.registration_id == Registration.id)
    people = people_of(mailing.event, Audience(mailing.audience), now=now).where(
        Registration.event_lock_version < mailing.event_lock_version, ~got.exists()
    )
    if mailing.audience == Audience.CONFIRMED_ONLINE.value:
        # People who came on site when the links were sent got the link by a mail of their own.
        switched = select(OutboxMail.id).where(
            OutboxMail.registration_id == Registration.id,
            OutboxMail.kind == MailKind.CHANGED.value,
        )
        people = people.where(Registration.mode == Mode.ONLINE.value, ~switched.exists())
    return select(func.count()).select_from(people.order_by(None).subquery())


def lists_ahead(_now: datetime) -> Iterator[str]:
    """No account is noted as notified beyond the last registration: later ones would be lost."""
    newest = select(func.coalesce(func.max(Registration.id), 0)).scalar_subquery()
    ahead = select(ListingProgress.organiser_id, ListingProgress.event_id).where(
        ListingProgress.last_id > newest
    )
    for account, event in db.session.execute(ahead.order_by(ListingProgress.id)):
        yield f"mails: account {account} is notified of no new registrations of event {event}"


def odd_mails(_now: datetime) -> Iterator[str]:
    """States that contradict the other columns."""
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


def damaged_mails(_now: datetime) -> Iterator[str]:
    """Mails whose rows could not be read, and which were not sent since."""
    noted = select(DeliveryNote.id).where(
        DeliveryNote.mail_id == OutboxMail.id, DeliveryNote.what == DAMAGED
    )
    wanted = select(OutboxMail.id, OutboxMail.answer).where(
        OutboxMail.state == "failed", noted.exists()
    )
    for number, words in db.session.execute(wanted.order_by(OutboxMail.id)):
        yield f"mails: mail {number}: {words}"


def stale_mail_keys(_now: datetime) -> Iterator[str]:
    """Mails are found by their recipient and subject, but not those to forgotten people."""
    texts = (OutboxMail.recipient, OutboxMail.recipient_name, OutboxMail.subject)
    rows = db.session.execute(
        select(OutboxMail.id, OutboxMail.search_key, Registration.anonymised_at, *texts)
        .outerjoin(Registration, OutboxMail.registration_id == Registration.id)
        .order_by(OutboxMail.id)
        .execution_options(yield_per=1000)
    )
    for number, key, forgotten_at, *searched in rows:
        if key != ("" if forgotten_at else mail_key(*searched)):
            yield f"keys: mail {number} is not found by its recipient and subject"


def abandoned_leases(now: datetime) -> Iterator[str]:
    """Expired leases are taken over by the next worker."""
    rows = db.session.execute(
        select(OutboxMail.id, OutboxMail.lease_until)
        .where(OutboxMail.state == "queued", OutboxMail.lease_until < now - STUCK_AFTER)
        .order_by(OutboxMail.id)
    )
    for number, until in rows:
        ended = moment_utc(until) if until else ""
        yield f"mails: mail {number} lies with a worker although its lease ended at {ended}"


def lost_objects(_now: datetime) -> Iterator[str]:
    """A registration counts to its newest mail; else the next update is ignored."""
    newest = func.max(OutboxMail.calendar_sequence)
    rows = db.session.execute(
        select(Registration.id, Registration.calendar_sequence, newest.label("sent"))
        .join(OutboxMail, OutboxMail.calendar_uid == Registration.calendar_uid)
        .where(OutboxMail.calendar_sequence.is_not(None), Registration.anonymised_at.is_(None))
        .group_by(Registration.id, Registration.calendar_sequence, Registration.calendar_stamp)
        .having(
            or_(
                func.coalesce(Registration.calendar_sequence, -1) != newest,
                Registration.calendar_stamp < func.max(OutboxMail.calendar_stamp),
            )
        )
        .order_by(Registration.id)
    )
    for number, counted, sent in rows:
        yield (
            f"calendars: registration {number} counts to {counted}, its newest e-mail is object "
            f"{sent}"
        )


def doubled_objects(_now: datetime) -> Iterator[str]:
    """Two mails with sequence and stamp of one entry in common: calendars ignore the second."""
    numbers = OutboxMail.calendar_sequence, OutboxMail.calendar_stamp
    rows = db.session.execute(
        select(func.min(OutboxMail.id), OutboxMail.calendar_sequence)
        .where(OutboxMail.calendar_uid != "", OutboxMail.calendar_sequence.is_not(None))
        .group_by(OutboxMail.calendar_uid, *numbers)
        .having(func.count() > 1)
        .order_by(func.min(OutboxMail.id))
    )
    for mail, sequence in rows:
        yield f"calendars: e-mail {mail} and another carry object {sequence} of one entry"


def broken_versions(_now: datetime) -> Iterator[str]:
    """All versions before the current one are stored."""
    number = func.count(EventVersion.id)
    rows = db.session.execute(
        select(Event.slug, Event.calendar_version, number)
        .outerjoin(EventVersion, EventVersion.event_id == Event.id)
        .group_by(Event.id, Event.slug, Event.calendar_version)
        .having(number != Event.calendar_version - 1)
        .order_by(Event.id)
    )
    for slug, version, kept in rows:
        yield f"calendars: {slug}: {kept} former versions stored, the event is in version {version}"


def unexplained_answers(_now: datetime) -> Iterator[str]:
    """The stored answer is the newest one to the current invitation and date.

    An empty one is valid too: a new date asks again. Loaded people may have theirs from the file.
    Only rows that differ are examined.
    """
    answered = (
        select(Registration)
        .join(IncomingMail, IncomingMail.registration_id == Registration.id)
        .where(_ANSWER, Registration.partstat != "", Registration.partstat != IncomingMail.partstat)
        .distinct()
        .order_by(Registration.id)
        .options(joinedload(Registration.event))
    )
    for person in db.session.scalars(answered):
        answer = answer_in_force(person, person.event)
        if answer is not None and answer.partstat != person.partstat:
            yield (
                f"answers: {person.event.slug}: registration {person.id} is noted as"
                f" “{person.partstat}”, its calendar answered “{answer.partstat}”"
            )


def answers_of_nobody(_now: datetime) -> Iterator[str]:
    """A counted answer belongs to a registration or a speaker."""
    nobody = IncomingMail.registration_id.is_(None) & IncomingMail.speaker_id.is_(None)
    lost = select(IncomingMail.id).where(_ANSWER, nobody)
    for number in db.session.scalars(lost.order_by(IncomingMail.id)):
        yield f"answers: the mail {number} counted, and it belongs to nobody"


def bounces_without_a_mail(_now: datetime) -> Iterator[str]:
    """A bounced mail has the bounce that reported it."""
    bounced = aliased(DeliveryNote)
    notified = select(IncomingMail.id).where(
        IncomingMail.mail_id == bounced.mail_id,
        IncomingMail.kind == IncomingKind.BOUNCE.value,
        IncomingMail.lost,
    )
    lost = select(bounced.mail_id).where(bounced.what == "bounced", ~notified.exists()).distinct()
    for number in db.session.scalars(lost.order_by(bounced.mail_id)):
        yield f"mails: mail {number} came back, and no mail says so"
