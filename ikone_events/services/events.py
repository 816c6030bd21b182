"""Creating and editing events; a moved date tells everybody whom it concerns."""

import json
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import insert, select

from ikone_events.domain.event_draft import EventDraft, check_draft, check_room
from ikone_events.domain.facts import Mode
from ikone_events.domain.lifecycle import Audience, EventFormat, Message, State
from ikone_events.domain.messages import MailKind
from ikone_events.domain.refusals import N_, Complaint, StaleForm
from ikone_events.domain.registration import ACTIVE
from ikone_events.domain.seating import Pool
from ikone_events.domain.slug import RESERVED, slug_of
from ikone_events.services.mailings import start_mailing
from ikone_events.services.plans import lay_plan, move_steps
from ikone_events.services.registering.seating import move_line_up
from ikone_events.store.db import db
from ikone_events.store.events import Event, StateChange
from ikone_events.store.letters import Mailing
from ikone_events.store.people import Organiser, assignment
from ikone_events.store.queries import hold_event
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import sittings_of

# States in which people have a date in their calendars that a change must correct.
_DATE_IS_KNOWN = (
    State.ANNOUNCED.value,
    State.OPEN.value,
    State.CLOSED.value,
    State.DISPATCHED.value,
)
_COMING = sorted(status.value for status in ACTIVE)
_MOVED = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)


def create_event(draft: EventDraft, *, actor: str, now: datetime) -> Event:
    """Store a new draft under a short name made of its title. Raises UnfitInput."""
    check_draft(draft)
    event = Event(slug=_free_slug(draft.title), created_at=now, changed_at=now)
    fill_event(event, draft)
    db.session.add(event)
    db.session.flush()
    record_creation(event, actor=actor, now=now)
    lay_plan(event, now=now)
    return event


def record_creation(event: Event, *, actor: str, now: datetime) -> None:
    """The first row of an event's history, so that the chain explains its state from the start."""
    state = event.state or State.DRAFT.value
    db.session.add(
        StateChange(
            event_id=event.id, action="create", source="", target=state, actor=actor, at=now
        )
    )


def _free_slug(title: str) -> str:
    base = slug_of(title)
    if base in RESERVED:
        base += "-event"
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.startswith(base))))
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def edit_event(
    slug: str, draft: EventDraft, *, expected_revision: int, now: datetime
) -> tuple[Event, Mailing | None]:
    """Replace the content of an event; a moved date starts the mailing that says so.

    Raises UnfitInput, NotFound, and StaleForm when somebody saved since the form was opened.
    """
    check_draft(draft)
    event = hold_event(slug)
    if event.revision != expected_revision:
        raise StaleForm(
            Complaint(
                N_("Somebody saved this event since you opened the form. Nothing was overwritten.")
            )
        )
    old, old_limits = _place_and_time(event), _limits(event)
    fill_event(event, draft)
    if _limits(event) != old_limits:
        keep_seats(event, now=now)
    event.revision += 1
    event.changed_at = now
    move_line_up(event, now=now)
    move_steps(event, now=now)
    lay_plan(event, now=now)
    return event, _tell_of_change(event, old, now=now)


def _limits(event: Event) -> tuple[int | str | None, ...]:
    """All that says how many seats there are."""
    return event.format, event.capacity, event.capacity_online, event.capacity_on_site


def keep_seats(event: Event, *, now: datetime) -> None:
    """Remember how many are in when there are fewer seats than people: the rules allow them."""
    sitting = sittings_of([event], now)[event.id]
    event.seats_kept = Pool(event.capacity, sitting.seated).excess
    pools = sitting.pools
    event.seats_kept_online = pools[Mode.ONLINE].excess if pools else None
    event.seats_kept_on_site = pools[Mode.ON_SITE].excess if pools else None


def fill_event(event: Event, draft: EventDraft) -> None:
    """Copy the content of a checked draft into the row."""
    for name in (f.name for f in fields(draft)):
        value = getattr(draft, name)
        if name == "programme":
            value = json.dumps([asdict(item) for item in value], ensure_ascii=False)
        elif isinstance(value, EventFormat):
            value = value.value
        setattr(event, name, value)


def _place_and_time(event: Event) -> tuple[datetime, datetime, str, str]:
    """What of an event stands in calendars and must be right there."""
    return event.starts_at, event.ends_at, event.format, event.place


def _tell_of_change(
    event: Event, old: tuple[datetime, datetime, str, str], *, now: datetime
) -> Mailing | None:
    """A new date or place updates the calendars of all who come or wait, if there are any."""
    new = _place_and_time(event)
    if old == new or event.state not in _DATE_IS_KNOWN or not _somebody_comes(event):
        return None
    moved = old[:2] != new[:2]
    return start_mailing(
        event,
        _MOVED,
        now=now,
        old_starts_at=old[0] if moved else None,
        old_ends_at=old[1] if moved else None,
    )


def _somebody_comes(event: Event) -> bool:
    coming = select(Registration.id).where(
        Registration.event_id == event.id, Registration.status.in_(_COMING)
    )
    return db.session.scalar(coming.limit(1)) is not None


def set_room(slug: str, room_url: str, dial_in: str, *, now: datetime) -> Event:
    """Note the address of the video room; personal doors lead to the new one at once.

    Raises UnfitInput, NotFound.
    """
    check_room(room_url, dial_in)
    event = hold_event(slug)
    event.room_url, event.dial_in = room_url, dial_in
    event.revision += 1
    event.changed_at = now
    return event


def assign(organiser: Organiser, event: Event) -> None:
    """Let an organiser of limited sight see this event."""
    db.session.execute(insert(assignment).values(organiser_id=organiser.id, event_id=event.id))
