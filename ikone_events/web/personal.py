"""Whoever holds a personal link: from the signed token to the registration it speaks of."""

from ikone_events.domain.refusals import N_, Complaint, LinkRefused
from ikone_events.domain.tokens import Purpose
from ikone_events.services.office import office
from ikone_events.store.queries import find_registration
from ikone_events.store.registrations import Registration


def holder(token: str) -> Registration:
    """The registration with its event; raises LinkRefused, the same for forged and revoked."""
    claim = office().signer.read(Purpose.REGISTRATION, token)
    found = find_registration(claim.public_id)
    if found is None or found.link_epoch != claim.epoch:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    return found
