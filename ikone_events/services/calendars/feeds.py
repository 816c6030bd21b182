"""The calendars for everybody: rows as entries that the domain writes."""

from datetime import datetime

from ikone_events.domain.calendars.feeds import Word, event_sequence, word_in, word_of_event
from ikone_events.domain.calendars.invitation import PublicEntry
from ikone_events.domain.events.lifecycle import State
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_of
from ikone_events.store.calendars.feeds import calendar_events, was_cancelled
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_public_event
from ikone_events.store.events.series import Series

Entries = tuple[PublicEntry, ...]


def entries(locale: str, *, now: datetime, series: Series | None = None) -> Entries:
    """Everything in the calendar of all events or of a series, in one language."""
    return tuple(entry_of(event, locale) for event in calendar_events(now, series))


def entries_of_event(slug: str, locale: str) -> Entries:
    """One event's entry, as long as it has a page; raises NotFound."""
    event = get_public_event(slug)
    archived = event.state == State.ARCHIVED.value
    return (entry_of(event, locale, cancelled=archived and was_cancelled(event)),)


def entry_of(event: Event, locale: str, *, cancelled: bool = False) -> PublicEntry:
    """The event as everybody's calendar shows it; `cancelled`: before it was archived."""
    word = Word.CANCELLED if cancelled else word_of_event(State(event.state))
    return PublicEntry(
        summary=summary_of(event, locale),
        uid=f"{event.slug}@{get_installation().settings.host}",
        sequence=event_sequence(event.edit_version, called_off=word is not None),
        changed_at=event.changed_at,
        cancelled=word is not None,
        word=word_in(word, locale),
    )
