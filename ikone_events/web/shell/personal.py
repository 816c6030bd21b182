"""Whoever holds a personal link: from the signed token to the registration it speaks of."""

from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import find_registration


def registration_from_token(token: str) -> Registration:
    """The registration with its event; raises LinkRefused, the same for forged and unknown ones.

    Whoever had a link of ours once is told what became of it: LinkGone.
    """
    claim = get_installation().signer.read(Purpose.REGISTRATION, token)
    found = find_registration(claim.public_id)
    if found is None or claim.epoch > found.link_epoch:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    if found.anonymised_at is not None:
        text = N_("The details behind this link have been deleted, as you were told or had wished.")
        raise LinkGone(Complaint(text))
    if claim.epoch < found.link_epoch:
        text = N_("This link has been replaced. Please use the one in the latest e-mail to you.")
        raise LinkGone(Complaint(text))
    return found
