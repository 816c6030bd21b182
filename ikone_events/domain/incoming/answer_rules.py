"""The outcome of a calendar's answer, derived from facts (RFC 5546 section 2.1.5).

Only TAKEN may change something: anybody could have written the mail, so odd answers are shown to
organisers and have no effect.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from ikone_events.domain.address import email_key
from ikone_events.domain.incoming.mails import CalendarAnswer, IncomingOutcome, Method

ACCEPTED, DECLINED, TENTATIVE = "ACCEPTED", "DECLINED", "TENTATIVE"
ANSWERS = (ACCEPTED, DECLINED, TENTATIVE)
DELEGATED = "DELEGATED"

# Outcomes that an organiser has to look at.
FOR_EYES = frozenset(
    {
        IncomingOutcome.OTHER_ADDRESS,
        IncomingOutcome.OLD_DATE,
        IncomingOutcome.COUNTER,
        IncomingOutcome.DELEGATED,
        IncomingOutcome.UNCLEAR,
        IncomingOutcome.UNKNOWN,
    }
)


class AnswerOrder(NamedTuple):
    """The order of answers to one date: by when they were given, then received."""

    given_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """The invitation that an answer is about.

    `address` is the invited address, `live` whether the invitation is valid. Objects from the
    sequence `since` on, written at `told_at`, contain the current date: mails about the same date
    raise the sequence too, and answers to each of them count. `latest` is the order of the answer
    in force.
    """

    address: str
    live: bool
    since: int
    told_at: datetime | None = None
    latest: AnswerOrder | None = None


def order_of(answer: CalendarAnswer) -> AnswerOrder:
    """The place of an answer in the order."""
    return order_by(answer.stamp, answer.envelope.received_at)


def order_by(stamp: datetime | None, received_at: datetime) -> AnswerOrder:
    """The place of an answer by its DTSTAMP, or by its arrival without one.

    A DTSTAMP after the arrival (a wrong clock) counts as the arrival.
    """
    return AnswerOrder(min(stamp or received_at, received_at), received_at)


def same_person(one: str, other: str) -> bool:
    """Whether two addresses are the same mailbox, ignoring `mailto:`, case and plus tags."""
    return bool(one and other) and _mailbox(one) == _mailbox(other)


def _mailbox(address: str) -> str:
    text = address.strip()
    if text[:7].casefold() == "mailto:":
        text = text[7:]
    local, at, domain = email_key(text).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def answered_by(answer: CalendarAnswer, address: str) -> bool:
    """Whether the invited person answers, according to the object or to the sender.

    Exchange puts an alias into the object, and forwarded answers come from another mailbox.
    """
    return same_person(answer.attendee, address) or same_person(answer.envelope.sender, address)


def is_proved(answer: CalendarAnswer, address: str) -> bool:
    """Whether our mail server has authenticated the invited address as the sender."""
    envelope = answer.envelope
    return envelope.authenticated and same_person(envelope.sender, address)


def answer_of_invited(answer: CalendarAnswer, address: str) -> CalendarAnswer:
    """The answer with the invited one of its attendees, if there are several."""
    for each in answer.attendees:
        if len(answer.attendees) > 1 and same_person(each.address, address):
            return replace(answer, attendee=each.address, partstat=each.partstat)
    return answer


def judge(answer: CalendarAnswer, invited: Invited) -> IncomingOutcome:
    """The outcome of an answer to an invitation."""
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
    """Whether an answer is about the current date.

    Some programs raise the sequence themselves, so higher ones count. Without a sequence the answer
    must be later than the first mail with the current date.
    """
    if sequence is not None:
        return sequence >= invited.since
    return invited.told_at is None or order.given_at >= invited.told_at


def _odd(answer: CalendarAnswer) -> IncomingOutcome | None:
    """The outcome of anything but a plain answer or a REFRESH; None for those."""
    if answer.method is Method.COUNTER:
        return IncomingOutcome.COUNTER
    if answer.method is Method.REFRESH:
        return None
    if answer.method is not Method.REPLY:
        return IncomingOutcome.UNCLEAR
    if answer.partstat == DELEGATED:
        return IncomingOutcome.DELEGATED
    return None if answer.partstat in ANSWERS else IncomingOutcome.UNCLEAR
