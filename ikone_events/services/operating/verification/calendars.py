"""Calendars: objects rise, versions are known, answers and bounces have their mails."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased, joinedload

from ikone_events.domain.incoming.mails import IncomingKind, IncomingOutcome
from ikone_events.services.incoming.answers import answer_in_force
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import DeliveryNote, OutboxMail
from ikone_events.store.registering.models import Registration

_ANSWER = and_(
    IncomingMail.kind == IncomingKind.ANSWER.value,
    IncomingMail.outcome == IncomingOutcome.TAKEN.value,
)


def lost_objects(_now: datetime) -> Iterator[str]:
    """The sequence of an entry is that of its newest mail, or the next update is ignored."""
    newest = func.max(OutboxMail.calendar_sequence)
    rows = db.session.execute(
        select(Registration.id, Registration.calendar_sequence, newest.label("sent"))
        .join(OutboxMail, OutboxMail.calendar_uid == Registration.calendar_uid)
        .where(OutboxMail.calendar_sequence.is_not(None), Registration.anonymised_at.is_(None))
        .group_by(Registration.id, Registration.calendar_sequence)
        .having(func.coalesce(Registration.calendar_sequence, -1) != newest)
        .order_by(Registration.id)
    )
    for number, counted, sent in rows:
        yield (
            f"calendars: registration {number} counts to {counted}, its newest e-mail is object "
            f"{sent}"
        )


def doubled_objects(_now: datetime) -> Iterator[str]:
    """Two mails with one number of one entry: calendars keep the one and ignore the other."""
    rows = db.session.execute(
        select(func.min(OutboxMail.id), OutboxMail.calendar_sequence)
        .where(OutboxMail.calendar_uid != "", OutboxMail.calendar_sequence.is_not(None))
        .group_by(OutboxMail.calendar_uid, OutboxMail.calendar_sequence)
        .having(func.count() > 1)
        .order_by(func.min(OutboxMail.id))
    )
    for mail, sequence in rows:
        yield f"calendars: e-mail {mail} and another carry object {sequence} of one entry"


def broken_versions(_now: datetime) -> Iterator[str]:
    """Every version before the one in force is kept, so that each mail's can be told."""
    number = func.count(EventVersion.id)
    rows = db.session.execute(
        select(Event.slug, Event.calendar_version, number)
        .outerjoin(EventVersion, EventVersion.event_id == Event.id)
        .group_by(Event.id, Event.slug, Event.calendar_version)
        .having(number != Event.calendar_version - 1)
        .order_by(Event.id)
    )
    for slug, version, kept in rows:
        yield f"calendars: {slug}: {kept} former versions are kept of an event in version {version}"


def unexplained_answers(_now: datetime) -> Iterator[str]:
    """What is noted of a calendar is its newest answer to the invitation and the date that hold.

    Nothing noted is right as well: a new date asks anew. Loaded people bring theirs along. Answers
    that differ from what is noted are rare, so only those are looked at one by one.
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
    """An answer that counted belongs to a registration."""
    lost = select(IncomingMail.id).where(_ANSWER, IncomingMail.registration_id.is_(None))
    for number in db.session.scalars(lost.order_by(IncomingMail.id)):
        yield f"answers: the mail {number} counted, and it belongs to nobody"


def bounces_without_a_mail(_now: datetime) -> Iterator[str]:
    """A mail that came back has the mail which said so."""
    bounced = aliased(DeliveryNote)
    told = select(IncomingMail.id).where(
        IncomingMail.mail_id == bounced.mail_id,
        IncomingMail.kind == IncomingKind.BOUNCE.value,
        IncomingMail.permanent,
    )
    lost = select(bounced.mail_id).where(bounced.what == "bounced", ~told.exists()).distinct()
    for number in db.session.scalars(lost.order_by(bounced.mail_id)):
        yield f"mails: mail {number} came back, and no mail says so"
