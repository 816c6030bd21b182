"""Contacts of the office: add, edit, check, remove, export."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.address import email_key
from ikone_events.domain.directory.contact import ContactDraft, check_contact
from ikone_events.domain.refusals import N_, Complaint, NotFound, StaleForm, UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.subscribers import delete_readers
from ikone_events.services.mails.unsubscribing import object_to_announcements
from ikone_events.store.db import db, for_update
from ikone_events.store.directory.contacts import all_contacts
from ikone_events.store.directory.models import Contact, Organisation
from ikone_events.store.directory.naming import find_by_name, lock_directory
from ikone_events.store.mails.objections import hash_of, objected_among
from ikone_events.store.operating.forgotten import note_forgotten

HAS_OBJECTED = N_("This person wants no announcements. Only they themselves can subscribe again.")
CONTACT_COLUMNS = (
    *("salutation", "title", "first_name", "last_name", "position", "organisation", "email"),
    *("locale", "note", "source", "legal_basis", "entered_by", "entered_at", "checked_at"),
)
_AS_STORED = (
    *("salutation", "title", "first_name", "last_name", "position", "email", "locale"),
    *("note", "source", "legal_basis"),
)


def get_contact(public_id: str) -> Contact:
    """A contact by its public id, locked in a transaction; raises NotFound."""
    wanted = select(Contact).where(Contact.public_id == public_id)
    found = db.session.scalar(for_update(wanted, Contact))
    if found is None:
        raise NotFound(Complaint(N_("There is no such contact person.")))
    return found


def draft_of(contact: Contact) -> ContactDraft:
    """A stored contact as a draft."""
    columns = {name: getattr(contact, name) for name in _AS_STORED}
    return ContactDraft(**columns, organisation=contact.organisation_name)


def add_contact(draft: ContactDraft, *, actor: str, now: datetime) -> Contact:
    """Store a new contact. Raises UnfitInput, also if the person has objected."""
    lock_directory()
    check_contact(draft)
    contact = Contact(edit_version=0, entered_by=actor, created_at=now)
    _fill_and_store(contact, draft, now=now)
    return contact


def edit_contact(
    public_id: str, draft: ContactDraft, *, edit_version: int, now: datetime
) -> Contact:
    """Change a contact, which also checks it.

    Raises NotFound, UnfitInput, and StaleForm when somebody saved in between.
    """
    lock_directory()
    contact = get_contact(public_id)
    if contact.edit_version != edit_version:
        raise StaleForm(Complaint(N_("Somebody else has changed this contact person meanwhile.")))
    check_contact(draft)
    _fill_and_store(contact, draft, now=now)
    return contact


def check_again(public_id: str, *, now: datetime) -> Contact:
    """Note that a contact is still right. Raises NotFound."""
    contact = get_contact(public_id)
    contact.checked_at = now
    return contact


def remove_contact(public_id: str, *, objects: bool, now: datetime) -> None:
    """Delete a contact with the mails to it; `objects`: the person wants no announcements.

    Raises NotFound.
    """
    contact = get_contact(public_id)
    if objects:
        object_to_announcements(contact.email_key, now=now)
    else:
        note_forgotten([contact.public_id], now.date())
        delete_readers(Contact, Contact.id == contact.id)


def fill_contact(
    contact: Contact,
    draft: ContactDraft,
    body: Organisation | None,
    address_hash: str,
    *,
    now: datetime,
) -> None:
    """Write a checked draft, the administration that it means and the hash into a contact."""
    for name in _AS_STORED:
        setattr(contact, name, getattr(draft, name))
    contact.organisation, contact.organisation_id = body, body.id if body else None
    contact.organisation_text = draft.organisation
    contact.email_key = email_key(draft.email)
    contact.address_hash = address_hash
    contact.note_keys()
    contact.edit_version += 1
    contact.checked_at = now


def _fill_and_store(contact: Contact, draft: ContactDraft, *, now: datetime) -> None:
    """Raises UnfitInput for an address that is known or has objected."""
    key = email_key(draft.email)
    if objected_among([key]):
        raise UnfitInput(Complaint(HAS_OBJECTED, {}, "email"))
    fill_contact(contact, draft, find_by_name(draft.organisation), hash_of(key), now=now)
    try:
        with db.session.begin_nested():
            db.session.add(contact)
            db.session.flush()
    except IntegrityError as fault:
        text = N_("There is a contact person with this address.")
        raise UnfitInput(Complaint(text, {}, "email")) from fault


def store_contacts(drafts: Sequence[ContactDraft], *, actor: str, now: datetime) -> None:
    """Store checked contacts, except addresses that are known or have objected."""
    keys = [email_key(draft.email) for draft in drafts]
    known = set(db.session.scalars(select(Contact.email_key).where(Contact.email_key.in_(keys))))
    left_out = known | objected_among(keys)
    for key, draft in zip(keys, drafts, strict=True):
        if key not in left_out:
            left_out.add(key)
            contact = Contact(edit_version=0, entered_by=actor, created_at=now)
            fill_contact(contact, draft, find_by_name(draft.organisation), hash_of(key), now=now)
            db.session.add(contact)


def contact_rows() -> Iterator[Row]:
    """All contacts as rows of a spreadsheet, in order of their names."""
    zone = get_installation().settings.timezone
    for contact in db.session.scalars(all_contacts()):
        moments = {"entered_at": contact.created_at, "checked_at": contact.checked_at}
        yield {
            **{name: getattr(contact, name) for name in _AS_STORED},
            "organisation": contact.organisation_name,
            "entered_by": contact.entered_by,
            **{name: to_local(moment, zone).date().isoformat() for name, moment in moments.items()},
        }
