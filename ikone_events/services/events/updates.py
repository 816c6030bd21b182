"""Telling people of a change: noted at once, told when the organisers have been quiet for a while.

Several edits within that time make one mail; what is put back meanwhile makes none. Whom it
concerns is decided when the mails are written, by what each person was told last: a change that
was saved silently travels with the next one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ikone_events.domain.events.changes import LABELS, differences
from ikone_events.domain.events.lifecycle import Message, State
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.facts import Difference, Fact
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, SomebodyWasFaster
from ikone_events.domain.registering.registration import ACTIVE
from ikone_events.domain.rooms.door import is_link_out
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.mails.values import summary_of
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.event_versions import (
    as_if,
    calendar_facts,
    event_versions,
    is_notified_since,
    keep_version,
)
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration

# States in which people have a date in their calendars that a change must correct.
KNOWN_STATES = (
    State.ANNOUNCED.value,
    State.OPEN.value,
    State.CLOSED.value,
    State.DISPATCHED.value,
)
# Who goes on editing can put the mails off so many times the quiet period, not for ever.
LONGEST = 6
# So short before the old start or the new one people have to know at once.
NEAR = timedelta(hours=1)

_UPDATE = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)
_BEHIND_THE_DOOR = ("room_url", "dial_in")
_COMING = sorted(status.value for status in ACTIVE)


def note_change(
    event: Event, before: Mapping[str, Any], *, actor: str, silent: bool, now: datetime
) -> None:
    """Give the event its new version if its facts are other than `before`, and plan the mails.

    `silent` plans none; those that are planned already tell of this change too.
    """
    after = calendar_facts(event)
    if after == dict(before):
        return
    keep_version(event, before, until=now)
    if _is_put_back(event, after) and not _somebody_was_told(event):
        forget_update(event)
    elif not silent and _concerns_somebody(event, before, after, now):
        event.update_by = actor
        _plan(event, before, now=now)


def _is_put_back(event: Event, after: Mapping[str, Any]) -> bool:
    """Whether all is again as it was before the first edit that waits to be told."""
    first = _before_update(event)
    return first is not None and calendar_facts(first) == dict(after)


def _somebody_was_told(event: Event) -> bool:
    """Whether a mail of another cause has told meanwhile what is put back now."""
    first = _first_to_tell(event)
    return first is not None and is_notified_since(event, first.number)


def _concerns_somebody(
    event: Event, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> bool:
    """Nobody knows the room yet before its door is open."""
    if event.state not in KNOWN_STATES or event.ends_at <= now or not somebody_comes(event):
        return False
    changed = {name for name in after if after[name] != before[name]}
    if not is_link_out(event.state):
        changed -= set(_BEHIND_THE_DOOR)
    return bool(changed)


def somebody_comes(event: Event) -> bool:
    """Whether there is anybody whom a change could concern."""
    coming = select(Registration.id).where(
        Registration.event_id == event.id, Registration.status.in_(_COMING)
    )
    return db.session.scalar(coming.limit(1)) is not None


def _plan(event: Event, before: Mapping[str, Any], *, now: datetime) -> None:
    """Each edit begins the quiet period anew; where a start is near nobody is kept waiting."""
    quiet = timedelta(minutes=get_installation().settings.quiet_minutes)
    event.update_since = event.update_since or now
    due = min(now + quiet, event.update_since + LONGEST * quiet)
    last = min(before["starts_at"], event.starts_at) - NEAR
    event.update_due_at = max(now, min(due, last))
    ask_for_delivery()


def forget_update(event: Event) -> None:
    """Tell nobody of what waits; the next mail that updates calendars carries it."""
    event.update_due_at, event.update_since, event.update_by = None, None, ""


def events_with_update_due(now: datetime) -> list[str]:
    """The events whose changes are to be told now. Asked at each tick, mostly for none."""
    due = select(Event.slug).where(Event.update_due_at <= now)
    return list(db.session.scalars(due.order_by(Event.update_due_at)))


def tell_if_due(slug: str, *, now: datetime) -> Mailing | None:
    """Start the mails of an event whose quiet period is over; None when somebody was faster."""
    event = lock_event(slug)
    if event.update_due_at is None or event.update_due_at > now:
        return None
    return _tell(event, now=now)


def tell_now(slug: str, *, actor: str, now: datetime) -> Mailing | None:
    """Tell of the changes without waiting any longer. Raises SomebodyWasFaster, NotFound."""
    event = _with_update(slug)
    event.update_by = actor
    return _tell(event, now=now)


def tell_nobody(slug: str) -> Event:
    """Save silently after all. Raises SomebodyWasFaster when the mails have begun, NotFound."""
    event = _with_update(slug)
    forget_update(event)
    return event


def _with_update(slug: str) -> Event:
    event = lock_event(slug)
    if event.update_due_at is None:
        text = N_("No change waits to be told any more. Please look again.")
        raise SomebodyWasFaster(Complaint(text))
    return event


def _tell(event: Event, *, now: datetime) -> Mailing | None:
    actor, knows = event.update_by, event.state in KNOWN_STATES
    forget_update(event)
    if not knows or event.ends_at <= now or not somebody_comes(event):
        return None
    return start_mailing(event, _UPDATE, now=now, started_by=actor, only_changed=True)


def waiting_changes(event: Event, locale: str) -> tuple[Difference, ...]:
    """What the mails that wait will tell, as the event as a whole reads in a language."""
    before = _before_update(event)
    if before is None:
        return ()
    return changes_between(before, event, locale)


def changes_between(before: Event, after: Event, locale: str) -> tuple[Difference, ...]:
    """What reads otherwise of two versions of an event for somebody who comes in any way.

    A title that changes in the other language alone is there too.
    """
    found = _in_language(before, after, locale)
    titles = {each.fact for each in found if each.fact is Fact.TITLE}
    others = (
        each
        for other in LABELS
        if other != locale and not titles
        for each in _in_language(before, after, other)
        if each.fact is Fact.TITLE
    )
    return (*others, *found)


def _in_language(before: Event, after: Event, locale: str) -> tuple[Difference, ...]:
    return differences(
        summary_of(before, locale),
        summary_of(after, locale),
        locale=locale,
        has_door=is_link_out(after.state),
    )


def _before_update(event: Event) -> Event | None:
    """The event as it was before the first edit that waits to be told."""
    first = _first_to_tell(event)
    return None if first is None else as_if(event, calendar_facts(first))


def _first_to_tell(event: Event) -> EventVersion | None:
    since = event.update_since
    if since is None:
        return None
    return next((each for each in event_versions(event) if each.until >= since), None)
