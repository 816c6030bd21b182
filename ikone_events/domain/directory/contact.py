"""A contact person of an administration: what is stored, from where, and by which right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from ikone_events.domain.header_text import (
    PERSON_LENGTHS,
    header_complaint,
    name_complaint,
    normalise,
    stored_text_complaints,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.salutation import full_name

# Contacts that nobody has entered, edited or checked for this time are to be checked.
CHECKED_FOR = timedelta(days=3 * 365)


class LegalBasis(StrEnum):
    """Why the office may store a contact (GDPR 6 (1)); mails state it (GDPR 14)."""

    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONSENT = "consent"


LEGAL_BASIS_LABELS: Mapping[LegalBasis, str] = {
    LegalBasis.PUBLIC_TASK: N_("Task in the public interest (GDPR, Art. 6 (1) (e))"),
    LegalBasis.LEGITIMATE_INTEREST: N_("Legitimate interest (GDPR, Art. 6 (1) (f))"),
    LegalBasis.CONSENT: N_("Consent (GDPR, Art. 6 (1) (a))"),
}

LENGTHS: Mapping[str, int] = {
    **PERSON_LENGTHS,
    "source": 200,
    "note": 2000,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact from a form or a list; `source` says who gave the address, when and where."""

    email: str
    source: str
    legal_basis: str
    salutation: str = ""
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    position: str = ""
    organisation: str = ""
    locale: str = "de"
    note: str = ""

    def __post_init__(self) -> None:
        """Normalise the texts."""
        normalise(self, LENGTHS.keys() - {"note"})


def check_contact(draft: ContactDraft) -> None:
    """Raise UnfitInput with all complaints about a draft; the address is checked before."""
    if found := tuple(_complaints(draft)):
        raise UnfitInput(found)


def check_origin(source: str, legal_basis: str) -> None:
    """The same about source and legal basis alone, which a whole list has in common."""
    if found := tuple(_origin_complaints(source, legal_basis)):
        raise UnfitInput(found)


def _complaints(draft: ContactDraft) -> Iterator[Complaint]:
    if not draft.email:
        yield Complaint(N_("Please enter an e-mail address."), {}, "email")
    for name, most in LENGTHS.items():
        if name != "source":
            yield from stored_text_complaints(getattr(draft, name), most, name)
    for name in ("title", "first_name", "last_name", "organisation", "position"):
        if found := name_complaint(getattr(draft, name), name):
            yield found
    whole = full_name(draft.title, draft.first_name, draft.last_name)
    if found := header_complaint(whole, "last_name"):
        yield found
    yield from _origin_complaints(draft.source, draft.legal_basis)


def _origin_complaints(source: str, legal_basis: str) -> Iterator[Complaint]:
    if not source.strip():
        text = N_("Please say who gave you the address, when and where.")
        yield Complaint(text, {}, "source")
    yield from stored_text_complaints(source, LENGTHS["source"], "source")
    if legal_basis not in set(LegalBasis):
        yield Complaint(N_("Please choose a legal basis."), {}, "legal_basis")
