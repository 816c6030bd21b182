"""Incoming mails as values: answers of calendars, bounces, absences.

All texts come from strangers: `bounded` cuts them to what can be stored, so that a NUL in a name or
the year 10000 can't block the mailbox. `services/incoming` decides what a mail may do.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from ikone_events.domain.calendars.invitation import MOST_SEQUENCE
from ikone_events.domain.header_text import clean_text, one_line

MOST_WORDS = 2000
MOST_REFERENCES = 50


class IncomingKind(StrEnum):
    """The kind of an automatic mail; mails of people are not read."""

    ANSWER = "answer"
    BOUNCE = "bounce"
    ABSENCE = "absence"
    LOOK = "look"
    DAMAGED = "damaged"


class BounceCause(StrEnum):
    """Why a mail was not delivered, in the groups that need different actions."""

    ADDRESS = "address"  # nobody reads mails at this address
    FULL = "full"  # the mailbox is full
    SENDER = "sender"  # the other server refuses mails of our domain
    OTHER = "other"


class IncomingOutcome(StrEnum):
    """The result of reading a mail."""

    TAKEN = "taken"  # the answer in force, or a bounce of a mail that is lost
    REPEATED = "repeated"  # an older or equal answer to the same date
    OLD_DATE = "old_date"  # answers what has been changed since
    OTHER_ADDRESS = "other_address"  # answered by somebody else than we invited
    ENDED = "ended"  # answers an invitation that has been withdrawn
    COUNTER = "counter"  # proposes another time
    DELEGATED = "delegated"
    REFRESH = "refresh"  # asks for the invitation once more
    TRIAL = "trial"  # the answer to an organiser's test invitation
    TEMPORARY = "temporary"  # a bounce that says "not yet"
    NOTED = "noted"  # an absence, for information
    UNCLEAR = "unclear"  # about one of our mails, but only a person can read what it says
    UNKNOWN = "unknown"  # about nothing that we ever sent, or of a kind we do not know


class Method(StrEnum):
    """What an object asks for (RFC 5546 section 1.4); OTHER is whatever does not belong here."""

    REPLY = "REPLY"
    COUNTER = "COUNTER"
    REFRESH = "REFRESH"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The sender of a mail and the mails of ours that it refers to.

    `digest` identifies a mail across repeated readings. `references` are the Message-IDs it
    answers. `authenticated` is whether our own mail server vouches for the domain of `sender`
    (RFC 8601, dmarc=pass). `automatic`: written by a program (RFC 3834).
    """

    digest: str
    message_id: str
    sender: str
    received_at: datetime
    references: tuple[str, ...] = ()
    authenticated: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class AttendeeAnswer:
    """One ATTENDEE of an answer; `partstat` is "" if it is missing or unknown."""

    address: str
    partstat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAnswer:
    """An iTIP object about one invitation. Title and times of a REPLY are ignored.

    RFC 5546 allows one ATTENDEE in a REPLY; some programs write several. `attendee` and `partstat`
    are those of the sender, and `attendees` holds all of them, so that the invited one is found.
    """

    envelope: Envelope
    method: Method
    uid: str
    attendee: str = ""
    partstat: str = ""
    attendees: tuple[AttendeeAnswer, ...] = ()
    sequence: int | None = None
    stamp: datetime | None = None
    comment: str = ""
    proposed_starts_at: datetime | None = None
    proposed_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery status notification about one recipient (RFC 3464).

    `original_message_id` is the mail it is about, `code` the enhanced status such as 5.1.1. `lost`:
    the server has given up, whatever the class of the code; otherwise the mail is late.
    """

    envelope: Envelope
    original_message_id: str
    recipient: str
    code: str
    lost: bool
    cause: BounceCause = BounceCause.OTHER
    words: str = ""

    @property
    def marks_address(self) -> bool:
        """Whether further mails to this address are pointless."""
        return self.lost and self.cause is BounceCause.ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An automatic reply to one of our mails: somebody is away."""

    envelope: Envelope
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedMail:
    """A mail of a mail server without a delivery status, which a person has to read.

    `message_ids` are those of the mails it returns or quotes, `addresses` those in its text.
    """

    envelope: Envelope
    message_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A mail that claims to be an answer or a bounce and can't be read; `fault` says why.

    `uid` and `message_ids` show whose it is, as far as they can be read.
    """

    envelope: Envelope
    fault: str
    uid: str = ""
    message_ids: tuple[str, ...] = ()


Incoming = CalendarAnswer | Bounce | Absence | ReturnedMail | Damaged


def bounded(found: Incoming) -> Incoming:
    """The same mail with texts, numbers and moments that can be stored; raises nothing."""
    envelope = _envelope(found.envelope)
    if isinstance(found, CalendarAnswer):
        return _answer(replace(found, envelope=envelope))
    if isinstance(found, Bounce):
        return replace(
            found,
            envelope=envelope,
            original_message_id=_line(found.original_message_id, 250),
            recipient=_line(found.recipient, 254),
            code=_line(found.code, 12),
            words=_words(found.words),
        )
    if isinstance(found, Absence | ReturnedMail):
        return replace(found, envelope=envelope, words=_words(found.words))
    return replace(found, envelope=envelope, fault=_words(found.fault), uid=_line(found.uid, 250))


def _line(text: str, most: int) -> str:
    """A text in one line of at most `most` characters."""
    return one_line(text)[:most]


def _words(text: str) -> str:
    """A text of several lines of at most MOST_WORDS characters."""
    return clean_text(text).strip()[:MOST_WORDS]


def _answer(answer: CalendarAnswer) -> CalendarAnswer:
    sequence = answer.sequence
    return replace(
        answer,
        uid=_line(answer.uid, 250),
        attendee=_line(answer.attendee, 254),
        partstat=_line(answer.partstat, 14).upper(),
        attendees=tuple(
            AttendeeAnswer(_line(each.address, 254), _line(each.partstat, 14).upper())
            for each in answer.attendees
        ),
        sequence=None if sequence is None else min(max(sequence, 0), MOST_SEQUENCE),
        stamp=_moment(answer.stamp),
        comment=_words(answer.comment),
        proposed_starts_at=_moment(answer.proposed_starts_at),
        proposed_ends_at=_moment(answer.proposed_ends_at),
    )


def _envelope(envelope: Envelope) -> Envelope:
    return replace(
        envelope,
        message_id=_line(envelope.message_id, 250),
        sender=_line(envelope.sender, 254),
        references=tuple(_line(name, 250) for name in envelope.references[-MOST_REFERENCES:]),
    )


def _moment(moment: datetime | None) -> datetime | None:
    """The moment in UTC; None without a zone or outside the calendar."""
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
