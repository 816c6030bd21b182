"""Removing personal data, also before the end of an event's retention; figures stay."""

from datetime import datetime, timedelta
from html import escape
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, delete, exists, func, or_, select, update

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.mails.kinds import TO_SPEAKERS, MailKind
from ikone_events.domain.registering.registration import NEVER_CONFIRMED, WITHOUT_PLACE, Status
from ikone_events.domain.salutation import full_name
from ikone_events.services.followup.answers import withdraw_naming
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.privacy.redaction import REDACTED, longest_first, redact_reasons
from ikone_events.services.registering.standing_dates import note_attended
from ikone_events.store.damage import readable
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.followup.feedback import FeedbackDone
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import IS_TEST, OutboxMail
from ikone_events.store.registering.administrations import drop_unused_left_texts
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Code, ImportList, Registration, StatusChange
from ikone_events.store.rooms.attendance import forget_sources
from ikone_events.store.rooms.models import CheckInPress, Question

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
# Actors that name nobody; all others are organisers' addresses.
_NAMELESS = ("person", "system", "calendar")
_SOMEBODY = "organiser"
# Entries of the history that lose something.
NAMES_SOMEBODY = or_(StatusChange.reason != "", StatusChange.actor.not_in((*_NAMELESS, _SOMEBODY)))
# For this time the last mails of a forgotten person wait for a mail server that is down.
_LAST_MAILS = timedelta(days=1)
_NAMING = (
    *("salutation", "title", "first_name", "last_name", "email", "organisation_text"),
    *("organisation_key", "search_key", "name_key", "position", "question", "note"),
    *("registered_by", "partstat", "thread_id"),
)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(_NAMING, ""),
    "email_key": Registration.public_id,  # unique, but no address
    "calendar_uid": Registration.public_id,  # the old one identifies the person's calendar entry
    "code_id": None,
    "standing_id": None,
    "wants_supplement": False,
    "link_epoch": Registration.link_epoch + 1,
}


def forget(ids: Select[int], *, now: datetime) -> None:
    """Anonymise these registrations.

    Organisation, mode, status, attendance and its minutes stay: they carry the figures.
    """
    db.session.flush()  # unflushed changes would overwrite the emptied fields
    note_attended(ids, now=now)
    rows_written(delete(Answer).where(Answer.registration_id.in_(ids)))
    rows_written(delete(IncomingMail).where(IncomingMail.registration_id.in_(ids)))
    withdraw_naming(ids)
    rows_written(delete(Question).where(Question.registration_id.in_(ids)))
    rows_written(delete(FeedbackDone).where(FeedbackDone.registration_id.in_(ids)))
    rows_written(delete(CheckInPress).where(CheckInPress.registration_id.in_(ids)))
    rows_written(delete(MaterialRelease).where(MaterialRelease.registration_id.in_(ids)))
    nameless = case((StatusChange.actor.in_(_NAMELESS), StatusChange.actor), else_=_SOMEBODY)
    forget_sources(ids)
    changes = update(StatusChange).where(StatusChange.registration_id.in_(ids), NAMES_SOMEBODY)
    rows_written(changes.values(reason="", actor=nameless))
    used = select(Registration.code_id).where(Registration.id.in_(ids))
    # A single-use code may be labelled with a name.
    own = Code.uses == 1, Code.id.in_(used), Code.label != ""
    rows_written(update(Code).where(*own).values(label=""))
    known = Registration.id.in_(ids), Registration.anonymised_at.is_(None)
    rows_written(update(Registration).where(*known).values(_EMPTY).values(anonymised_at=now))
    # Mails that still wait for their server are found by nobody.
    waiting = update(OutboxMail).where(OutboxMail.registration_id.in_(ids))
    rows_written(waiting.values(search_key=""))
    drop_unused_left_texts()
    undeliverable_addresses.delete_unused()


def drop_mails(whose: ColumnElement[bool]) -> None:
    """Delete mails that are done; queued ones are sent first."""
    delete_mails(whose, OutboxMail.state != "queued")


def drop_mails_of_forgotten(now: datetime) -> None:
    """Delete the mails of anonymised registrations and of deleted speakers: sent ones, then all.

    Whatever has not left after a day is deleted too.
    """
    forgotten = select(Registration.id).where(Registration.anonymised_at.is_not(None))
    drop_mails(OutboxMail.registration_id.in_(forgotten))
    long_ago = forgotten.where(Registration.anonymised_at <= now - _LAST_MAILS)
    delete_mails(OutboxMail.registration_id.in_(long_ago))
    of_nobody = OutboxMail.kind.in_(TO_SPEAKERS) & OutboxMail.speaker_id.is_(None) & ~IS_TEST
    drop_mails(of_nobody)
    written_long_ago = OutboxMail.created_at <= now - _LAST_MAILS
    delete_mails(of_nobody, written_long_ago)


def drop_imports(person: Registration) -> None:
    """Delete waiting import lists that name this person."""
    named = func.lower(ImportList.rows).contains(person.email.lower(), autoescape=True)
    rows_written(delete(ImportList).where(ImportList.event_id == person.event_id, named))


def redact_name(person: Registration) -> None:
    """Remove a name from the data of others: colleagues, deputy, predecessor."""
    name = full_name("", person.first_name, person.last_name)
    others = _linked(person, name)
    for other in others:
        if name in other.registered_by or person.email in other.registered_by:
            other.registered_by = ""
    ids = [other.id for other in others]
    for mail in db.session.scalars(select(OutboxMail).where(OutboxMail.registration_id.in_(ids))):
        _redact_mail(mail, person.name, name)
    redact_reasons(person.event, longest_first({person.name, name, person.email}))
    _drop_test_mails(person)
    _redact_lists(person, name)


def _redact_lists(person: Registration, name: str) -> None:
    """Remove a name from lists of new registrations that are not sent yet; sent ones have no text.

    The same name of somebody else goes too: the list leads to the page with all names.
    """
    lists = select(OutboxMail).where(
        OutboxMail.kind == MailKind.OFFICE_REGISTRATIONS.value,
        OutboxMail.text.contains(name, autoescape=True),
    )
    for mail in db.session.scalars(lists):
        _redact_mail(mail, person.name, name)


def _redact_mail(mail: OutboxMail, *names: str) -> None:
    for name in names:
        mail.text = mail.text.replace(name, REDACTED)
        mail.html = mail.html.replace(escape(name), REDACTED)
        mail.subject = mail.subject.replace(name, REDACTED)


def _drop_test_mails(person: Registration) -> None:
    """Delete mails that organisers sent to themselves as this person would get them."""
    named = OutboxMail.text.contains(person.last_name, autoescape=True)
    own = OutboxMail.event_id == person.event_id
    delete_mails(own, IS_TEST, named)


def _linked(person: Registration, name: str) -> list[Registration]:
    """Registrations whose rows or mails may name this person."""
    found = select(Registration).where(
        Registration.event_id == person.event_id,
        Registration.id != person.id,
        or_(
            Registration.predecessor_id == person.id,
            Registration.id == person.predecessor_id,
            Registration.registered_by.contains(name, autoescape=True),
            Registration.registered_by.contains(person.email, autoescape=True),
        ),
    )
    return list(db.session.scalars(found))


class EarlyDue(NamedTuple):
    """The number of answers and people of one event that are due to be deleted."""

    slug: str
    answers: int
    people: int


def due_early(now: datetime) -> list[EarlyDue]:
    """The events with data to delete before their retention ends.

    Events whose whole retention is over may be among them.
    """
    answers, people = _answers_due(now), _people_due(now)
    return [
        EarlyDue(slug, answers.get(slug, 0), people.get(slug, 0))
        for slug in dict.fromkeys([*answers, *people])
    ]


def forget_early(now: datetime, *, most: int | None = None) -> None:
    """Delete due answers and anonymise due people, at most so many; figures stay."""
    fields = [field.id for field in _fields_due(now)]
    if fields:
        rows_written(delete(Answer).where(Answer.field_id.in_(fields)))
    due = _without_place(select(Registration.id), now).order_by(Registration.id).limit(most)
    for number in db.session.scalars(due).all():
        for person in readable(select(Registration).where(Registration.id == number), Registration):
            redact_name(person)
        drop_mails(OutboxMail.registration_id == number)
        forget(select(Registration.id).where(Registration.id == number), now=now)


def _fields_due(now: datetime) -> list[FormField]:
    """Fields with answers whose retention is over.

    A postponed event waits for its new date, and then needs the answers.
    """
    answered = exists().where(Answer.field_id == FormField.id)
    rows = db.session.execute(
        select(FormField, Event.ends_at)
        .join(Event, FormField.event_id == Event.id)
        .where(
            FormField.keep_days.is_not(None),
            Event.ends_at <= now,
            Event.state != State.POSTPONED.value,
            answered,
        )
    )
    return [field for field, end in rows if end + timedelta(days=field.keep_days or 0) <= now]


def _answers_due(now: datetime) -> dict[str, int]:
    fields = [field.id for field in _fields_due(now)]
    if not fields:
        return {}
    rows = db.session.execute(
        select(Event.slug, func.count().label("number"))
        .select_from(Answer)
        .join(FormField, Answer.field_id == FormField.id)
        .join(Event, FormField.event_id == Event.id)
        .where(FormField.id.in_(fields))
        .group_by(Event.slug)
    )
    return {row.slug: row.number for row in rows}


def _people_due(now: datetime) -> dict[str, int]:
    wanted = _without_place(
        select(Event.slug, func.count().label("number")).select_from(Registration), now
    )
    rows = db.session.execute(wanted.group_by(Event.slug))
    return {row.slug: row.number for row in rows}


def _without_place(wanted: Query, now: datetime) -> Query:
    """Narrow a query to known people without a place, long after the event or expiry."""
    long_over = and_(
        Event.ends_at <= now - WITHOUT_PLACE,
        Event.state != State.POSTPONED.value,
        Registration.status != Status.CONFIRMED.value,
    )
    expired_long_ago = and_(
        Registration.status == Status.EXPIRED.value,
        Registration.status_at <= now - NEVER_CONFIRMED,
    )
    return wanted.join(Event, Registration.event_id == Event.id).where(
        Event.figures == "",
        Registration.anonymised_at.is_(None),
        or_(long_over, expired_long_ago),
    )
