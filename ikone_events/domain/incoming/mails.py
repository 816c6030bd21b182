"""What comes back by mail, as values: answers of calendars, bounces, absences.

Everything here was written by strangers: texts are bounded and plain, never markup, and no address
in them is ever fetched. What a mail may do is decided in `services/incoming`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IncomingKind(StrEnum):
    """What a program wrote to us about; anything else is a human's mail and is left alone."""

    ANSWER = "answer"
    BOUNCE = "bounce"
    ABSENCE = "absence"
    DAMAGED = "damaged"


class IncomingOutcome(StrEnum):
    """What became of a mail that was read."""

    TAKEN = "taken"  # the answer in force, or a bounce that marks its address
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
    UNKNOWN = "unknown"  # about nothing that we ever sent, or of a kind we do not know


class Method(StrEnum):
    """What an object asks for (RFC 5546 section 1.4); OTHER is whatever does not belong here."""

    REPLY = "REPLY"
    COUNTER = "COUNTER"
    REFRESH = "REFRESH"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What every mail brings: who sent it and which mails of ours it names.

    `digest` tells mails apart however often they are read. `references` are the Message-IDs it
    answers. `authenticated` is whether our own mail server vouches for the domain of `sender`
    (RFC 8601, dmarc=pass). `automatic`: written by a program (RFC 3834), without
    a person's press.
    """

    digest: str
    message_id: str
    sender: str
    received_at: datetime
    references: tuple[str, ...] = ()
    authenticated: bool = False
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarAnswer:
    """An iTIP object about one invitation. Title and times of a REPLY are never taken over."""

    envelope: Envelope
    method: Method
    uid: str
    attendee: str = ""
    partstat: str = ""
    sequence: int | None = None
    stamp: datetime | None = None
    comment: str = ""
    proposed_starts_at: datetime | None = None
    proposed_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery status notification about one recipient (RFC 3464).

    `original_message_id` is the mail it is about, `code` the enhanced status such as 5.1.1.
    """

    envelope: Envelope
    original_message_id: str
    recipient: str
    code: str
    permanent: bool
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An automatic reply to one of our mails: somebody is away."""

    envelope: Envelope
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A mail that claims to be an answer or a bounce and can't be read; `fault` says why."""

    envelope: Envelope
    fault: str


Incoming = CalendarAnswer | Bounce | Absence | Damaged
