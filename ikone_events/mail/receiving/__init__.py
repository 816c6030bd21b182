"""Received mails: from bytes to what a program wrote; mails of people are not read.

Nothing is fetched, rendered or trusted. The limits are well above what calendars and mail servers
send; a mail beyond them is left in the mailbox.
"""

import re
from datetime import datetime
from email import message_from_bytes
from email.policy import compat32

from ikone_events.domain.incoming.mails import Absence, Damaged, Envelope, Incoming
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.bounces import bounce_of, returned_mail_of
from ikone_events.mail.receiving.calendars import answer_of
from ikone_events.mail.receiving.envelope import bare_envelope, envelope_of
from ikone_events.mail.receiving.message import (
    Mail,
    content,
    leaves,
    plain_text,
    text,
    value,
    words,
)

# Larger mails are not fetched: an answer has some kilobytes, a bounce with our mail some dozens.
MOST_BYTES = 2 * 1024 * 1024
# The parser compares each line with each open container.
_MOST_CONTAINERS = 40
_MOST_LINES = 60_000
_CONTAINER = re.compile(rb"multipart/|message/", re.IGNORECASE)
_FOR_PROGRAMS = re.compile(
    rb"method[=:]\s*\"?(?:reply|counter|refresh)\b|message/(?:global-)?delivery-status",
    re.IGNORECASE,
)
UNREADABLE = N_("The e-mail can't be read by a program.")
ONLY_OUTLOOK = N_("The answer can only be read in Outlook (winmail.dat).")
_OUTLOOK_ANSWERS = (b"IPM.Microsoft Schedule.MtgResp", b"IPM.Schedule.Meeting.Resp")


def receive(raw: bytes, *, received_at: datetime, authserv_id: str = "") -> Incoming | None:
    """Parse a mail; None if it is not for programs. Never raises.

    `authserv_id` is the name of our own mail server in Authentication-Results; without it no sender
    is authenticated. The policy compat32 parses headers only on access and raises for none.
    """
    lines = max(raw.count(b"\n"), raw.count(b"\r"))
    if len(raw) > MOST_BYTES or lines > _MOST_LINES:
        return None
    if len(_CONTAINER.findall(raw)) > _MOST_CONTAINERS:
        return None
    try:
        mail = message_from_bytes(raw, policy=compat32)
        envelope = envelope_of(mail, raw, received_at=received_at, authserv_id=authserv_id)
        return (
            answer_of(mail, envelope)
            or bounce_of(mail, envelope)
            or _outlook_answer_of(mail, envelope)
            or returned_mail_of(mail, envelope)
            or _absence_of(mail, envelope)
        )
    except Exception:  # noqa: BLE001 - the content is foreign and must not stop the reader
        if not _FOR_PROGRAMS.search(raw):
            return None
        return Damaged(envelope=bare_envelope(raw, received_at=received_at), fault=UNREADABLE)


def _outlook_answer_of(mail: Mail, envelope: Envelope) -> Damaged | None:
    """An answer in Outlook's own format (winmail.dat, TNEF), which only Outlook can read.

    The format is not parsed: the message class is plain text in it.
    """
    for part in leaves(mail):
        if _is_winmail(part) and any(name in content(part) for name in _OUTLOOK_ANSWERS):
            return _damaged(envelope, ONLY_OUTLOOK)
    return None


def _damaged(envelope: Envelope, fault: str) -> Damaged:
    return Damaged(envelope=envelope, fault=fault, message_ids=envelope.references)


def _is_winmail(part: Mail) -> bool:
    headers = (value(part, "content-type") + value(part, "content-disposition")).lower()
    return part.get_content_type().endswith("/ms-tnef") or "winmail.dat" in headers


def _absence_of(mail: Mail, envelope: Envelope) -> Absence | None:
    """An automatic reply (RFC 3834) that refers to a mail; receipts and other reports are none."""
    is_report = mail.get_content_type() == "multipart/report"
    if not envelope.automatic or not envelope.references or is_report:
        return None
    passages = (text(mail, "subject"), plain_text(mail))
    return Absence(envelope=envelope, words=words("\n".join(filter(None, passages))))
