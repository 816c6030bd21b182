"""The version of an event in public calendars, which rises only with what they show."""

from datetime import datetime
from typing import Any

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import PUBLIC_STATES

_SHOWN = (
    *("title", "title_en", "summary", "summary_en", "starts_at", "ends_at", "zone"),
    *("format", "place", "directions", "bring"),
    *("contact_name", "contact_email", "contact_phone"),
)


def public_facts(event: Event) -> tuple[Any, ...]:
    """What public calendars show of an event; its room is no part of it."""
    called_off = event.state if event.state in CALLED_OFF else ""
    announced = event.state in PUBLIC_STATES
    return announced, called_off, *(getattr(event, name) for name in _SHOWN)


def note_public_change(event: Event, before: tuple[Any, ...], *, now: datetime) -> None:
    """Raise the public version if the facts differ from `before`."""
    if public_facts(event) != before:
        event.public_version += 1
        event.public_changed_at = now


def public_change_of(event: Event) -> datetime:
    """When public calendars last changed."""
    return event.public_changed_at or event.created_at
