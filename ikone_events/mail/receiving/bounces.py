"""Bounces: delivery status notifications (RFC 3464, RFC 6533), and other mails of servers."""

import re
from base64 import b64decode
from email import message_from_bytes
from email.errors import MissingHeaderBodySeparatorDefect
from email.policy import compat32

from ikone_events.domain.header_text import one_line
from ikone_events.domain.incoming.bounce_rules import cause_of, status_code
from ikone_events.domain.incoming.mails import Bounce, Damaged, Envelope, ReturnedMail
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.envelope import is_of_mail_server
from ikone_events.mail.receiving.message import (
    Mail,
    content,
    decoded,
    leaves,
    message_ids,
    parameter,
    value,
    words,
)

UNCLEAR = N_("The report on an e-mail does not say what happened to it.")
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_TYPES = frozenset({"message/rfc822", "message/global"})
_HEADER_TYPES = frozenset(
    {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
)
# Reports with a form of their own; those that are no bounces report a success or a receipt.
_REPORT_TYPES = _STATUS_TYPES | {"message/disposition-notification"}
_HARMLESS = frozenset({"delivered", "relayed", "expanded"})
_TELLING = ("action", "status", "diagnostic-code")
_MOST_STATUS = 64 * 1024
_MOST_GROUPS = 50
_MOST_TEXT = 128 * 1024
_MOST_ADDRESS = 254
_MOST_NAMED = 20

# RFC 5322 section 4.5 allows spaces before the colon.
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*(.*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_QUOTED_ID = re.compile(r"message-id[ \t]*:\s{0,3}(<[!-;=?-~]{1,248}>)", re.IGNORECASE)
_NAMED_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")

Fields = dict[str, str]


def bounce_of(mail: Mail, envelope: Envelope) -> Bounce | Damaged | None:
    """The bounce in this mail. A report that a mail was delivered or read is none."""
    parts = leaves(mail)
    status = next((p for p in parts if p.get_content_type() in _STATUS_TYPES), None)
    if status is None:
        return None
    groups = [group for group in _groups(status) if any(map(group.get, _TELLING))]
    names = _original_ids(parts, envelope)
    if not any(map(_action, groups)):
        return Damaged(envelope=envelope, fault=UNCLEAR, message_ids=names)
    group = min(filter(_action, groups), key=_gravity)
    action, code, diagnosis = _action(group), _code(group), _diagnosis(group)
    if action in _HARMLESS:
        return None
    return Bounce(
        envelope=envelope,
        original_message_id=next(iter(names), ""),
        recipient=_recipient(group),
        code=code,
        lost=action == "failed",
        cause=cause_of(code, diagnosis),
        words=words(diagnosis),
    )


def _groups(status: Mail) -> list[Fields]:
    """The groups of fields: one about the mail, one per recipient; our mails have one recipient.

    Fields are read line by line: an odd line hides none of the others.
    """
    groups: list[Fields] = [{}]
    name = ""
    for line in _lines(status):
        field = _FIELD.match(line)
        if not line.strip():
            groups.append({})
            name = ""
        elif line[0] in " \t" and name:
            groups[-1][name] += " " + line.strip()
        elif field:
            name = field[1].lower()
            groups[-1].setdefault(name, field[2].strip())
    return [group for group in groups if group][:_MOST_GROUPS]


def _lines(status: Mail) -> list[str]:
    text = _text_of(status, own_headers=False)[:_MOST_STATUS]
    if ":" not in text and _BASE64.fullmatch(text):
        text = b64decode(text + "==").decode("utf-8", "replace")
    return text.splitlines()


def _text_of(part: Mail, *, own_headers: bool = True) -> str:
    """The text of a part again, of which the parser made headers, bodies and further parts."""
    inside = part.get_payload()
    body = "" if isinstance(inside, list) else str(inside or "")
    body = body or "\n".join(map(_text_of, _mails_in(part)))
    if not own_headers:
        return body
    head = "".join(f"{name}: {line}\n" for name, line in part.raw_items())
    odd = any(isinstance(fault, MissingHeaderBodySeparatorDefect) for fault in part.defects)
    return head + ("" if odd else "\n") + body


def _mails_in(part: Mail) -> list[Mail]:
    inside = part.get_payload()
    return [each for each in inside if isinstance(each, Mail)] if isinstance(inside, list) else []


def _action(group: Fields) -> str:
    """What happened; servers that leave it out say so by the class of their code."""
    if given := group.get("action", "").partition(" ")[0].partition(";")[0].strip().lower():
        return given
    return {"5": "failed", "4": "delayed"}.get(_code(group)[:1], "")


def _code(group: Fields) -> str:
    return status_code(group.get("status", ""), _diagnosis(group))


def _diagnosis(group: Fields) -> str:
    return one_line(_typed(group.get("diagnostic-code", "")))


def _gravity(group: Fields) -> int:
    """Sort key: lost mails first, then by the class of the code."""
    action = _action(group)
    if action == "failed":
        return 0 if _code(group).startswith("5.") else 1
    return 3 if action in _HARMLESS else 2


def _recipient(group: Fields) -> str:
    """The address of our mail, or else the one it was forwarded to."""
    address = group.get("original-recipient") or group.get("final-recipient", "")
    return one_line(_typed(address)).strip("<>")[:_MOST_ADDRESS]


def _typed(field: str) -> str:
    """The value of a field without its type: `rfc822; a@b`, `smtp; 550 …`."""
    kind, mark, rest = field.partition(";")
    return rest.strip() if mark and " " not in kind.strip() else field


def _original_ids(parts: list[Mail], envelope: Envelope) -> tuple[str, ...]:
    """The Message-IDs of our mail, from its returned headers, then from the report's references."""
    returned = (
        name
        for part in parts
        for mail in _returned(part)
        for name in message_ids(mail, "message-id")
    )
    return tuple(dict.fromkeys((*returned, *envelope.references)))[:_MOST_NAMED]


def _returned(part: Mail) -> list[Mail]:
    kind = part.get_content_type()
    if kind in _RETURNED_TYPES:
        return _mails_in(part)
    if kind in _HEADER_TYPES:
        return [message_from_bytes(content(part)[:_MOST_STATUS], policy=compat32)]
    return []


def returned_mail_of(mail: Mail, envelope: Envelope) -> ReturnedMail | None:
    """A mail of a mail server in words of its own: only a person can read what it says.

    Nothing is concluded from its text, whose forms are many and old. It names our mail by a
    Message-ID, or else the address by its text.
    """
    parts = leaves(mail)
    if not is_of_mail_server(mail) or any(p.get_content_type() in _REPORT_TYPES for p in parts):
        return None
    text = "\n".join(_readable(part) for part in parts)[:_MOST_TEXT]
    names = (*_original_ids(parts, envelope), *_QUOTED_ID.findall(text))
    addresses = (value(mail, "x-failed-recipients"), *_NAMED_ADDRESS.findall(text))
    return ReturnedMail(
        envelope=envelope,
        message_ids=tuple(dict.fromkeys(names))[:_MOST_NAMED],
        addresses=tuple(dict.fromkeys(filter(None, addresses)))[:_MOST_NAMED],
        words=words(text),
    )


def _readable(part: Mail) -> str:
    """The text of a part; returned mails and other files have none."""
    if part.get_content_maintype() != "text":
        return ""
    return decoded(content(part)[:_MOST_TEXT], parameter(part, "charset"))
