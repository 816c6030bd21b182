"""Announcing an event, with a summary that is still missing, and opening its registration."""

from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.draft import check_draft
from ikone_events.domain.events.lifecycle import State
from ikone_events.services.events.editing import draft_of_event
from ikone_events.services.events.transitions import Done, Request, announce_and_open, perform
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


def lacks_summary(event: Event) -> bool:
    """Whether this is a draft that can't be announced without a summary."""
    return event.state == State.DRAFT.value and not event.summary.strip()


def _write_summary(event: Event, summary: str, *, now: datetime) -> None:
    check_draft(replace(draft_of_event(event), summary=summary))
    event.summary, event.changed_at = summary, now
    event.edit_version += 1
    db.session.flush()
