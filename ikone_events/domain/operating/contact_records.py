"""Reads and checks the contacts of a JSON file."""

from collections.abc import Mapping
from typing import Any

from ikone_events.domain.directory.contact import LENGTHS, ContactDraft, check_contact
from ikone_events.domain.events.draft import can_be_written_to
from ikone_events.domain.refusals import N_, Complaint, UnfitInput


def contact_of(record: Mapping[str, Any]) -> ContactDraft:
    """A contact of a file; `organisation` is a name of the directory. Raises UnfitInput."""
    texts = {name: str(record.get(name) or "") for name in LENGTHS}
    salutation = str(record.get("salutation") or "")
    draft = ContactDraft(
        **texts,
        salutation=salutation if salutation in ("frau", "herr", "divers") else "",
        locale="en" if record.get("language") == "en" else "de",
        legal_basis=str(record.get("legal_basis") or ""),
    )
    check_contact(draft)
    if not can_be_written_to(draft.email):
        text = N_("Please enter an address like name@example.org.")
        raise UnfitInput(Complaint(text, {}, "email"))
    return draft
