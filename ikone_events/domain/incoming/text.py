"""What strangers wrote, cut to what can be stored and compared; nothing here can fail.

The parsers have looked at it before. This is the last net: a NUL in a name or the year 10000 would
stop the whole mailbox at one mail.
"""

from dataclasses import replace
from datetime import UTC, datetime

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.incoming.mails import Absence, Bounce, CalendarAnswer, Envelope, Incoming

MOST_WORDS = 2000
MOST_REFERENCES = 50
_MOST_SEQUENCE = 2**31 - 1


def bounded(found: Incoming) -> Incoming:
    """The same mail with texts of one line where a line is meant, and numbers that fit."""
    envelope = _envelope(found.envelope)
    if isinstance(found, CalendarAnswer):
        return _answer(replace(found, envelope=envelope))
    if isinstance(found, Bounce):
        return replace(
            found,
            envelope=envelope,
            original_message_id=line(found.original_message_id, 250),
            recipient=line(found.recipient, 254),
            code=line(found.code, 12),
            words=words(found.words),
        )
    if isinstance(found, Absence):
        return replace(found, envelope=envelope, words=words(found.words))
    return replace(found, envelope=envelope, fault=words(found.fault))


def line(text: str, most: int) -> str:
    """A text as one short line."""
    return one_line(text)[:most]


def words(text: str) -> str:
    """A text of several lines, not too long."""
    return clean_text(text).strip()[:MOST_WORDS]


def _answer(answer: CalendarAnswer) -> CalendarAnswer:
    sequence = answer.sequence
    return replace(
        answer,
        uid=line(answer.uid, 250),
        attendee=line(answer.attendee, 254),
        partstat=line(answer.partstat, 14).upper(),
        sequence=None if sequence is None else min(max(sequence, 0), _MOST_SEQUENCE),
        stamp=_moment(answer.stamp),
        comment=words(answer.comment),
        proposed_starts_at=_moment(answer.proposed_starts_at),
        proposed_ends_at=_moment(answer.proposed_ends_at),
    )


def _envelope(envelope: Envelope) -> Envelope:
    return replace(
        envelope,
        message_id=line(envelope.message_id, 250),
        sender=line(envelope.sender, 254),
        references=tuple(line(name, 250) for name in envelope.references[-MOST_REFERENCES:]),
    )


def _moment(moment: datetime | None) -> datetime | None:
    """In UTC; what has no zone or lies outside of all calendars says nothing."""
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
