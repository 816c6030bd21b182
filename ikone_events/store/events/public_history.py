"""What has become of a public event: cancelled before it was archived, and its former dates."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion, StateChange
from ikone_events.store.events.snapshots import derived


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
