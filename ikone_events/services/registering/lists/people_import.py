"""Lists of people from a file: checked whole and kept for a day, then entered in portions."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from ikone_events.domain.address import email_key
from ikone_events.domain.followup.uploads import display_name
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    Refusal,
    RegistrationClosed,
    UnfitInput,
)
from ikone_events.domain.registering.list_columns import Columns, recognise
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.lists.kept_rows import (
    Refused,
    Through,
    WaitingRow,
    count_waiting,
    pack,
    read_through,
    read_waiting,
    without_first,
)
from ikone_events.services.registering.lists.people_rows import ReadRow, read_row
from ikone_events.services.registering.lists.table_reading import read_table
from ikone_events.services.registering.registrations import add_person
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.imports import ImportList

KEPT = timedelta(days=1)
# As many people as hold everybody else up for a moment that nobody minds.
PORTION = 20


def read_people(event: Event, content: bytes) -> str:
    """Check a file whole; returns its rows as they are kept. Raises UploadRefused. Writes nothing.

    This takes a second for long lists, so it is done before anything is locked.
    """
    table, fields = read_table(content), asked_fields(event)
    columns = recognise(table.headings, fields)
    rows = (read_row(line, cells, columns, fields) for line, cells in table.rows)
    return _packed(_without_repeats(rows), columns)


def keep_list(
    event: Event, organiser: Organiser, rows: str, *, file_name: str, now: datetime
) -> ImportList:
    """Keep checked rows for a day. Nobody is registered by it; the report says who could be."""
    stored = ImportList(
        public_id=new_public_id(),
        event_id=event.id,
        organiser_id=organiser.id,
        file_name=display_name(file_name)[:200],
        rows=rows,
        created_at=now,
    )
    db.session.add(stored)
    return stored


def _without_repeats(rows: Iterable[ReadRow]) -> Iterator[ReadRow]:
    """Whoever stands in the file a second time comes in once."""
    lines: dict[str, int] = {}
    for row in rows:
        key = email_key(row.applicant.email) if row.applicant else ""
        if key and key in lines:
            text = N_("This address stands in the file already, in line %(line)d.")
            yield replace(
                row, applicant=None, complaints=(Complaint(text, {"line": lines[key]}, "email"),)
            )
            continue
        if key:
            lines[key] = row.line
        yield row


def _packed(rows: Iterable[ReadRow], columns: Columns) -> str:
    through, people = Through(left_out=list(columns.left_out)), list[WaitingRow]()
    for row in rows:
        if row.applicant is None:
            through.refused.append(Refused(row.line, row.name, row.complaints))
        else:
            people.append(WaitingRow(row.line, row.name, row.applicant))
    return pack(through, people)


def get_list(event: Event, organiser: Organiser, public_id: str, *, now: datetime) -> ImportList:
    """A list that this very person handed in for this event, at most a day old; raises NotFound."""
    found = db.session.scalar(
        select(ImportList).where(
            ImportList.event_id == event.id,
            ImportList.organiser_id == organiser.id,
            ImportList.public_id == public_id,
            ImportList.created_at > now - KEPT,
        ),
        execution_options={"populate_existing": True},
    )
    if found is None:
        raise NotFound(Complaint(N_("This list is no longer there. Please hand it in again.")))
    return found


def enter_portion(
    slug: str, public_id: str, organiser: Organiser, *, actor: str, now: datetime
) -> bool:
    """Register the next few of a list, each with their mail; whether anybody waits behind them.

    They leave the list along with it, so whatever breaks off the work nobody comes in twice and
    nobody is lost. Who is turned away meanwhile has the reason in the list. Raises NotFound.
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
        through.refused.append(_refused(person, refusal))
    else:
        through.entered.append((person.line, added.public_id))


def _refused(person: WaitingRow, refusal: Refusal) -> Refused:
    return Refused(person.line, person.name, refusal.complaints, person.applicant.email)


def drop_list(stored: ImportList) -> None:
    """Forget a list that nobody wants any more."""
    db.session.execute(delete(ImportList).where(ImportList.id == stored.id))


def tidy(now: datetime) -> None:
    """Forget lists that were handed in more than a day ago: they are full of names."""
    if rows_written(delete(ImportList).where(ImportList.created_at <= now - KEPT)):
        ask_for_erasure()
