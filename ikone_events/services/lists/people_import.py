"""Lists of people from a file: checked whole and shown, then stored in one go or not at all."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from ikone_events.domain.address import email_key
from ikone_events.domain.people_columns import Columns, recognise
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    Refusal,
    SomebodyWasFaster,
    UnfitInput,
    UploadRefused,
)
from ikone_events.domain.registration import ACTIVE, Status
from ikone_events.domain.seating import admit_by_hand, not_addable_because
from ikone_events.domain.standings import Action
from ikone_events.domain.uploads import display_name
from ikone_events.services.lists.people_rows import ReadRow, read_row
from ikone_events.services.lists.table_reading import read_table
from ikone_events.services.registering.answers import asked_fields, places_taken
from ikone_events.services.registering.registrations import Applicant, add_person, new_registration
from ikone_events.services.registering.seating import candidate_of, is_member
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.events import Event, new_public_id
from ikone_events.store.imports import ImportList
from ikone_events.store.line import NOBODYS, party_of, seated_by_party
from ikone_events.store.people import Organiser
from ikone_events.store.queries import hold_event
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import get_sitting

KEPT = timedelta(days=1)
_KNOWN = N_("Somebody is registered for this event with this address.")


@dataclass(frozen=True, slots=True)
class Coming:
    """One who will come in, and where they would stand as of now."""

    line: int
    name: str
    applicant: Applicant
    status: Status


@dataclass(frozen=True, slots=True)
class Refused:
    """One who can't come in, and why."""

    line: int
    name: str
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A checked list as things stand: who comes in and how, who does not, what is left out."""

    coming: tuple[Coming, ...]
    refused: tuple[Refused, ...]
    left_out: tuple[str, ...]

    def count(self, *statuses: Status) -> int:
        """How many will come in with one of these standings."""
        return sum(row.status in statuses for row in self.coming)

    @property
    def outcome(self) -> str:
        """Who would stand where, in short: whoever presses the button has seen just this."""
        whole = ",".join(f"{row.line}:{row.status.value}" for row in self.coming)
        return hashlib.sha256(whole.encode()).hexdigest()[:32]


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
    people = [
        {
            "line": row.line,
            "name": row.name,
            "applicant": _plain(row.applicant) if row.applicant else None,
            "complaints": [[c.text, dict(c.values), c.about] for c in row.complaints],
        }
        for row in rows
    ]
    return json.dumps({"people": people, "left_out": columns.left_out}, ensure_ascii=False)


def _plain(applicant: Applicant) -> dict[str, Any]:
    answers = {key: list(values) for key, values in applicant.answers.items()}
    return asdict(replace(applicant, answers={})) | {"answers": answers}


def get_list(event: Event, organiser: Organiser, public_id: str, *, now: datetime) -> ImportList:
    """A list that this very person handed in for this event, at most a day old; raises NotFound."""
    found = db.session.scalar(
        select(ImportList).where(
            ImportList.event_id == event.id,
            ImportList.organiser_id == organiser.id,
            ImportList.public_id == public_id,
            ImportList.created_at > now - KEPT,
        )
    )
    if found is None:
        raise NotFound(Complaint(N_("This list is no longer there. Please hand it in again.")))
    return found


def report_on(event: Event, stored: ImportList, *, now: datetime) -> Report:
    """What would become of everybody on the list if it were stored now; only reads."""
    data = json.loads(stored.rows)
    refused = [
        Refused(row["line"], row["name"], tuple(Complaint(*c) for c in row["complaints"]))
        for row in data["people"]
        if row["applicant"] is None
    ]
    known = _known_addresses(event)
    fit: list[tuple[int, str, Applicant]] = []
    for row in data["people"]:
        if row["applicant"] is None:
            continue
        applicant = Applicant(**row["applicant"])
        if email_key(applicant.email) in known:
            complaint = Complaint(_KNOWN, about="email")
            refused.append(Refused(row["line"], row["name"], (complaint,)))
        else:
            fit.append((row["line"], row["name"], applicant))
    coming, turned_away = _placed(event, fit, now=now)
    refused = sorted([*refused, *turned_away], key=lambda row: row.line)
    return Report(tuple(coming), tuple(refused), tuple(data["left_out"]))


def _known_addresses(event: Event) -> set[str]:
    active = [status.value for status in ACTIVE]
    wanted = select(Registration.email_key).where(
        Registration.event_id == event.id, Registration.status.in_(active)
    )
    return set(db.session.scalars(wanted))


def _placed(
    event: Event, people: Sequence[tuple[int, str, Applicant]], *, now: datetime
) -> tuple[list[Coming], list[Refused]]:
    """Where each would stand, one after the other, by the rules that add_person goes by."""
    sitting = get_sitting(event, now)
    if closed := not_addable_because(sitting):
        return [], [Refused(line, name, (closed,)) for line, name, _applicant in people]
    colleagues, choices = seated_by_party(event), _Choices(event)
    coming: list[Coming] = []
    refused: list[Refused] = []
    with db.session.no_autoflush:
        for line, name, applicant in people:
            person = new_registration(event, applicant, now=now)
            party = party_of(person)
            candidate = candidate_of(
                event, person, sitting, colleagues=colleagues[party], action=Action.ADD
            )
            if sitting.members_first:
                candidate = replace(candidate, member=is_member(event, person))
            try:
                choices.claim(applicant)
                place = admit_by_hand(sitting, candidate)
            except Refusal as refusal:
                refused.append(Refused(line, name, refusal.complaints))
                continue
            if place.status is not Status.WAITLISTED:
                sitting = sitting.taking(candidate.mode)
                colleagues[party] += party != NOBODYS
            coming.append(Coming(line, name, applicant, place.status))
    return coming, refused


class _Choices:
    """How many places of each choice the people of a list take, one after the other."""

    def __init__(self, event: Event) -> None:
        self._fields = {own.key: own for own in asked_fields(event)}
        self._taken = Counter(places_taken(event))

    def claim(self, applicant: Applicant) -> None:
        """Count a person's choices; raises UnfitInput about the first that has no place left."""
        wanted = [(key, value) for key, values in applicant.answers.items() for value in values]
        for key, value in wanted:
            choice = self._fields[key].choice(value) if key in self._fields else None
            if choice is None or choice.places is None:
                continue
            if self._taken[key, value] >= choice.places:
                text = N_("“%(choice)s” has no places left.")
                raise UnfitInput(Complaint(text, {"choice": choice.label}, f"f_{key}"))
        self._taken.update(wanted)


def import_people(
    slug: str, stored: ImportList, *, seen: str, actor: str, now: datetime
) -> list[Registration]:
    """Register everybody on a list who can come in, each with their letter, or nobody at all.

    `seen` is the outcome that the organiser agreed to. Raises SomebodyWasFaster when it would be
    another one by now, UploadRefused naming the line of the first who was turned away.
    """
    event = hold_event(slug)
    if db.session.get(ImportList, stored.id, populate_existing=True) is None:
        raise SomebodyWasFaster(Complaint(N_("This list has been stored already.")))
    report = report_on(event, stored, now=now)
    if report.outcome != seen:
        text = N_("Meanwhile something has changed at this event. Nothing was stored.")
        raise SomebodyWasFaster(Complaint(text))
    added = [_add(slug, row, actor=actor, now=now) for row in report.coming]
    db.session.execute(delete(ImportList).where(ImportList.id == stored.id))
    return added


def _add(slug: str, row: Coming, *, actor: str, now: datetime) -> Registration:
    try:
        return add_person(slug, row.applicant, actor=actor, now=now)
    except Refusal as refusal:
        text = N_("Line %(line)d, %(name)s: nothing of the list was stored.")
        values = {"line": row.line, "name": row.name}
        raise UploadRefused([Complaint(text, values, "file"), *refusal.complaints]) from refusal


def drop_list(stored: ImportList) -> None:
    """Forget a list that nobody wants any more."""
    db.session.execute(delete(ImportList).where(ImportList.id == stored.id))


def tidy(now: datetime) -> None:
    """Forget lists that were handed in more than a day ago: they are full of names."""
    if rows_written(delete(ImportList).where(ImportList.created_at <= now - KEPT)):
        ask_for_erasure()
