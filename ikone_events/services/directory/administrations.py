"""Adding, editing and deleting administrations; unmatched texts are matched at once."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.directory.administrations import Name, NameSource, key_of, names_of
from ikone_events.domain.directory.draft import AdministrationDraft, check_administration
from ikone_events.domain.refusals import N_, Complaint, NotFound, StaleForm, UnfitInput
from ikone_events.services.directory.rematching import rematch
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.directory.naming import lock_directory
from ikone_events.store.events.models import new_public_id
from ikone_events.store.registering.models import Registration

_COLUMNS = tuple(field.name for field in fields(AdministrationDraft) if field.name != "aliases")


def get_administration(number: int) -> Organisation:
    """An administration by id; raises NotFound."""
    found = db.session.get(Organisation, number)
    if found is None:
        raise NotFound(Complaint(N_("There is no such public body.")))
    return found


def draft_of(organisation: Organisation) -> AdministrationDraft:
    """A stored administration as a draft."""
    columns = {name: getattr(organisation, name) for name in _COLUMNS}
    return AdministrationDraft(**columns, aliases=tuple(organisation.aliases))


def add_administration(draft: AdministrationDraft, *, now: datetime) -> Organisation:
    """Store a new administration. Raises UnfitInput."""
    lock_directory()
    check_administration(draft)
    _refuse_namesakes(draft, None)
    organisation = new_administration(draft, now=now)
    db.session.flush()
    rematch(now=now)
    return organisation


def new_administration(draft: AdministrationDraft, *, now: datetime) -> Organisation:
    """An administration from a checked draft, added to the session."""
    organisation = Organisation(key=new_public_id(), edit_version=0, names=[])
    db.session.add(organisation)
    fill_administration(organisation, draft, now=now)
    return organisation


def fill_administration(
    organisation: Organisation, draft: AdministrationDraft, *, now: datetime
) -> bool:
    """Write a checked draft into an administration; returns whether anything differed."""
    changed = False
    for name in _COLUMNS:
        value = getattr(draft, name)
        if organisation.edit_version == 0 or getattr(organisation, name) != value:
            setattr(organisation, name, value)
            changed = True
    if keep_names(organisation, draft.aliases) or changed:
        organisation.edit_version += 1
        organisation.changed_at = now
        return True
    return False


def keep_names(organisation: Organisation, aliases: Iterable[str] | None = None) -> bool:
    """Write the names that follow from an administration's columns; None keeps its aliases.

    Only rows that differ are written. Returns whether there were any.
    """
    texts = organisation.aliases if aliases is None else aliases
    wanted = {
        name.key: name
        for name in names_of(organisation.name, organisation.short_name, organisation.kind, texts)
    }
    kept = {
        row.key
        for row in organisation.names
        if row.key in wanted and (row.text, row.source) == _face(wanted[row.key])
    }
    gone = [row for row in organisation.names if row.key not in kept]
    new = [name for key, name in wanted.items() if key not in kept]
    for row in gone:
        organisation.names.remove(row)
    for name in new:
        organisation.names.append(
            OrganisationName(text=name.text, key=name.key, source=name.source.value)
        )
    return bool(gone or new)


def _face(name: Name) -> tuple[str, str]:
    return name.text, name.source.value


def differs(organisation: Organisation, draft: AdministrationDraft) -> bool:
    """Whether a checked draft would change an administration."""
    names = names_of(draft.name, draft.short_name, draft.kind, draft.aliases)
    aliases = dict.fromkeys(name.text for name in names if name.source is NameSource.ALIAS)
    return replace(draft, aliases=tuple(aliases)) != draft_of(organisation)


def edit_administration(
    number: int, draft: AdministrationDraft, *, edit_version: int, now: datetime
) -> Organisation:
    """Change an administration.

    Raises NotFound, UnfitInput, and StaleForm when somebody saved in between.
    """
    lock_directory()
    organisation = get_administration(number)
    if organisation.edit_version != edit_version:
        raise StaleForm(Complaint(N_("Somebody has changed this public body meanwhile.")))
    check_administration(draft)
    _refuse_namesakes(draft, organisation)
    if fill_administration(organisation, draft, now=now):
        db.session.flush()
        rematch(now=now)
    return organisation


def count_references(organisation: Organisation) -> int:
    """How many registrations refer to an administration."""
    wanted = select(func.count()).where(Registration.organisation_id == organisation.id)
    return db.session.scalar(wanted) or 0


def delete_administration(number: int) -> Organisation:
    """Delete an administration; raises UnfitInput while registrations refer to it.

    Names it shared may be unique now: the next change of the directory matches them.
    """
    lock_directory()
    organisation = get_administration(number)
    if count_references(organisation):
        raise _needed()
    db.session.delete(organisation)
    try:
        db.session.flush()
    except IntegrityError as fault:  # somebody registered for it meanwhile
        raise _needed() from fault
    return organisation


def _needed() -> UnfitInput:
    text = N_("Registrations belong to this public body. It stays, so that the figures are right.")
    return UnfitInput(Complaint(text))


def _refuse_namesakes(draft: AdministrationDraft, own: Organisation | None) -> None:
    if found := tuple(_taken(draft, own)):
        raise UnfitInput(found)


def _taken(draft: AdministrationDraft, own: Organisation | None) -> Iterator[Complaint]:
    """Complaints about a name, key or alias of another administration."""
    number = 0 if own is None else own.id
    others = select(Organisation).where(Organisation.id != number)
    same_name = others.where(func.lower(Organisation.name) == draft.name.lower())
    if draft.official_key:  # places share names; their keys distinguish them
        same_name = same_name.where(Organisation.official_key == "")
    if db.session.scalar(same_name.limit(1)) is not None:
        yield Complaint(N_("There is another public body of this name."), {}, "name")
    if draft.official_key:
        same_key = others.where(Organisation.official_key == draft.official_key)
        if other := db.session.scalar(same_key.limit(1)):
            text = N_("This is the official key of “%(name)s”.")
            yield Complaint(text, {"name": other.name}, "official_key")
    for alias in draft.aliases:
        if other := find_owner(key_of(alias), besides=number):
            text = N_("“%(alias)s” is a name of “%(name)s” too; nobody would be found by it.")
            yield Complaint(text, {"alias": alias, "name": other.name}, "aliases")


def find_owner(key: str, *, besides: int) -> Organisation | None:
    """Another administration with this name key; parts of double names don't count."""
    return db.session.scalar(
        select(Organisation)
        .join(OrganisationName, OrganisationName.organisation_id == Organisation.id)
        .where(
            OrganisationName.key == key,
            OrganisationName.source != NameSource.PART.value,
            Organisation.id != besides,
        )
        .limit(1)
    )
