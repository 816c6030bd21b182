"""What organisers note about a registration; it is for their eyes and for those of the person."""

from ikone_events.domain.header_text import clean_text
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.registering.held import hold_registration
from ikone_events.store.registrations import Registration

LONGEST = 2_000


def annotate(public_id: str, text: str) -> Registration:
    """Replace the note on a registration. Raises UnfitInput, LinkRefused."""
    note = clean_text(text).strip()
    if len(note) > LONGEST:
        said = {"most": LONGEST}
        raise UnfitInput(Complaint(N_("Please use at most %(most)d characters."), said, "note"))
    registration = hold_registration(public_id)
    if registration.anonymised_at is not None:
        text = N_("The details of this person have been deleted; nothing can be noted any more.")
        raise UnfitInput(Complaint(text, about="note"))
    registration.note = note
    return registration
