"""The private calendar of the office: events that an account sees, drafts too."""

from dataclasses import replace
from datetime import datetime, timedelta

from ikone_events.domain.calendars.feeds import (
    MOST_EVENTS,
    Word,
    person_uid,
    word_for_office,
    word_in,
)
from ikone_events.domain.calendars.invitation import PublicEntry
from ikone_events.domain.events.facts import State
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_of
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.calendars.feeds import stays
from ikone_events.store.damage import readable
from ikone_events.store.events.models import Event
from ikone_events.store.events.public_history import public_change_of
from ikone_events.store.events.queries import visible_events

_BRIEF = timedelta(minutes=15)


def office_events(account: Organiser, *, now: datetime) -> list[Event]:
    """The events of the calendar by date; those called off leave after some weeks."""
    order = Event.starts_at.desc(), Event.id.desc()
    wanted = visible_events(account).where(stays(now)).order_by(*order).limit(MOST_EVENTS)
    return readable(wanted, Event)[::-1]


def office_entry(account: Organiser, event: Event, locale: str) -> PublicEntry:
    """The entry of an event; it leads to the organisers' page."""
    word = word_for_office(State(event.state))
    return PublicEntry(
        summary=replace(summary_of(event, locale), public_url=_page_of(event)),
        uid=_uid(f"office:{account.id}", event.id),
        sequence=event.edit_version + event.public_version,
        changed_at=_changed_at(event),
        cancelled=word in (Word.CANCELLED, Word.POSTPONED),
        tentative=word is Word.DRAFT,
        word=word_in(word, locale),
        private=True,
    )


def office_step_entry(
    account: Organiser, event: Event, locale: str, *, step_id: int, at: datetime, label: str
) -> PublicEntry:
    """A short entry for a step that writes to people."""
    url = f"{_page_of(event)}/mail#step-{step_id}"
    summary = replace(summary_of(event, locale), public_url=url)
    return PublicEntry(
        summary=replace(summary, starts_at=at, ends_at=at + _BRIEF),
        uid=_uid(f"office step:{account.id}", step_id),
        sequence=event.edit_version + event.public_version,
        changed_at=_changed_at(event),
        word=label,
        private=True,
        brief=True,
    )


def _page_of(event: Event) -> str:
    return get_installation().page(f"/organise/events/{event.slug}")


def _uid(feed: str, number: int) -> str:
    settings = get_installation().settings
    return person_uid(settings.secret_key, feed, number, settings.host)


def _changed_at(event: Event) -> datetime:
    return max(event.changed_at, public_change_of(event))
