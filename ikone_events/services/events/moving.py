"""Changing the date of an event; what hangs on the date keeps its distance to the start."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.domain.events.registration_settings import MOMENTS
from ikone_events.domain.header_text import MOST_REASON, checked_text
from ikone_events.domain.times import moved_along
from ikone_events.services.events.discarding import somebody_was_faster
from ikone_events.services.events.editing import draft_of_event, edit_event
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.events.undoing import past_of
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.event_versions import as_if

# Moments of a draft that move with its start.
_MOMENTS = ("ends_at", *MOMENTS)
# States in which another date is an edit; a postponed event is rescheduled.
EDITED_STATES = (State.DRAFT, *TAKES_PLACE)


def moved_draft(draft: EventDraft, starts_at: datetime) -> EventDraft:
    """The draft at another start; all its moments keep their distance to it."""
    moments: dict[str, Any] = {
        name: moved_along(moment, old=draft.starts_at, new=starts_at, zone=draft.zone)
        for name in _MOMENTS
        if (moment := getattr(draft, name)) is not None
    }
    return replace(draft, starts_at=starts_at, **moments)


def can_change_date(event: Event) -> bool:
    """Whether the event can get another date in its state."""
    return event.state in EDITED_STATES or event.state == State.POSTPONED.value


def event_on(event: Event, starts_at: datetime, ends_at: datetime) -> Event:
    """The event as it would be on another date; stores nothing."""
    draft = replace(moved_draft(draft_of_event(event), starts_at), ends_at=ends_at)
    rule = find_rule(Action.RESCHEDULE, State(event.state), past_of(event).before)
    changes = {name: getattr(draft, name) for name in ("starts_at", *_MOMENTS)}
    target = rule.target if rule else None
    return as_if(event, {**changes, "state": target.value if target else event.state})


def change_date(
    slug: str,
    starts_at: datetime,
    ends_at: datetime,
    *,
    expected: State,
    expected_edit_version: int,
    actor: str,
    now: datetime,
    reason: str = "",
    silent: bool = False,
) -> Event:
    """Set another date; the state of registration stays. `silent` mails nobody.

    The mails name the reason, if there is one. A postponed event is rescheduled, which mails
    everybody. Raises UnfitInput, NotFound, StaleForm, TransitionRefused, and SomebodyWasFaster
    when the state is not `expected`.
    """
    event = lock_event(slug)
    if event.state != expected.value:
        raise somebody_was_faster()
    if event.state not in EDITED_STATES:
        request = Request(
            action=Action.RESCHEDULE,
            actor=actor,
            reason=reason,
            new_starts_at=starts_at,
            new_ends_at=ends_at,
        )
        return perform(slug, request, now=now).event
    return edit_event(
        slug,
        replace(moved_draft(draft_of_event(event), starts_at), ends_at=ends_at),
        expected_edit_version=expected_edit_version,
        now=now,
        actor=actor,
        silent=silent,
        reason=checked_text(reason, MOST_REASON, "reason"),
    ).event
