"""The lock of everything that concerns one registration: its event, by hold_event."""

from sqlalchemy import select

from ikone_events.domain.refusals import N_, Complaint, LinkRefused
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.queries import hold_event
from ikone_events.store.registrations import Registration


def hold_registration(public_id: str) -> Registration:
    """Lock the event of a registration first, then read the registration behind the lock."""
    slug = db.session.scalar(
        select(Event.slug)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.public_id == public_id)
    )
    if slug is None:
        raise _dead_link()
    hold_event(slug)
    found = db.session.scalar(
        select(Registration)
        .where(Registration.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise _dead_link()
    return found


def _dead_link() -> LinkRefused:
    return LinkRefused(Complaint(N_("This link is not valid.")))
