"""A person's private calendar over all events: asked for by mail, read by programs, withdrawn.

Its address goes to the mailbox of the registered address and nowhere else: whoever holds one
personal link, forwarded perhaps, must not learn what else the person is registered for.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, update

from ikone_events.domain.calendars.feeds import (
    CALLED_OFF,
    CALLED_OFF_STAYS,
    Word,
    person_sequence,
    person_uid,
    word_in,
    word_of_person,
)
from ikone_events.domain.calendars.invitation import PublicEntry
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_in
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.calendars.personal_feeds import (
    OwnEvent,
    PersonalFeed,
    find_feed,
    lock_feed,
    own_events,
)
from ikone_events.store.db import db, rows_written
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

_ACTIVE = frozenset(status.value for status in ACTIVE)


def send_address(registration: Registration, *, now: datetime) -> None:
    """Write the calendar's address to the person, at most once an hour; makes it if there is none.

    Nothing that is returned depends on whether there was one.
    """
    feed = lock_feed(registration.email_key, now=now)
    key = f"{MailKind.CALENDAR_ADDRESS}:{feed.public_id}:{now:%Y%m%d%H}"
    if db.session.scalar(select(OutboxMail.id).where(OutboxMail.key == key)) is None:
        write_mail(
            MailKind.CALENDAR_ADDRESS,
            registration,
            registration.event,
            key=key,
            now=now,
        )


def withdraw_address(registration: Registration) -> None:
    """Let the address that was sent show nothing any more; the next one asked for is another."""
    mine = update(PersonalFeed).where(PersonalFeed.email_key == registration.email_key)
    rows_written(mine.values(link_epoch=PersonalFeed.link_epoch + 1))


def get_feed(token: str) -> PersonalFeed:
    """The calendar behind an address. Raises LinkRefused, LinkGone for one that was withdrawn."""
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
    """One entry for each event, as things stand for this person."""
    found = (
        _entry(feed, own, locale, now=now) for own in _latest(own_events(feed.email_key, now=now))
    )
    return tuple(entry for entry in found if entry is not None)


def _latest(found: Iterable[OwnEvent]) -> Iterable[OwnEvent]:
    """Of several registrations for one event the one that counts, else the last to end."""
    of_event: dict[int, OwnEvent] = {}
    for own in found:
        known = of_event.get(own.registration.event_id)
        if known is None or _weight(own) > _weight(known):
            of_event[own.registration.event_id] = own
    return of_event.values()


def _weight(own: OwnEvent) -> tuple[bool, datetime, int]:
    person = own.registration
    return person.status in _ACTIVE, person.status_at, person.id


def _entry(feed: PersonalFeed, own: OwnEvent, locale: str, *, now: datetime) -> PublicEntry | None:
    person, event = own.registration, own.registration.event
    status, state = Status(person.status), State(event.state)
    word = word_of_person(status, Awaits(person.awaits), state)
    changed_at = max(event.changed_at, own.changed_at)
    called_off = status in ACTIVE and state in CALLED_OFF
    ended = called_off or status not in ACTIVE
    if _has_left(word, ended, changed_at, event.ends_at, now):
        return None
    settings = get_installation().settings
    return PublicEntry(
        summary=summary_in(event, person.mode, locale),
        uid=person_uid(settings.secret_key, feed.public_id, event.id, settings.host),
        sequence=person_sequence(
            event.edit_version,
            called_off=called_off,
            created_at=event.created_at,
            at=own.changed_at,
        ),
        changed_at=changed_at,
        cancelled=ended,
        tentative=word is not None,
        word=word_in(word, locale),
    )


def _has_left(
    word: Word | None, ended: bool, changed_at: datetime, ends_at: datetime, now: datetime
) -> bool:
    """What came to nothing stays some weeks; who still hoped when it was over had no date."""
    if ended:
        return max(changed_at, ends_at) + CALLED_OFF_STAYS <= now
    return word is not None and ends_at <= now
