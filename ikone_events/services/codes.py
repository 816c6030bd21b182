"""Codes of events by invitation: made, counted, redeemed, revoked."""

from sqlalchemy import func, select

from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration import ACTIVE
from ikone_events.store.codes import Code
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.registrations import Registration


def plain_code(text: str) -> str:
    """A code as it is compared: people type it in any case, with spaces and hyphens or without."""
    return "".join(char for char in text.upper() if char.isalnum())


def redeem(event: Event, text: str) -> Code | None:
    """The code with which somebody comes; None where none is asked. The event must be held.

    Raises UnfitInput when it is unknown, revoked or used up.
    """
    if not event.by_code:
        return None
    wanted = select(Code).where(Code.event_id == event.id, Code.text == plain_code(text))
    found = db.session.scalar(wanted)
    if found is None or found.revoked_at is not None:
        raise UnfitInput(Complaint(N_("This code is not valid for this event."), about="code"))
    if found.uses is not None and times_used(found) >= found.uses:
        raise UnfitInput(Complaint(N_("This code has been used up."), about="code"))
    return found


def times_used(code: Code) -> int:
    """How many hold or await a place by this code."""
    users = select(func.count()).where(
        Registration.code_id == code.id,
        Registration.status.in_([status.value for status in ACTIVE]),
    )
    return db.session.scalar(users) or 0
