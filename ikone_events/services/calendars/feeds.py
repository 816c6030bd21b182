"""Feeds: the entries of public calendars and of private calendars.

The URL of a private calendar is sent to the registered mailbox only: a person with a forwarded
personal link must not learn of other registrations.
"""

from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.calendars.feeds import (
    CALLED_OFF_STAYS,
    Word,
    person_sequence,
    person_uid,
    word_in,
    word_of_event,
    word_of_person,
)
from ikone_events.domain.calendars.invitation import PublicEntry
from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_in, summary_of
from ikone_events.services.mails.writing import is_written, write_mail
from ikone_events.store.calendars.feeds import calendar_events
from ikone_events.store.calendars.personal_feeds import (
    OwnEvent,
    PersonalFeed,
    find_feed,
    lock_feed,
    own_events,
    revoke_feed,
)
from ikone_events.store.events.models import Event
from ikone_events.store.events.public_history import public_change_of, was_cancelled
from ikone_events.store.events.queries import Series, get_public_event
from ikone_events.store.registering.models import Registration

Entries = tuple[PublicEntry, ...]


def entries(locale: str, *, now: datetime, series: Series | None = None) -> Entries:
    """The entries of all events or of a series, in one language."""
    return tuple(entry_of(event, locale) for event in calendar_events(now, series))


def entries_of_event(slug: str, locale: str) -> Entries:
    """The entry of one event with a public page; raises NotFound."""
    event = get_public_event(slug)
    return (entry_of(event, locale, cancelled=was_cancelled(event)),)


def entry_of(event: Event, locale: str, *, cancelled: bool = False) -> PublicEntry:
    """The entry of an event in public calendars; `cancelled` if it was, before being archived."""
    word = Word.CANCELLED if cancelled else word_of_event(State(event.state))
    return PublicEntry(
        summary=summary_of(event, locale),
        uid=f"{event.slug}@{get_installation().settings.host}",
        sequence=event.public_version,
        changed_at=public_change_of(event),
        cancelled=word is not None,
        word=word_in(word, locale),
    )


def send_address(registration: Registration, *, now: datetime) -> None:
    """Send the URL of the private calendar, created if missing, at most once an hour."""
    feed, kind = lock_feed(registration.email_key, now=now), MailKind.CALENDAR_ADDRESS
    key = f"{kind}:{feed.public_id}:{now:%Y%m%d%H}"
    if not is_written(key):
        write_mail(kind, registration, registration.event, key=key, now=now)


def withdraw_address(registration: Registration) -> None:
    """Revoke the URL of the private calendar; the next one is another."""
    revoke_feed(registration.email_key)


def get_feed(token: str) -> PersonalFeed:
    """The private calendar of a URL. Raises LinkRefused, and LinkGone if it was revoked."""
    claim = get_installation().signer.read(Purpose.CALENDAR, token)
    feed = find_feed(claim.public_id)
    if feed is None or claim.epoch > feed.link_epoch:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    if claim.epoch < feed.link_epoch:
        text = N_(
            "This calendar address has been withdrawn. Your personal page sends you a new one."
        )
        raise LinkGone(Complaint(text))
    return feed


def entries_of(feed: PersonalFeed, locale: str, *, now: datetime) -> tuple[PublicEntry, ...]:
    """The entries of a private calendar, one per event."""
    found = (
        _entry(feed, own, locale, now=now) for own in _latest(own_events(feed.email_key, now=now))
    )
    return tuple(entry for entry in found if entry is not None)


def _latest(found: Iterable[OwnEvent]) -> Iterable[OwnEvent]:
    """Of several registrations for one event the active one, or else the one that ended last."""
    of_event: dict[int, OwnEvent] = {}
    for own in found:
        known = of_event.get(own.registration.event_id)
        if known is None or _rank(own.registration) > _rank(known.registration):
            of_event[own.registration.event_id] = own
    return of_event.values()


def _rank(person: Registration) -> tuple[bool, datetime, int]:
    return person.status in ACTIVE, person.status_at, person.id


def _entry(feed: PersonalFeed, own: OwnEvent, locale: str, *, now: datetime) -> PublicEntry | None:
    person, event = own.registration, own.registration.event
    status, state = Status(person.status), State(event.state)
    word = word_of_person(status, Awaits(person.awaits), state)
    changed_at = max(public_change_of(event), own.changed_at)
    called_off = status in ACTIVE and state in CALLED_OFF
    ended = called_off or status not in ACTIVE
    if _has_left(word, ended, changed_at, event.ends_at, now):
        return None
    settings = get_installation().settings
    return PublicEntry(
        summary=summary_in(event, person.mode, locale),
        uid=person_uid(settings.secret_key, feed.public_id, event.id, settings.host),
        sequence=person_sequence(
            event.public_version, created_at=event.created_at, at=own.changed_at
        ),
        changed_at=changed_at,
        cancelled=ended,
        private=True,
        tentative=word is not None,
        word=word_in(word, locale),
    )


def _has_left(
    word: Word | None, ended: bool, changed_at: datetime, ends_at: datetime, now: datetime
) -> bool:
    """Cancelled entries stay some weeks; entries of people who waited end with the event."""
    if ended:
        return max(changed_at, ends_at) + CALLED_OFF_STAYS <= now
    return word is not None and ends_at <= now
