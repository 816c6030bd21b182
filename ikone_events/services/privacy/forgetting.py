"""How persons are taken out of the rows that name them; what counts heads stays."""

from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, or_, select, update

from ikone_events.domain.salutation import full_name
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.administrations import drop_unused_left_texts
from ikone_events.store.registering.codes import Code
from ikone_events.store.registering.form_fields import Answer
from ikone_events.store.registering.imports import ImportList
from ikone_events.store.registering.models import Registration, StatusChange

# Actors that name nobody; any other is an organiser's address.
_NAMELESS = ("person", "system", "calendar")
_SOMEBODY = "organiser"
_STRUCK_OUT = "…"
_NAMING = (
    *("salutation", "title", "first_name", "last_name", "email", "organisation_text"),
    *("organisation_key", "position", "question", "note", "registered_by", "partstat", "thread_id"),
)
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(_NAMING, ""),
    "email_key": Registration.public_id,  # still unique, no longer an address
    "calendar_uid": Registration.public_id,  # the old one stands in the person's calendar
    "code_id": None,
    "link_epoch": Registration.link_epoch + 1,
}


def forget(ids: Select[int], *, now: datetime) -> None:
    """Take the persons out of these registrations.

    Organisation, mode, standing and attendance stay: they name nobody and carry the figures.
    """
    ask_for_erasure()
    db.session.flush()  # what still waits in objects would come back over the empty fields
    rows_written(delete(Answer).where(Answer.registration_id.in_(ids)))
    rows_written(delete(IncomingMail).where(IncomingMail.registration_id.in_(ids)))
    nameless = case((StatusChange.actor.in_(_NAMELESS), StatusChange.actor), else_=_SOMEBODY)
    changes = update(StatusChange).where(StatusChange.registration_id.in_(ids))
    rows_written(changes.values(reason="", actor=nameless))
    used = select(Registration.code_id).where(Registration.id.in_(ids))
    own = Code.uses == 1, Code.id.in_(used)  # such a code is made out to somebody
    rows_written(update(Code).where(*own).values(label=""))
    known = Registration.id.in_(ids), Registration.anonymised_at.is_(None)
    rows_written(update(Registration).where(*known).values(_EMPTY).values(anonymised_at=now))
    drop_unused_left_texts()
    undeliverable_addresses.tidy()


def drop_mails(whose: ColumnElement[bool]) -> None:
    """Delete mails that are through; one that still waits was promised, and goes first."""
    rows_written(delete(OutboxMail).where(whose, OutboxMail.state != "queued"))


def drop_mails_of_forgotten() -> None:
    """Delete the last mails of people whose details were deleted, once they have gone."""
    forgotten = select(Registration.id).where(Registration.anonymised_at.is_not(None))
    drop_mails(OutboxMail.registration_id.in_(forgotten))


def drop_imports(person: Registration) -> None:
    """Delete lists that wait to be imported and name this person."""
    named = func.lower(ImportList.rows).contains(person.email.lower(), autoescape=True)
    rows_written(delete(ImportList).where(ImportList.event_id == person.event_id, named))


def strike_out(person: Registration) -> None:
    """Take a name out of what is stored about others: colleagues, a deputy, who had the place."""
    name = full_name("", person.first_name, person.last_name)
    others = _linked(person, name)
    for other in others:
        if name in other.registered_by or person.email in other.registered_by:
            other.registered_by = ""
    ids = [other.id for other in others]
    for mail in db.session.scalars(select(OutboxMail).where(OutboxMail.registration_id.in_(ids))):
        for word in (full_name(person.title, person.first_name, person.last_name), name):
            mail.text = mail.text.replace(word, _STRUCK_OUT)
            mail.html = mail.html.replace(escape(word), _STRUCK_OUT)
            mail.subject = mail.subject.replace(word, _STRUCK_OUT)


def _linked(person: Registration, name: str) -> list[Registration]:
    """Those whose rows or mails may name this person."""
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
