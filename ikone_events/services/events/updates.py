"""Mailing changes of events after a quiet period without further edits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ikone_events.domain.events.changes import differences
from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.events.lifecycle import MOVED, EventFormat, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.facts import Difference, Fact
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, SomebodyWasFaster
from ikone_events.domain.rooms.door import is_link_out
from ikone_events.domain.words import LOCALES
from ikone_events.services.events.undoing import NEAR
from ikone_events.services.incoming.answers import restore_answers
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.mails.speaker_mails import has_news_for_any
from ikone_events.services.mails.values import summary_of
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import briefed
from ikone_events.store.mails.event_versions import (
    as_if,
    calendar_facts,
    event_versions,
    is_notified_since,
    keep_version,
)
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import IS_ACTIVE, Registration

# Further edits delay the mails up to this multiple of the quiet period.
LONGEST = 6

TO_SPEAKERS = Message(MailKind.SPEAKER_UPDATE, Audience.SPEAKERS)
_OF_PLACE = ("place", "directions", "bring")


def note_change(
    event: Event,
    before: Mapping[str, Any],
    *,
    actor: str,
    silent: bool,
    now: datetime,
    reason: str = "",
) -> None:
    """Store a new calendar version if the facts differ from `before`, and plan the mails.

    `silent` plans none; mails that are planned already include this change. The mails name the
    last reason that was given.
    """
    after = calendar_facts(event)
    if after == dict(before):
        return
    keep_version(event, before, until=now)
    restore_answers(event)
    first = _first_unsent(event)
    if (
        first is not None
        and calendar_facts(first) == after
        and not is_notified_since(event, first.number)
    ):
        forget_update(event)  # all is as it was before the first edit that waits to be mailed
    elif not silent and _concerns_somebody(event, before, after, now):
        event.update_by, event.update_reason = actor, reason or event.update_reason
        _plan(event, before, now=now)


def _concerns_somebody(
    event: Event, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> bool:
    """Whether anybody is affected.

    Another room is news to nobody: mails and calendars lead to our own pages. The dial-in stands in
    them once the links were sent, the place of an event that has one.
    """
    if event.state not in TAKES_PLACE or event.ends_at <= now or not somebody_comes(event):
        return False
    changed = {name for name in after if after[name] != before[name]} - {"room_url"}
    if not is_link_out(event.state):
        changed.discard("dial_in")
    if before["format"] == event.format == EventFormat.ONLINE:
        changed -= set(_OF_PLACE)  # kept in case the format changes back
    return bool(changed)


def somebody_comes(event: Event) -> bool:
    """Whether an event has active registrations, or speakers with the date in their calendars."""
    return _is_expected(event) or db.session.scalar(briefed(event.id).limit(1)) is not None


def _is_expected(event: Event) -> bool:
    coming = select(Registration.id).where(Registration.event_id == event.id, IS_ACTIVE)
    return db.session.scalar(coming.limit(1)) is not None


def _plan(event: Event, before: Mapping[str, Any], *, now: datetime) -> None:
    """Restart the quiet period; close to a start it ends earlier."""
    quiet = timedelta(minutes=get_installation().settings.quiet_minutes)
    event.update_since = event.update_since or now
    due = min(now + quiet, event.update_since + LONGEST * quiet)
    last = min(before["starts_at"], event.starts_at) - NEAR
    event.update_due_at = max(now, min(due, last))
    ask_for_delivery()


def forget_update(event: Event) -> None:
    """Cancel the planned mails; the next calendar update includes the change."""
    event.update_due_at, event.update_since = None, None
    event.update_by, event.update_reason = "", ""


def events_with_update_due(now: datetime) -> list[str]:
    """The slugs of events whose changes are due to be mailed."""
    due = select(Event.slug).where(Event.update_due_at <= now)
    return list(db.session.scalars(due.order_by(Event.update_due_at)))


def tell_if_due(slug: str, *, now: datetime) -> Mailing | None:
    """Start the mailing of an event whose quiet period is over; None when it began already."""
    event = lock_event(slug)
    if event.update_due_at is None or event.update_due_at > now:
        return None
    return _notify(event, now=now)


def notify_now(slug: str, *, actor: str, now: datetime) -> Mailing | None:
    """Start the mailing at once. Raises SomebodyWasFaster, NotFound."""
    event = _with_update(slug)
    event.update_by = actor
    return _notify(event, now=now)


def tell_nobody(slug: str) -> Event:
    """Cancel the planned mails. Raises SomebodyWasFaster when they have begun, NotFound."""
    event = _with_update(slug)
    forget_update(event)
    return event


def _with_update(slug: str) -> Event:
    event = lock_event(slug)
    if event.update_due_at is None:
        text = N_("There is no change left to send. Please look again.")
        raise SomebodyWasFaster(Complaint(text))
    return event


def _notify(event: Event, *, now: datetime) -> Mailing | None:
    actor, reason = event.update_by, event.update_reason
    knows = event.state in TAKES_PLACE
    forget_update(event)
    restore_answers(event)
    if not knows or event.ends_at <= now or not somebody_comes(event):
        return None
    messages = [MOVED] if _is_expected(event) else []
    if has_news_for_any(TO_SPEAKERS.kind, event):
        messages.append(TO_SPEAKERS)
    mailings = [
        start_mailing(event, each, now=now, started_by=actor, reason=reason, only_changed=True)
        for each in messages
    ]
    return mailings[0] if mailings else None


def waiting_changes(event: Event, locale: str) -> tuple[Difference, ...]:
    """The differences that the planned mails will list, in a language."""
    before = _before_update(event)
    if before is None:
        return ()
    return changes_between(before, event, locale)


def changes_between(before: Event, after: Event, locale: str) -> tuple[Difference, ...]:
    """The differences of two versions of an event in a language, for all modes.

    A title that changed only in the other language is included.
    """
    found = _in_language(before, after, locale)
    titles = {each.fact for each in found if each.fact is Fact.TITLE}
    others = (
        each
        for other in LOCALES
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
    """The event as it was before the first edit that waits to be mailed."""
    first = _first_unsent(event)
    return None if first is None else as_if(event, calendar_facts(first))


def _first_unsent(event: Event) -> EventVersion | None:
    since = event.update_since
    if since is None:
        return None
    return next((each for each in event_versions(event) if each.until >= since), None)
