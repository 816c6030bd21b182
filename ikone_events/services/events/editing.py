"""Creating and editing events; what calendars show has versions, and changes are mailed."""

import json
from dataclasses import asdict, fields
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from ikone_events.domain.events.draft import (
    CHOSEN_PLANS,
    EventDraft,
    ProgrammeItem,
    RoomChoice,
    check_draft,
    check_room,
    links_of,
)
from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.domain.refusals import N_, Complaint, StaleForm
from ikone_events.domain.words import RESERVED, slug_of
from ikone_events.services.events.updates import note_change
from ikone_events.services.installation import get_installation
from ikone_events.services.plan.plans import create_plan, move_steps
from ikone_events.services.registering.seating import keep_seats, promote_waiting
from ikone_events.services.rooms.attendance import forget_former_day
from ikone_events.store.accounts.models import Organiser, assignment
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.public_history import note_public_change, public_facts
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.event_versions import as_if, calendar_facts


class Edited(NamedTuple):
    """The edited event and how many people it promoted from the waiting list."""

    event: Event
    moved_up: int


def create_event(draft: EventDraft, *, actor: str, now: datetime, mark: str = "") -> Event:
    """Store a new draft under a slug made of its title, and of `mark` if that is taken.

    Raises UnfitInput.
    """
    check_event_draft(draft)
    event = Event(slug=_free_slug(draft.title, mark), created_at=now, changed_at=now)
    fill_event(event, draft)
    db.session.add(event)
    db.session.flush()
    record_creation(event, actor=actor, now=now)
    create_plan(event, now=now)
    return event


def record_creation(event: Event, *, actor: str, now: datetime) -> None:
    """Write the first row of an event's history."""
    state = event.state or State.DRAFT.value
    db.session.add(
        StateChange(
            event_id=event.id, action="create", source="", target=state, actor=actor, at=now
        )
    )


def _free_slug(title: str, mark: str) -> str:
    base = slug_of(title)
    if base in RESERVED:
        base += "-event"
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.startswith(base))))
    if base not in taken:
        return base
    if mark:
        base = f"{base}-{mark}"
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def edit_event(
    slug: str,
    draft: EventDraft,
    *,
    expected_edit_version: int,
    now: datetime,
    actor: str = "",
    silent: bool = False,
    reason: str = "",
) -> Edited:
    """Replace the content of an event; changes in calendars are mailed, unless `silent`.

    Raises UnfitInput, NotFound, and StaleForm when somebody saved since the form was opened.
    """
    event = lock_event(slug)
    check_event_draft(draft, event)
    check_edit_version(event, expected_edit_version)
    before, public, old_limits = calendar_facts(event), public_facts(event), _limits(event)
    old_start = event.starts_at
    fill_event(event, draft)
    if _limits(event) != old_limits:
        keep_seats(event, now=now)
    event.edit_version += 1
    event.changed_at = now
    note_public_change(event, public, now=now)
    note_change(event, before, actor=actor, silent=silent, reason=reason, now=now)
    moved_up = promote_waiting(event, now=now)
    move_steps(event, now=now)
    create_plan(event, now=now)
    if event.starts_at > old_start:
        forget_former_day(event, now=now)
    return Edited(event, len(moved_up))


def check_event_draft(draft: EventDraft, event: Event | None = None) -> None:
    """Raise UnfitInput unless a draft can be stored, in place of the event as it is now.

    Links that the event has already stay, whatever has been forbidden since.
    """
    kept = links_of(draft_of_event(event)) if event is not None else ()
    check_draft(draft, hosts=get_installation().settings.link_hosts, kept=kept)


def check_edit_version(event: Event, expected: int) -> None:
    """Raise StaleForm when somebody saved since the form was opened."""
    if event.edit_version != expected:
        text = N_("Somebody saved this event since you opened the form. Nothing was overwritten.")
        raise StaleForm(Complaint(text))


def event_as_edited(event: Event, draft: EventDraft) -> Event:
    """The event as it would be after an edit; stores nothing. Raises UnfitInput."""
    check_event_draft(draft, event)
    edited = as_if(event, {})
    fill_event(edited, draft)
    return edited


def _limits(event: Event) -> tuple[int | str | None, ...]:
    """All columns that determine the number of seats."""
    return event.format, event.capacity, event.capacity_online, event.capacity_on_site


def fill_event(event: Event, draft: EventDraft) -> None:
    """Copy the content of a checked draft into the row."""
    for name in (f.name for f in fields(draft)):
        value = getattr(draft, name)
        if name == "programme":
            value = json.dumps([asdict(item) for item in value], ensure_ascii=False)
        elif isinstance(value, EventFormat):
            value = value.value
        setattr(event, name, value)


def draft_of_event(event: Event) -> EventDraft:
    """The content of a stored event."""
    values = {field.name: getattr(event, field.name) for field in fields(EventDraft)}
    values["programme"] = tuple(ProgrammeItem(**item) for item in event.programme_items)
    values["format"] = EventFormat(event.format)
    values["plan"] = event.plan if event.plan in CHOSEN_PLANS else ""
    return EventDraft(**values)


def set_room(
    slug: str, room: RoomChoice, *, now: datetime, actor: str = "", silent: bool = False
) -> Event:
    """Set the video room; personal room pages use it at once.

    Nobody is notified of another room, because mails and calendars lead to our own pages. People
    are notified of another dial-in once the links were sent, unless `silent`. Raises UnfitInput,
    NotFound.
    """
    event = lock_event(slug)
    kept = links_of(draft_of_event(event))
    check_room(room, hosts=get_installation().settings.link_hosts, kept=kept)
    before = calendar_facts(event)
    for name, value in asdict(room).items():
        setattr(event, name, value)
    event.edit_version += 1
    event.changed_at = now
    note_change(event, before, actor=actor, silent=silent, now=now)
    return event


def assign(organiser: Organiser, event: Event) -> None:
    """Let an organiser with limited access see this event."""
    db.session.execute(insert(assignment).values(organiser_id=organiser.id, event_id=event.id))
