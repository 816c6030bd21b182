"""What an answer of a calendar counts for: facts in, an outcome out (RFC 5546 section 2.1.5).

Nothing here changes anything, and no outcome but TAKEN may: a calendar answers by a mail that
anybody could have written, so what is odd is shown to people and never acted on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ikone_events.domain.address import email_key
from ikone_events.domain.incoming.mails import CalendarAnswer, IncomingOutcome, Method

ACCEPTED, DECLINED, TENTATIVE = "ACCEPTED", "DECLINED", "TENTATIVE"
ANSWERS = (ACCEPTED, DECLINED, TENTATIVE)
DELEGATED = "DELEGATED"

# What somebody has to look at: nothing happens by itself.
FOR_EYES = frozenset(
    {
        IncomingOutcome.OTHER_ADDRESS,
        IncomingOutcome.OLD_DATE,
        IncomingOutcome.COUNTER,
        IncomingOutcome.DELEGATED,
        IncomingOutcome.UNKNOWN,
    }
)


class AnswerOrder(NamedTuple):
    """What orders the answers to one date: when they were given, then when they arrived."""

    given_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The invitation that an answer is about, as it stands now.

    `address` is whom we invited; `live` whether the invitation holds. From the sequence `since` on,
    written at `told_at`, its objects have told the date in force: mails about the same date raise
    the counter too, and who answers the one before has answered nevertheless. `latest` is the place
    of the answer in force.
    """

    address: str
    live: bool
    since: int
    told_at: datetime | None = None
    latest: AnswerOrder | None = None


def order_of(answer: CalendarAnswer) -> AnswerOrder:
    """Its place in the order."""
    return order_by(answer.stamp, answer.envelope.received_at)


def order_by(stamp: datetime | None, received_at: datetime) -> AnswerOrder:
    """The place of an answer by its DTSTAMP; one without was given when it arrived.

    None was given after that: a clock that goes wrong would decide for ever.
    """
    return AnswerOrder(min(stamp or received_at, received_at), received_at)


def same_person(one: str, other: str) -> bool:
    """Whether two addresses reach the same mailbox: without `mailto:`, case and plus tags."""
    return bool(one and other) and _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> str:
    text = address.strip()
    if text[:7].casefold() == "mailto:":
        text = text[7:]
    local, at, domain = email_key(text).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def answered_by(answer: CalendarAnswer, address: str) -> bool:
    """Whether the one whom we invited answers: as the object says, or else as the mail does.

    Exchange puts an alias into the object, and who forwards sends from another mailbox.
    """
    return same_person(answer.attendee, address) or same_person(answer.envelope.sender, address)


def is_proved(answer: CalendarAnswer, address: str) -> bool:
    """Whether our own mail server vouches that the mail comes from the address we invited."""
    envelope = answer.envelope
    return envelope.authenticated and same_person(envelope.sender, address)


def judge(answer: CalendarAnswer, invited: Invited) -> IncomingOutcome:
    """What an answer to an invitation of ours counts for."""
    if not invited.live:
        return IncomingOutcome.ENDED
    if odd := _odd(answer):
        return odd
    if not answered_by(answer, invited.address):
        return IncomingOutcome.OTHER_ADDRESS
    return (
        IncomingOutcome.REFRESH if answer.method is Method.REFRESH else _in_order(answer, invited)
    )


def _in_order(answer: CalendarAnswer, invited: Invited) -> IncomingOutcome:
    order = order_of(answer)
    if not counts_for_date(answer.sequence, order, invited):
        return IncomingOutcome.OLD_DATE
    if invited.latest is not None and order < invited.latest:
        return IncomingOutcome.REPEATED
    return IncomingOutcome.TAKEN


def counts_for_date(sequence: int | None, order: AnswerOrder, invited: Invited) -> bool:
    """Whether an answer is to the date in force.

    Some programs raise the sequence themselves, so a higher one is as good. Without any, an answer
    that was given before we told the date can't be to it.
    """
    if sequence is not None:
        return sequence >= invited.since
    return invited.told_at is None or order.given_at >= invited.told_at


def _odd(answer: CalendarAnswer) -> IncomingOutcome | None:
    """What is no answer to "will you come"; None for a plain one, and for a wish to be asked."""
    if answer.method is Method.COUNTER:
        return IncomingOutcome.COUNTER
    if answer.method is Method.REFRESH:
        return None
    if answer.method is not Method.REPLY:
        return IncomingOutcome.UNKNOWN
    if answer.partstat == DELEGATED:
        return IncomingOutcome.DELEGATED
    return None if answer.partstat in ANSWERS else IncomingOutcome.UNKNOWN
