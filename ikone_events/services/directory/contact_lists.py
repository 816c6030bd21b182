"""Importing contacts from a file: checked and shown first, stored for a day, entered at once.

The file is read like a list of people for an event; source and legal basis hold for all of it.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ikone_events.domain.address import email_key
from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.directory.contact import ContactDraft, check_contact, check_origin
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.registering.list_columns import Columns, recognise
from ikone_events.services.directory.contacts import draft_of, fill_contact
from ikone_events.services.registering.lists.people_import import drop_list, keep_list
from ikone_events.services.registering.lists.people_rows import (
    Refused,
    cell_at,
    read_complaints,
    read_row,
    stored_complaints,
)
from ikone_events.services.registering.lists.table_reading import read_table
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact, Organisation
from ikone_events.store.directory.naming import find_by_keys, lock_directory
from ikone_events.store.mails.objections import hashes_of, objected_among
from ikone_events.store.registering.models import ImportList

_NEEDED = ("email",)
_NOTE = {"note": ("notiz", "notizen", "bemerkung", "bemerkungen", "note", "notes", "remark")}
# Columns of our own export that are asked for anew, or follow from the import.
_OF_EXPORT = frozenset({"source", "legal_basis", "entered_by", "entered_at", "checked_at"})
# What a row may say about a contact that is known; an empty cell leaves what is stored.
_UPDATED = (
    *("salutation", "title", "first_name", "last_name", "position", "organisation", "locale"),
    "note",
)


class RowResult(StrEnum):
    """What an import does with a row."""

    NEW = "new"
    CHANGED = "changed"
    KNOWN = "known"
    REPEATED = "repeated"
    OBJECTED = "objected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A valid row of a list; `name` is how the report calls the person."""

    line: int
    name: str
    draft: ContactDraft


@dataclass(frozen=True, slots=True)
class ContactList:
    """The checked rows of a file, and what of it was left out."""

    rows: list[ListedContact] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    remarks: list[Complaint] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedRow:
    """One row of a list and its result; `draft` is the contact as it will be stored.

    `first_line` is where a repeated address stands first; `body` is the administration that fits.
    """

    line: int
    name: str
    result: RowResult
    draft: ContactDraft | None = None
    complaints: tuple[Complaint, ...] = ()
    first_line: int = 0
    body: Organisation | None = None


@dataclass(frozen=True, slots=True)
class ContactListReport:
    """What importing a list would do now, row by row in the order of the file."""

    rows: Sequence[ReportedRow]
    left_out: Sequence[str]
    remarks: Sequence[Complaint]

    def count(self, *results: RowResult) -> int:
        """How many rows have one of these results."""
        return sum(row.result in results for row in self.rows)


def read_contacts(content: bytes, *, source: str, legal_basis: str) -> ContactList:
    """Check a file; raises UploadRefused, and UnfitInput about source and legal basis."""
    check_origin(source, legal_basis)
    table = read_table(content)
    columns = recognise(table.headings, needed=_NEEDED, more=_NOTE)
    left_out = [heading for heading in columns.left_out if heading not in _OF_EXPORT]
    found = ContactList(left_out=left_out, remarks=list(table.remarks))
    for line, cells in table.rows:
        row = _read(line, cells, columns, source=source, legal_basis=legal_basis)
        if isinstance(row, Refused):
            found.refused.append(row)
        else:
            found.rows.append(row)
    return found


def _read(
    line: int, cells: Sequence[str], columns: Columns, *, source: str, legal_basis: str
) -> ListedContact | Refused:
    row = read_row(line, cells, columns, needed=_NEEDED)
    if isinstance(row, Refused):
        return row
    typed = {name: cell_at(cells, place) for name, place in columns.places.items()}
    texts = {name: getattr(row.applicant, name) for name in ("email", *_UPDATED[:-2])}
    locale = row.applicant.locale if typed.get("locale") else ""
    draft = ContactDraft(
        **texts, locale=locale, note=typed.get("note", ""), source=source, legal_basis=legal_basis
    )
    try:
        check_contact(draft)
    except UnfitInput as refusal:
        return Refused(line, row.name, refusal.complaints)
    return ListedContact(line, row.name, draft)


def keep_contacts(
    found: ContactList, organiser: Organiser, *, file_name: str, now: datetime
) -> ImportList:
    """Store checked rows for a day; nobody is a contact yet."""
    return keep_list(None, organiser, _packed(found), file_name=file_name, now=now)


def _packed(found: ContactList) -> str:
    data = {
        "rows": [[row.line, row.name, asdict(row.draft)] for row in found.rows],
        "refused": [[r.line, r.name, stored_complaints(r.complaints)] for r in found.refused],
        "left_out": found.left_out,
        "remarks": stored_complaints(found.remarks),
    }
    return json.dumps(data, ensure_ascii=False)


def _unpacked(rows: str) -> ContactList:
    data = json.loads(rows)
    return ContactList(
        [ListedContact(line, name, ContactDraft(**draft)) for line, name, draft in data["rows"]],
        [Refused(line, name, read_complaints(why)) for line, name, why in data["refused"]],
        data["left_out"],
        list(read_complaints(data["remarks"])),
    )


def report_on(stored: ImportList) -> ContactListReport:
    """What importing a stored list would do now; only reads."""
    found = _unpacked(stored.rows)
    return _report(found, _known_among(found))


def enter_list(stored: ImportList, *, actor: str, now: datetime) -> ContactListReport:
    """Enter the contacts of a list, all in this transaction, and delete it."""
    lock_directory()
    found = _unpacked(stored.rows)
    known = _known_among(found)
    report = _report(found, known)
    hashes = hashes_of(email_key(row.draft.email) for row in found.rows)
    for row in report.rows:
        if row.draft is None:
            continue
        key = email_key(row.draft.email)
        if row.result is RowResult.KNOWN:
            known[key].checked_at = now
        elif row.result in (RowResult.NEW, RowResult.CHANGED):
            contact = known.get(key) or Contact(edit_version=0, entered_by=actor, created_at=now)
            fill_contact(contact, row.draft, row.body, hashes[key], now=now)
            db.session.add(contact)
    db.session.flush()
    drop_list(stored)
    return report


def _known_among(found: ContactList) -> dict[str, Contact]:
    keys = {email_key(row.draft.email) for row in found.rows}
    wanted = select(Contact).where(Contact.email_key.in_(keys))
    contacts = db.session.scalars(wanted.options(joinedload(Contact.organisation)))
    return {contact.email_key: contact for contact in contacts}


def _report(found: ContactList, known: Mapping[str, Contact]) -> ContactListReport:
    refused = (
        ReportedRow(line=r.line, name=r.name, result=RowResult.REFUSED, complaints=r.complaints)
        for r in found.refused
    )
    objected = objected_among(email_key(row.draft.email) for row in found.rows)
    rows = sorted([*_fit(found, known, objected), *refused], key=lambda row: row.line)
    return ContactListReport(rows, found.left_out, found.remarks)


def _fit(
    found: ContactList, known: Mapping[str, Contact], objected: Collection[str]
) -> Iterator[ReportedRow]:
    lines: dict[str, int] = {}
    bodies = find_by_keys({key_of(row.draft.organisation) for row in found.rows})
    for row in found.rows:
        key = email_key(row.draft.email)
        first = lines.setdefault(key, row.line)
        body, contact = bodies.get(key_of(row.draft.organisation)), known.get(key)
        draft = replace(row.draft, locale=row.draft.locale or "de")
        if first != row.line:
            result = RowResult.REPEATED
        elif key in objected:
            result = RowResult.OBJECTED
        elif contact is None:
            result = RowResult.NEW
        else:
            draft = _merged(contact, row.draft, body)
            result = RowResult.KNOWN if _is_same(contact, draft) else RowResult.CHANGED
            body = body or (None if row.draft.organisation else contact.organisation)
        yield ReportedRow(
            line=row.line, name=row.name, result=result, draft=draft, first_line=first, body=body
        )


def _merged(contact: Contact, typed: ContactDraft, body: Organisation | None) -> ContactDraft:
    """The stored contact updated by a row; another name of its administration changes nothing."""
    values = {name: value for name in _UPDATED if (value := getattr(typed, name))}
    if body is not None and body.id == contact.organisation_id:
        values.pop("organisation", None)
    origin = {"source": typed.source, "legal_basis": typed.legal_basis}
    return replace(draft_of(contact), **values, **origin)


def _is_same(contact: Contact, draft: ContactDraft) -> bool:
    """Whether a row says nothing new; where the address comes from is then left as it is."""
    return all(getattr(draft, name) == getattr(draft_of(contact), name) for name in _UPDATED)
