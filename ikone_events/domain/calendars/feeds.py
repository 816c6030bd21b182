"""What stands in calendars to subscribe to: how long, under which UID, and with which words.

Nothing here is a mail's: a UID of a mail is a secret, and those of feeds are told to everybody
who has the feed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status

# Google asks once a day at most: what is called off is told long enough to reach every program.
CALLED_OFF_STAYS = timedelta(weeks=6)
PAST_STAYS = timedelta(days=365)
MOST_EVENTS = 500
MOST_NEWS = 50
CALLED_OFF = frozenset({State.CANCELLED, State.POSTPONED})


class Word(StrEnum):
    """What stands before a title, for programs that show no STATUS."""

    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    UNDECIDED = "undecided"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"


_WORDS: Mapping[str, Mapping[Word, str]] = MappingProxyType(
    {
        "de": {
            Word.CANCELLED: "Abgesagt",
            Word.POSTPONED: "Verschoben",
            Word.WAITING: "Warteliste",
            Word.UNCONFIRMED: "E-Mail-Adresse nicht bestätigt",
            Word.UNDECIDED: "Zusage steht aus",
            Word.OFFERED: "Platz angeboten",
            Word.WITHDRAWN: "Abgemeldet",
            Word.DECLINED: "Abgelehnt",
            Word.EXPIRED: "Verfallen",
        },
        "en": {
            Word.CANCELLED: "Cancelled",
            Word.POSTPONED: "Postponed",
            Word.WAITING: "Waiting list",
            Word.UNCONFIRMED: "E-mail address not confirmed",
            Word.UNDECIDED: "To be approved",
            Word.OFFERED: "Place offered",
            Word.WITHDRAWN: "Withdrawn",
            Word.DECLINED: "Declined",
            Word.EXPIRED: "Expired",
        },
    }
)
_OF_EVENT = {State.CANCELLED: Word.CANCELLED, State.POSTPONED: Word.POSTPONED}
_OF_PERSON = {
    Status.CONFIRMED: None,
    Status.WAITLISTED: Word.WAITING,
    Status.PENDING: Word.UNDECIDED,
    Status.OFFERED: Word.OFFERED,
    Status.CANCELLED: Word.WITHDRAWN,
    Status.DECLINED: Word.DECLINED,
    Status.EXPIRED: Word.EXPIRED,
}


def word_of_event(state: State) -> Word | None:
    """The word for everybody; None while the event takes place."""
    return _OF_EVENT.get(state)


def word_of_person(status: Status, awaits: Awaits, state: State) -> Word | None:
    """The word for one person; who has gone needs no news of the event."""
    if status in ACTIVE and state in CALLED_OFF:
        return _OF_EVENT[state]
    if status is Status.PENDING and awaits is Awaits.ADDRESS:
        return Word.UNCONFIRMED
    return _OF_PERSON[status]


def word_in(word: Word | None, locale: str) -> str:
    """The word in one language; empty where there is none."""
    return "" if word is None else _WORDS[locale][word]


def event_sequence(edit_version: int, *, called_off: bool) -> int:
    """An edit raises it by two and calling off by one, so that it only ever rises."""
    return 2 * edit_version + called_off


def person_sequence(
    edit_version: int, *, called_off: bool, created_at: datetime, at: datetime
) -> int:
    """Rises with the event and with the person's standing; in seconds, it fits 31 bits for long.

    Not by the event's counter of writes, which would tell how many people have registered.
    """
    since = max(0, int((at - created_at).total_seconds()))
    return event_sequence(edit_version, called_off=called_off) + since


def person_uid(secret_key: str, feed: str, event: int, host: str) -> str:
    """The UID of an event in one person's feed; nobody can tell it from any other UID of ours.

    One for each event and not for each registration: who withdraws and returns has one entry.
    """
    message = f"personal feed\0{feed}\0{event}".encode()
    return f"{hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]}@{host}"


def webcal(address: str) -> str:
    """The address as a calendar program opens it to subscribe."""
    return f"webcal://{address.partition('://')[2]}"


def in_language(address: str, locale: str) -> str:
    """The address that gives a feed in this language; the usual one needs no word for it."""
    return address if locale == "de" else f"{address}?lang={locale}"
