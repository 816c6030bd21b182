"""Lists that leave the house: registrations and letters as rows, and CSV that runs no formula."""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO

from sqlalchemy import select

from ikone_events.domain.registration import Status
from ikone_events.domain.times import to_local
from ikone_events.store.administrations import Organisation
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import OutboxMail
from ikone_events.store.registrations import Registration

Row = Mapping[str, str | int | None]

REGISTRATION_COLUMNS = (
    "id",
    "email",
    "first_name",
    "last_name",
    "organisation",
    "status",
    "waitlist_position",
    "attendance",
    "registered_at",
    "salutation",
    "title",
    "position",
    "network_member",
    "question",
    "locale",
)
OUTBOX_COLUMNS = (
    "id",
    "event",
    "recipient",
    "kind",
    "state",
    "tries",
    "message_id",
    "created_at",
    "sent_at",
    "answer",
    "mailing",
)

# What a spreadsheet takes for the start of a formula or of a cell's end (security guide, R26).
_DANGEROUS = frozenset("=+-@\t\r\n|%")
_BEFORE_IT = " '\"‘’“”„`\u00a0\u200b\ufeff"


def registration_rows(event: Event) -> Iterator[Row]:
    """Every registration of an event, the earliest first."""
    found = db.session.execute(
        select(Registration, Organisation)
        .outerjoin(Organisation, Registration.organisation_id == Organisation.id)
        .where(Registration.event_id == event.id)
        .order_by(Registration.registered_at, Registration.id)
    )
    positions = waiting_positions(event)
    for registration, organisation in found:
        yield _registration_row(registration, organisation, positions, event.zone)


def waiting_positions(event: Event) -> dict[int, int]:
    """The place in the line of everybody who waits, by row number, from one."""
    line = db.session.scalars(
        select(Registration.id)
        .where(Registration.event_id == event.id, Registration.status == Status.WAITLISTED.value)
        .order_by(Registration.id)
    )
    return {row: place for place, row in enumerate(line, start=1)}


def _registration_row(
    registration: Registration,
    organisation: Organisation | None,
    positions: Mapping[int, int],
    zone: str,
) -> Row:
    return {
        "id": registration.public_id,
        "email": registration.email,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "organisation": organisation.name if organisation else registration.organisation_text,
        "status": registration.status,
        "waitlist_position": positions.get(registration.id),
        "attendance": registration.attendance,
        "registered_at": to_local(registration.registered_at, zone).isoformat(timespec="seconds"),
        "salutation": registration.salutation,
        "title": registration.title,
        "position": registration.position,
        "network_member": None if organisation is None else int(organisation.member),
        "question": registration.question,
        "locale": registration.locale,
    }


def outbox_rows() -> Iterator[Row]:
    """Every letter of the outbox in the order of writing, without its text.

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


def write_csv(
    stream: TextIO, columns: Iterable[str], rows: Iterable[Row], *, excel: bool = False
) -> int:
    """Write rows under their columns; returns how many.

    `excel` writes what a German Excel opens by a double click: a byte order mark and semicolons.
    Without it the file is plain CSV for programs.
    """
    if excel:
        stream.write("\ufeff")
    names = list(columns)
    writer = csv.writer(stream, delimiter=";" if excel else ",", lineterminator="\r\n")
    writer.writerow(names)
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 - the count is the answer
        writer.writerow([safe_cell(row[name]) for name in names])
    return number


def safe_cell(value: str | int | None) -> str:
    """A cell that a spreadsheet shows and never runs: what looks like a formula gets a `'`."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = value.replace("\0", "")
    core = text.lstrip(_BEFORE_IT)
    folded = unicodedata.normalize("NFKC", core[:1]) or " "
    return f"'{text}" if folded[0] in _DANGEROUS or folded[0] == "\u2212" else text
