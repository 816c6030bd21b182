"""Requests for more than one action: announce and open, mark as sent and follow up."""

from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.domain.events.needs import lacks_link
from ikone_events.services.events.editing import check_event_draft, draft_of_event
from ikone_events.services.events.transitions import (
    Done,
    Request,
    facts_of,
    perform,
    perform_in_turn,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event


def announce(
    slug: str, request: Request, *, summary: str = "", opens: bool = False, now: datetime
) -> Done:
    """Announce a draft and, if `opens`, open its registration; all or nothing.

    `summary` is stored if the event has none. Raises what `perform` raises, and UnfitInput.
    """
    event = lock_event(slug)
    if summary and lacks_summary(event):
        _write_summary(event, summary, now=now)
    act = announce_and_open if opens else perform
    return act(slug, request, now=now)


def announce_and_open(slug: str, request: Request, *, now: datetime) -> Done:
    """Announce an event and open its registration in one press; raises what `perform` raises."""
    return perform_in_turn(slug, request, Action.ANNOUNCE, Action.OPEN, now=now)


def lacks_summary(event: Event) -> bool:
    """Whether this is a draft that can't be announced without a summary."""
    return event.state == State.DRAFT.value and not event.summary.strip()


def _write_summary(event: Event, summary: str, *, now: datetime) -> None:
    check_event_draft(replace(draft_of_event(event), summary=summary), event)
    event.summary, event.changed_at = summary, now
    event.edit_version += 1
    db.session.flush()


def follow_up(slug: str, request: Request, *, now: datetime) -> Done:
    """Send the follow-up; if the link was never sent by us, the reason says how people got it.

    That is the reason of MARK_SENT in the history, and of nothing else. Raises what `perform`
    raises, with the complaints of both actions.
    """
    facts = facts_of(lock_event(slug), now, reads=(), past=NO_PAST)
    if lacks_link(facts) and find_rule(Action.MARK_SENT, facts.state):
        return perform_in_turn(slug, request, Action.MARK_SENT, Action.FOLLOW_UP, now=now)
    return perform_in_turn(slug, request, Action.FOLLOW_UP, now=now)
