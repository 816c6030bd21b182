"""Importing people from a file: checked as a whole, stored for a day, entered in portions."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from ikone_events.domain.address import email_key
from ikone_events.domain.followup.uploads import display_name
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    RegistrationClosed,
    UnfitInput,
    UploadRefused,
)
from ikone_events.domain.registering.list_columns import recognise
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.lists.people_rows import (
    ReadRow,
    Refused,
    Through,
    WaitingRow,
    count_waiting,
    pack,
    read_row,
    read_through,
    read_waiting,
    without_first,
)
from ikone_events.services.registering.lists.table_reading import read_table
from ikone_events.services.registering.registrations import add_person
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import ImportList

KEPT = timedelta(days=1)
# People per transaction: the event is locked only briefly.
PORTION = 20


def read_people(event: Event, content: bytes) -> str:
    """Check a file and return its rows in the stored form. Raises UploadRefused. Writes nothing.

    Takes a second for long lists: call it before anything is locked.
    """
    table, fields = read_table(content), asked_fields(event)
    try:
        columns = recognise(table.headings, fields)
    except UploadRefused as refusal:  # perhaps the missing column is hidden
        raise UploadRefused([*refusal.complaints, *table.remarks]) from refusal
    rows = (read_row(line, cells, columns, fields) for line, cells in table.rows)
    through = Through(left_out=list(columns.left_out), remarks=list(table.remarks))
    return _packed(_without_repeats(rows), through)


def keep_list(
    event: Event | None, organiser: Organiser, rows: str, *, file_name: str, now: datetime
) -> ImportList:
    """Store checked rows for a day; nobody is registered yet. Without an event: contacts."""
    stored = ImportList(
        public_id=new_public_id(),
        event_id=event.id if event else None,
        organiser_id=organiser.id,
        file_name=display_name(file_name)[:200],
        rows=rows,
        created_at=now,
    )
    db.session.add(stored)
    return stored


def _without_repeats(rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """Refuse repetitions of an address."""
    lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, WaitingRow):
            first = lines.setdefault(email_key(row.applicant.email), row.line)
            if first != row.line:
                text = N_("This address stands in the file already, in line %(line)d.")
                yield Refused(row.line, row.name, (Complaint(text, {"line": first}, "email"),))
                continue
        yield row


def _packed(rows: Iterable[ReadRow], through: Through) -> str:
    people = list[WaitingRow]()
    for row in rows:
        if isinstance(row, Refused):
            through.refused.append(row)
        else:
            people.append(row)
    return pack(through, people)


def get_list(
    event: Event | None, organiser: Organiser, public_id: str, *, now: datetime
) -> ImportList:
    """A list that this organiser uploaded for this event, or of contacts, within a day.

    Raises NotFound.
    """
    found = db.session.scalar(
        select(ImportList).where(
            ImportList.event_id == (event.id if event else None),
            ImportList.organiser_id == organiser.id,
            ImportList.public_id == public_id,
            ImportList.created_at > now - KEPT,
        ),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise NotFound(Complaint(N_("This list is no longer there. Please upload it again.")))
    return found


def enter_portion(
    slug: str, public_id: str, organiser: Organiser, *, actor: str, now: datetime
) -> bool:
    """Register the next people of a list, each with a mail; returns whether more wait.

    They leave the list in the same transaction, so an interruption neither repeats nor loses
    anybody. Refused people get their reason in the list. Raises NotFound.
    """
    event = lock_event(slug)
    stored = get_list(event, organiser, public_id, now=now)
    through = read_through(stored.rows)
    people = read_waiting(stored.rows, PORTION)
    through.begun = True
    for person in people:
        _enter(slug, person, through, actor=actor, now=now)
    stored.rows = without_first(stored.rows, len(people), through)
    return count_waiting(stored.rows) > 0


def _enter(slug: str, person: WaitingRow, through: Through, *, actor: str, now: datetime) -> None:
    try:
        with db.session.begin_nested():
            added = add_person(slug, person.applicant, actor=actor, now=now)
    except (RegistrationClosed, UnfitInput) as refusal:
        email = person.applicant.email
        through.refused.append(Refused(person.line, person.name, refusal.complaints, email))
    else:
        through.entered.append((person.line, added.public_id))


def drop_list(stored: ImportList) -> None:
    """Delete a list."""
    db.session.execute(delete(ImportList).where(ImportList.id == stored.id))


def delete_expired(now: datetime) -> None:
    """Delete lists that are older than a day: they hold personal data."""
    rows_written(delete(ImportList).where(due_to_delete(now)))


def due_to_delete(now: datetime) -> ColumnElement[bool]:
    """The lists that the clock deletes."""
    return ImportList.created_at <= now - KEPT
