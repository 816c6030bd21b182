"""Exports: registrations with their answers, and mails."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ikone_events.domain.registering.form_fields import FormName, roles_up_to
from ikone_events.domain.times import iso_local
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.queries import answered_at
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.waiting_list import ORDER, waiting
from ikone_events.store.rooms.attendance import attendances
from ikone_events.store.rooms.questions import live_questions

REGISTRATION_COLUMNS = (
    *("id", "email", "first_name", "last_name", "organisation", "status", "waitlist_position"),
    *("attendance", "registered_at", "salutation", "title", "position", "network_member"),
    *("question", "locale", "mode", "awaits", "reserved_until", "administration", "registered_by"),
    *("code", "note", "calendar_answer", "answered_at", "live_questions", "attended_minutes"),
)
_AS_STORED = (
    *("email", "first_name", "last_name", "status", "salutation", "title"),
    *("position", "question", "locale", "mode", "awaits", "registered_by", "note"),
)
OUTBOX_COLUMNS = (
    *("id", "event", "recipient", "kind", "state", "tries", "message_id", "created_at", "sent_at"),
    *("answer", "mailing"),
)
_OF_OTHERS = ("event", "mailing")
# Between several choices in one cell.
_BETWEEN = "; "


def registration_columns(event: Event, role: str) -> tuple[str, ...]:
    """The columns of one event's list: those of all events, then its own fields.

    Only fields whose answers `role` may see; retired ones included.
    """
    return (*REGISTRATION_COLUMNS, *(f"f_{field.key}" for field in seen_fields(event, role)))


def seen_fields(event: Event, role: str) -> list[FormField]:
    """The fields of registration, also retired ones, whose answers this role may see."""
    wanted = select(FormField).where(
        FormField.event_id == event.id,
        FormField.form == FormName.REGISTRATION.value,
        FormField.seen_by.in_(roles_up_to(role)),
    )
    return list(db.session.scalars(wanted.order_by(FormField.position, FormField.id)))


def registration_rows(
    event: Event, role: str, *, now: datetime, words: bool = True
) -> Iterator[Row]:
    """All registrations of an event by date, with the keys of `registration_columns`.

    Choices are in the present `words` of the form; without, in the values that never change.
    """
    found = db.session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id)
        .options(joinedload(Registration.organisation), joinedload(Registration.code))
        .order_by(Registration.registered_at, Registration.id)
    )
    positions, day = waiting_positions(event), event.day
    answers = _answers(seen_fields(event, role), words=words)
    moments, live = answered_at(event), live_questions(event)
    came = attendances(event, now)
    for registration in found:
        own = {name: cells.get(registration.id) for name, cells in answers.items()}
        yield {
            **_registration_row(registration, event.zone),
            **_administration(registration, day),
            "waitlist_position": positions.get(registration.id),
            "calendar_answer": registration.partstat.lower() or None,
            "answered_at": iso_local(moments.get(registration.id), event.zone),
            "live_questions": _BETWEEN.join(live.get(registration.id, ())) or None,
            "attendance": came[registration.id].attendance,
            "attended_minutes": came[registration.id].minutes,
            **own,
        }


def waiting_positions(event: Event) -> dict[int, int]:
    """The positions on the waiting list, from one, by registration id."""
    ids = db.session.scalars(select(Registration.id).where(waiting(event.id)).order_by(*ORDER))
    return {number: position for position, number in enumerate(ids, start=1)}


def _answers(fields: Sequence[FormField], *, words: bool) -> dict[str, dict[int, str]]:
    """By column name of a field: the answers by registration id."""
    names = {field.id: f"f_{field.key}" for field in fields}
    labels = {field.id: _labels(field) if words else {} for field in fields}
    cells: dict[str, dict[int, str]] = {name: {} for name in names.values()}
    rows = db.session.execute(
        select(Answer.field_id, Answer.registration_id, Answer.value)
        .where(Answer.field_id.in_(names))
        .order_by(Answer.id)
    )
    for field_id, person, stored in rows:
        column, value = cells[names[field_id]], labels[field_id].get(stored, stored)
        column[person] = f"{column[person]}{_BETWEEN}{value}" if person in column else value
    return cells


def _labels(field: FormField) -> dict[str, str]:
    """The label of each choice by its value."""
    return {choice.value: choice.label for choice in field.described().choices}


def _registration_row(registration: Registration, zone: str) -> dict[str, str | int | None]:
    return {
        **{name: getattr(registration, name) for name in _AS_STORED},
        "id": registration.public_id,
        "registered_at": iso_local(registration.registered_at, zone),
        "reserved_until": iso_local(registration.reserved_until, zone),
        "code": registration.code.text if registration.code else None,
    }


def _administration(registration: Registration, day: date) -> Mapping[str, str | int | None]:
    """The administration as typed or matched; membership counts on the event's day."""
    found = registration.organisation
    return {
        "organisation": registration.organisation_name,
        "administration": found.name if found else None,
        "network_member": None if found is None else int(found.is_member_on(day)),
    }


def write_json(stream: TextIO, rows: Iterator[Row]) -> int:
    """Write all rows as a JSON list; returns how many."""
    whole = list(rows)
    json.dump(whole, stream, ensure_ascii=False, indent=1)
    return len(whole)


def outbox_rows() -> Iterator[Row]:
    """All mails in the order of writing, without their text.

    Mails to subscribers of the network belong to no event.
    """
    stored = [getattr(OutboxMail, name) for name in OUTBOX_COLUMNS if name not in _OF_OTHERS]
    event, mailing = Event.slug.label("event"), OutboxMail.mailing_id.label("mailing")
    found = db.session.execute(
        select(*stored, event, mailing)
        .outerjoin(Event, OutboxMail.event_id == Event.id)
        .order_by(OutboxMail.id)
    )
    for row in found.mappings():
        moments = ("created_at", "sent_at")
        stamps = {name: row[name].isoformat() if row[name] else None for name in moments}
        yield {**row, **stamps}
