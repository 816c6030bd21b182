"""Importing lists of administrations: all rows or none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ikone_events.domain.directory.draft import AdministrationDraft, check_administration
from ikone_events.domain.directory.list_file import FAULTS_SHOWN, ListRow, at_line, read_list
from ikone_events.domain.operating.dataset_records import OrganisationRecord
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.directory.administrations import (
    differs,
    draft_of,
    fill_administration,
    new_administration,
)
from ikone_events.services.directory.rematching import rematch
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.directory.naming import lock_directory
from ikone_events.store.registering.administrations import all_administrations


@dataclass(slots=True)
class Imported:
    """What a list changed, and how many registrations were matched by it."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    matched: int = 0


@dataclass(slots=True)
class _Known:
    """The directory, indexed by what a list may identify an administration by."""

    by_key: dict[str, Organisation] = field(default_factory=dict)
    by_official_key: dict[str, Organisation] = field(default_factory=dict)
    by_name: dict[str, list[Organisation]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "_Known":
        known = cls()
        for organisation in all_administrations():
            known.by_key[organisation.key] = organisation
            known.by_name.setdefault(organisation.name.casefold(), []).append(organisation)
            if organisation.official_key:
                known.by_official_key.setdefault(organisation.official_key, organisation)
        return known

    def named(self, name: str) -> list[Organisation]:
        """The administrations of this name."""
        return self.by_name.get(name.casefold(), [])


def import_list(content: bytes, *, now: datetime) -> Imported:
    """Store a list of administrations. Raises UnfitInput with all faults and their lines."""
    rows = read_list(content)
    lock_directory()
    done = Imported()
    for organisation, draft in _plan(rows):
        if organisation is None:
            new_administration(draft, now=now)
            done.added.append(draft.name)
        elif fill_administration(organisation, draft, now=now):
            done.changed.append(draft.name)
        else:
            done.unchanged += 1
    db.session.flush()
    if done.added or done.changed:
        done.matched = rematch(now=now)
    return done


def check_list(content: bytes) -> Imported:
    """What a list would change; raises like import_list and writes nothing."""
    found = Imported()
    for organisation, draft in _plan(read_list(content)):
        if organisation is None:
            found.added.append(draft.name)
        elif differs(organisation, draft):
            found.changed.append(draft.name)
        else:
            found.unchanged += 1
    return found


def _plan(rows: list[ListRow]) -> list[tuple[Organisation | None, AdministrationDraft]]:
    """The administration of each row and its draft. Raises UnfitInput with all faults."""
    known = _Known.read()
    keys = {row.official_key for row in rows}
    faults: list[Complaint] = []
    drafts: list[tuple[Organisation | None, AdministrationDraft]] = []
    taken: dict[int, int] = {}
    for row in rows:
        try:
            organisation = _find(row, known, keys)
            drafts.append((organisation, _draft(row, organisation, taken)))
        except UnfitInput as refusal:
            faults.extend(at_line(row.line, complaint) for complaint in refusal.complaints)
    if faults:
        raise UnfitInput(faults[:FAULTS_SHOWN])
    return drafts


def _find(row: ListRow, known: _Known, keys: set[str]) -> Organisation | None:
    """By official key, then by name; None is a new one. Raises UnfitInput when ambiguous."""
    named = known.named(row.name)
    organisation = known.by_official_key.get(row.official_key)
    if organisation is not None:
        if named and organisation not in named:
            text = N_("The key is that of “%(name)s”, the name that of another public body.")
            raise UnfitInput(Complaint(text, {"name": organisation.name}))
        return organisation
    if row.official_key:
        # Places share names: one with another key of this list is another administration.
        named = [
            organisation for organisation in named if organisation.official_key not in keys - {""}
        ]
    if len(named) > 1:
        text = N_("Several public bodies are called “%(name)s”; please give the key.")
        raise UnfitInput(Complaint(text, {"name": row.name}))
    organisation = named[0] if named else None
    if organisation is not None and row.official_key and organisation.official_key:
        text = N_("“%(name)s” has the official key %(key)s in the directory.")
        raise UnfitInput(
            Complaint(text, {"name": organisation.name, "key": organisation.official_key})
        )
    return organisation


def _draft(
    row: ListRow, organisation: Organisation | None, taken: dict[int, int]
) -> AdministrationDraft:
    if organisation is None:
        return AdministrationDraft(**row.values)
    first = taken.setdefault(organisation.id, row.line)
    if first != row.line:
        text = N_("This is “%(name)s”, as line %(line)d is already.")
        raise UnfitInput(Complaint(text, {"name": organisation.name, "line": first}))
    draft = _merged(draft_of(organisation), row.values)
    check_administration(draft)
    return draft


def _merged(stored: AdministrationDraft, values: Mapping[str, Any]) -> AdministrationDraft:
    """The stored values updated by a row; aliases are added, never removed."""
    together = dict.fromkeys([*stored.aliases, *values.get("aliases", ())])
    merged = replace(stored, **{**values, "aliases": tuple(together)})
    if values.get("member") is False:
        return replace(merged, member_since=None, member_until=None)
    return merged


def store_organisations(
    records: Iterable[OrganisationRecord], *, now: datetime
) -> tuple[dict[str, Organisation], int]:
    """The organisations of a dataset by their id there, and how many are new.

    One that the directory has already, by official key or name, is updated.
    """
    lock_directory()
    known = _Known.read()
    stored: dict[str, Organisation] = {}
    added = 0
    for record in records:
        organisation = _stored_before(record, known, stored)
        if organisation is None:
            added += 1
            organisation = new_administration(record.draft, now=now)
            organisation.key = record.id
        else:
            together = dict.fromkeys([*organisation.aliases, *record.draft.aliases])
            fill_administration(
                organisation, replace(record.draft, aliases=tuple(together)), now=now
            )
        stored[record.id] = organisation
    db.session.flush()
    if stored:
        rematch(now=now)
    return stored, added


def _stored_before(
    record: OrganisationRecord, known: _Known, stored: Mapping[str, Organisation]
) -> Organisation | None:
    """The stored administration of a record; each one is used once per file."""
    draft = record.draft
    candidates = [known.by_key.get(record.id), known.by_official_key.get(draft.official_key)]
    candidates += [
        organisation for organisation in known.named(draft.name) if organisation.kind == draft.kind
    ]
    taken = set(stored.values())
    return next(
        (
            organisation
            for organisation in candidates
            if organisation is not None and organisation not in taken
        ),
        None,
    )
