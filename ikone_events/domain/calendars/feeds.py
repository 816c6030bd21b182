"""Calendar feeds: how long entries stay, their UIDs, sequences and labels.

UIDs of feeds are public to every subscriber; UIDs in mails are secret. They must differ.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status

# Google polls once a day at most, so cancelled events stay long enough to reach every program.
CALLED_OFF_STAYS = timedelta(weeks=6)
PAST_STAYS = timedelta(days=365)
MOST_EVENTS = 500
MOST_NEWS = 50


class Word(StrEnum):
    """A prefix of titles, for programs that do not show STATUS."""

    DRAFT = "draft"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    UNDECIDED = "undecided"
    OFFERED = "offered"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"


_WORDS: Mapping[Word, Mapping[str, str]] = {
    Word.DRAFT: {"de": "Entwurf", "en": "Draft"},
    Word.CANCELLED: {"de": "Abgesagt", "en": "Cancelled"},
    Word.POSTPONED: {"de": "Verschoben", "en": "Postponed"},
    Word.WAITING: {"de": "Warteliste", "en": "Waiting list"},
    Word.UNCONFIRMED: {
        "de": "E-Mail-Adresse nicht bestätigt",
        "en": "E-mail address not confirmed",
    },
    Word.UNDECIDED: {"de": "Zusage steht aus", "en": "To be approved"},
    Word.OFFERED: {"de": "Platz angeboten", "en": "Place offered"},
    Word.WITHDRAWN: {"de": "Abgemeldet", "en": "Withdrawn"},
    Word.DECLINED: {"de": "Abgelehnt", "en": "Declined"},
    Word.EXPIRED: {"de": "Verfallen", "en": "Expired"},
}
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
    """The prefix for everybody; None while the event takes place."""
    return _OF_EVENT.get(state)


def word_of_person(status: Status, awaits: Awaits, state: State) -> Word | None:
    """The prefix for one person; the event's state counts only for active registrations."""
    if status in ACTIVE and state in CALLED_OFF:
        return _OF_EVENT[state]
    if status is Status.PENDING and awaits is Awaits.ADDRESS:
        return Word.UNCONFIRMED
    return _OF_PERSON[status]


def word_for_office(state: State) -> Word | None:
    """The prefix in the calendar of the office, which shows drafts too."""
    return Word.DRAFT if state is State.DRAFT else word_of_event(state)


def word_in(word: Word | None, locale: str) -> str:
    """The prefix in a language, or an empty text."""
    return "" if word is None else _WORDS[word][locale]


def person_sequence(public_version: int, *, created_at: datetime, at: datetime) -> int:
    """The SEQUENCE for one person: the event's, plus seconds up to the last status change.

    `lock_version` is not used because it would reveal the number of registrations.
    """
    return public_version + max(0, int((at - created_at).total_seconds()))


def person_uid(secret_key: str, feed: str, event: int, host: str) -> str:
    """The UID of an event in one person's feed, unguessable like every UID.

    It depends on the event, not on the registration: registering again keeps the same entry.
    """
    message = f"personal feed\0{feed}\0{event}".encode()
    return f"{hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]}@{host}"


def webcal(address: str) -> str:
    """The webcal: address with which calendar programs subscribe."""
    return f"webcal://{address.partition('://')[2]}"


def in_language(address: str, locale: str) -> str:
    """The address of a feed or a public page in a language; German is the default."""
    return address if locale == "de" else f"{address}?lang={locale}"
