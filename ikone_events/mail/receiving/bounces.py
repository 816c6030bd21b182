"""Bounces: delivery status notifications (RFC 3464)."""

import re
from email import message_from_bytes
from email.policy import compat32

from ikone_events.domain.header_text import one_line
from ikone_events.domain.incoming.mails import Bounce, Damaged, Envelope
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.message import Mail, content, leaves, message_ids, value, words

UNCLEAR = N_("The report on an e-mail does not say what happened to it.")
_HARMLESS = frozenset({"delivered", "relayed", "expanded"})
_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?!\d)")
_MOST_HEADERS = 64 * 1024
_MOST_ADDRESS = 254


def bounce_of(mail: Mail, envelope: Envelope) -> Bounce | Damaged | None:
    """The bounce in this mail. A report that a mail was delivered or read is none."""
    parts = leaves(mail)
    status = next((p for p in parts if p.get_content_type() == "message/delivery-status"), None)
    if status is None:
        return None
    groups = [group for group in _fields(status) if value(group, "action")]
    if not groups:
        return Damaged(envelope=envelope, fault=UNCLEAR)
    group = min(groups, key=_gravity)
    action, code = _action(group), _code(group)
    if action in _HARMLESS:
        return None
    return Bounce(
        envelope=envelope,
        original_message_id=_original_id(parts, envelope),
        recipient=_recipient(group),
        code=code,
        permanent=action == "failed" and code.startswith("5."),
        words=words(_typed(value(group, "diagnostic-code"))),
    )


def _fields(status: Mail) -> list[Mail]:
    """The groups of fields: one about the mail, one per recipient; our mails have one recipient."""
    groups = status.get_payload()
    return [g for g in groups if isinstance(g, Mail)] if isinstance(groups, list) else []


def _action(group: Mail) -> str:
    return value(group, "action").partition(" ")[0].strip().lower()


def _code(group: Mail) -> str:
    found = _STATUS.match(value(group, "status"))
    return found[1] if found else ""


def _gravity(group: Mail) -> int:
    """Sort key: permanent failures first."""
    action = _action(group)
    if action == "failed":
        return 0 if _code(group).startswith("5.") else 1
    return 3 if action in _HARMLESS else 2


def _recipient(group: Mail) -> str:
    """The address of our mail, or else the one it was forwarded to."""
    address = value(group, "original-recipient") or value(group, "final-recipient")
    return one_line(_typed(address)).strip("<>")[:_MOST_ADDRESS]


def _typed(field: str) -> str:
    """The value of a field without its type: `rfc822; a@b`, `smtp; 550 …`."""
    kind, mark, rest = field.partition(";")
    return rest.strip() if mark and " " not in kind.strip() else field


def _original_id(parts: list[Mail], envelope: Envelope) -> str:
    """The Message-ID of our mail, from its returned headers or from the report's references."""
    for part in parts:
        ids = [i for mail in _returned(part) for i in message_ids(mail, "message-id")]
        if ids:
            return ids[0]
    return next(iter(envelope.references), "")


def _returned(part: Mail) -> list[Mail]:
    kind = part.get_content_type()
    if kind in ("message/rfc822", "message/global"):
        return _fields(part)
    if kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
        return [message_from_bytes(content(part)[:_MOST_HEADERS], policy=compat32)]
    return []
