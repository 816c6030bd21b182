"""From the bytes of a mail to what a program told us; None for whatever a person wrote.

Nothing here fetches, renders or trusts anything. The limits are those of what calendars and mail
servers really send: beyond them a mail is a person's, or nobody's, and stays where it is.
"""

import re
from datetime import datetime
from email import message_from_bytes
from email.policy import compat32

from ikone_events.domain.incoming.mails import Damaged, Incoming
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.absences import absence_of
from ikone_events.mail.receiving.bounces import bounce_of
from ikone_events.mail.receiving.calendars import answer_of
from ikone_events.mail.receiving.envelope import bare_envelope, envelope_of
from ikone_events.mail.receiving.winmail import outlook_answer_of

# Whatever is larger is not even fetched: an answer has some kilobytes, a bounce that returns one
# of our mails some dozens.
MOST_BYTES = 2 * 1024 * 1024
# The parser of mails compares each line with each container that is open.
_MOST_CONTAINERS = 40
_MOST_LINES = 60_000
_CONTAINER = re.compile(rb"multipart/|message/", re.IGNORECASE)
_FOR_PROGRAMS = re.compile(
    rb"method[=:]\s*\"?(?:reply|counter|refresh)\b|message/delivery-status", re.IGNORECASE
)
UNREADABLE = N_("The mail can't be read by a program.")


def receive(raw: bytes, *, received_at: datetime, authserv_id: str = "") -> Incoming | None:
    """What this mail tells us; never raises.

    `authserv_id` is the name under which our own mail server says whom it believes; without it
    nobody is authenticated. The parser's old policy is the robust one: it looks at no header
    before it is asked to, and raises for none.
    """
    if not _is_bounded(raw):
        return None
    try:
        return _found(raw, received_at=received_at, authserv_id=authserv_id)
    except Exception:  # noqa: BLE001 - strangers wrote it; nothing in it may stop us
        return unreadable(raw, received_at=received_at)


def _is_bounded(raw: bytes) -> bool:
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    containers = len(_CONTAINER.findall(raw))
    return len(raw) <= MOST_BYTES and lines <= _MOST_LINES and containers <= _MOST_CONTAINERS


def unreadable(raw: bytes, *, received_at: datetime) -> Damaged | None:
    """A mail on which we stumbled: damaged if it is for programs at all, else a person's."""
    if not _FOR_PROGRAMS.search(raw):
        return None
    return Damaged(envelope=bare_envelope(raw, received_at=received_at), fault=UNREADABLE)


def _found(raw: bytes, *, received_at: datetime, authserv_id: str) -> Incoming | None:
    mail = message_from_bytes(raw, policy=compat32)
    envelope = envelope_of(mail, raw, received_at=received_at, authserv_id=authserv_id)
    return (
        answer_of(mail, envelope)
        or bounce_of(mail, envelope)
        or outlook_answer_of(mail, envelope)
        or absence_of(mail, envelope)
    )
