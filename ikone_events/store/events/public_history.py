"""What the public knew of an event: the version of its calendar entry, and its former dates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion, StateChange
from ikone_events.store.events.queries import PUBLIC_STATES
from ikone_events.store.events.snapshots import derived

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


@dataclass(frozen=True, slots=True)
class PublicHistory:
    """`former_starts`: the starts that the public knew before the present one, the latest first."""

    was_cancelled: bool
    former_starts: tuple[datetime, ...]


def public_history(event: Event) -> PublicHistory:
    """The history of an event, read once per version of its content."""
    return derived(
        event,
        "public history",
        lambda: PublicHistory(was_cancelled(event), _former_starts(event)),
    )


def was_cancelled(event: Event) -> bool:
    """Whether an archived event had been cancelled."""
    if event.state != State.ARCHIVED.value:
        return False
    cancelled = select(StateChange.id).where(
        StateChange.event_id == event.id,
        StateChange.source == State.CANCELLED.value,
        StateChange.target == State.ARCHIVED.value,
    )
    return db.session.scalar(cancelled.limit(1)) is not None


def _former_starts(event: Event) -> tuple[datetime, ...]:
    """Without those of the draft; all, if the event was loaded after it was announced."""
    if event.calendar_version == 1:
        return ()
    announced_at = db.session.scalar(
        select(func.max(StateChange.at)).where(
            StateChange.event_id == event.id, StateChange.action == Action.ANNOUNCE.value
        )
    )
    wanted = select(EventVersion.starts_at).where(EventVersion.event_id == event.id)
    if announced_at is not None:
        wanted = wanted.where(EventVersion.until > announced_at)
    starts = db.session.scalars(wanted.order_by(EventVersion.number.desc()))
    return tuple(dict.fromkeys(start for start in starts if start != event.starts_at))
