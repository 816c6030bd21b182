"""Forgetting the persons of events whose retention is over, as their letters promised."""

from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.lifecycle import Action, State, find_rule
from ikone_events.services import subscribers
from ikone_events.services.early_forgetting import forget_due
from ikone_events.services.forgetting import drop_letters_of_forgotten
from ikone_events.services.incoming import dead_addresses, keeping
from ikone_events.services.lists import people_import
from ikone_events.services.plans import mark_forgotten
from ikone_events.services.privacy import archive_persons
from ikone_events.services.transitions import Request, perform
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.personal_feeds import drop_unused_feeds
from ikone_events.store.queries import hold_event
from ikone_events.store.registrations import Registration


def tidy(now: datetime) -> None:
    """Delete last letters, unconfirmed addresses, and what is kept less long than an event."""
    drop_letters_of_forgotten()
    subscribers.tidy(now)
    people_import.tidy(now)
    dead_addresses.tidy()
    keeping.tidy(now)
    forget_due(now)
    drop_unused_feeds()


def forget_event(slug: str, *, actor: str, now: datetime) -> None:
    """Archive an event where the lifecycle allows it, and forget its persons in any case.

    One that was never followed up or whose link was never sent keeps its state.
    """
    event = hold_event(slug)
    if find_rule(Action.ARCHIVE, State(event.state)) is not None:
        perform(slug, Request(action=Action.ARCHIVE, actor=actor), now=now)
    else:
        archive_persons(event, now=now)
        mark_forgotten(event, actor, now=now)


def count_known(event: Event) -> int:
    """How many people of an event still have a name."""
    known = select(func.count()).where(
        Registration.event_id == event.id, Registration.anonymised_at.is_(None)
    )
    return db.session.scalar(known) or 0
