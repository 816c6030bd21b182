"""Lists that leave the house: registrations with all that belongs to them, and mails."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ikone_events.domain.registering.form_fields import roles_up_to
from ikone_events.domain.times import to_local
from ikone_events.services.spreadsheets import Row
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.queries import answered_at
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.waiting_list import ORDER, waiting

REGISTRATION_COLUMNS = (
    *("id", "email", "first_name", "last_name", "organisation", "status", "waitlist_position"),
    *("attendance", "registered_at", "salutation", "title", "position", "network_member"),
    *("question", "locale", "mode", "awaits", "reserved_until", "administration", "registered_by"),
    *("code", "note", "calendar_answer", "answered_at"),
)
_AS_STORED = (
    *("email", "first_name", "last_name", "status", "attendance", "salutation", "title"),
    *("position", "question", "locale", "mode", "awaits", "registered_by", "note"),
)
OUTBOX_COLUMNS = (
    *("id", "event", "recipient", "kind", "state", "tries", "message_id", "created_at", "sent_at"),
    *("answer", "mailing"),
)
# Several choices in one cell.
_BETWEEN = "; "


def registration_columns(event: Event, role: str) -> tuple[str, ...]:
    """The columns of one event's list: the same for all events, then its own fields.

    `role` is the asker's: answers that only others may see are no columns. Retired fields are.
    """
    return (*REGISTRATION_COLUMNS, *(f"f_{field.key}" for field in seen_fields(event, role)))


def seen_fields(event: Event, role: str) -> list[FormField]:
    """The fields, retired ones too, whose answers somebody with this role may see."""
    wanted = select(FormField).where(
        FormField.event_id == event.id, FormField.seen_by.in_(roles_up_to(role))
    )
    return list(db.session.scalars(wanted.order_by(FormField.position, FormField.id)))


def registration_rows(event: Event, role: str) -> Iterator[Row]:
    """Every registration of an event, the earliest first, under `registration_columns`."""
    found = db.session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id)
        .options(joinedload(Registration.organisation), joinedload(Registration.code))
        .order_by(Registration.registered_at, Registration.id)
    )
    positions, day = waiting_positions(event), event.day
    answers = _answers(seen_fields(event, role))
    moments = answered_at(event)
    for registration in found:
        own = {name: cells.get(registration.id) for name, cells in answers.items()}
        yield {
            **_registration_row(registration, event.zone),
            **_body(registration, day),
            "waitlist_position": positions.get(registration.id),
            "calendar_answer": registration.partstat.lower() or None,
            "answered_at": _local(moments.get(registration.id), event.zone),
            **own,
        }


def waiting_positions(event: Event) -> dict[int, int]:
    """The place in the line of everybody who waits, by row number, from one."""
    line = db.session.scalars(select(Registration.id).where(waiting(event.id)).order_by(*ORDER))
    return {row: place for place, row in enumerate(line, start=1)}


def _answers(fields: Sequence[FormField]) -> dict[str, dict[int, str]]:
    """Of each field, by the name of its column, what each registration answered."""
    names = {field.id: f"f_{field.key}" for field in fields}
    cells: dict[str, dict[int, str]] = {name: {} for name in names.values()}
    rows = db.session.execute(
        select(Answer.field_id, Answer.registration_id, Answer.value)
        .where(Answer.field_id.in_(names))
        .order_by(Answer.id)
    )
    for field_id, person, value in rows:
        column = cells[names[field_id]]
        column[person] = f"{column[person]}{_BETWEEN}{value}" if person in column else value
    return cells


def _registration_row(registration: Registration, zone: str) -> dict[str, str | int | None]:
    return {
        **{name: getattr(registration, name) for name in _AS_STORED},
        "id": registration.public_id,
        "registered_at": _local(registration.registered_at, zone),
        "reserved_until": _local(registration.reserved_until, zone),
        "code": registration.code.text if registration.code else None,
    }


def _local(moment: datetime | None, zone: str) -> str | None:
    return to_local(moment, zone).isoformat(timespec="seconds") if moment else None


def _body(registration: Registration, day: date) -> Mapping[str, str | int | None]:
    """The administration as it was typed or matched; membership counts as of the event's day."""
    body = registration.organisation
    return {
        "organisation": body.name if body else registration.organisation_text,
        "administration": body.name if body else None,
        "network_member": None if body is None else int(body.is_member_on(day)),
    }


def write_json(stream: TextIO, rows: Iterator[Row]) -> int:
    """All rows as one JSON list for programs; returns how many."""
    whole = list(rows)
    json.dump(whole, stream, ensure_ascii=False, indent=1)
    return len(whole)


def outbox_rows() -> Iterator[Row]:
    """Every mail of the outbox in the order of writing, without its text.

    Those to subscribers of the network belong to no event.
    """
    found = db.session.execute(
        select(
            OutboxMail.id,
            Event.slug.label("event"),
            OutboxMail.recipient,
            OutboxMail.kind,
            OutboxMail.state,
            OutboxMail.tries,
            OutboxMail.message_id,
            OutboxMail.created_at,
            OutboxMail.sent_at,
            OutboxMail.answer,
            OutboxMail.mailing_id.label("mailing"),
        )
        .outerjoin(Event, OutboxMail.event_id == Event.id)
        .order_by(OutboxMail.id)
    )
    for row in found.mappings():
        moments = ("created_at", "sent_at")
        stamps = {name: row[name].isoformat() if row[name] else None for name in moments}
        yield {**row, **stamps}
