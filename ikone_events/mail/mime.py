"""From a letter of the outbox to the bytes that travel: the MIME tree, headers read back.

The calendar part comes last in the alternative, which must be the first child: nothing else decides
whether Outlook shows buttons. Parts are given as bytes, because text parts would get bare line
feeds. The same row gives the same headers at every try, so a doubled letter can be dropped.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from types import MappingProxyType
from typing import Protocol

from ikone_events.domain.header_text import ascii_address, header_complaint, one_line
from ikone_events.domain.messages import Sender
from ikone_events.domain.refusals import N_, Complaint, UnfitInput

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>")
_MAILBOXES = {"From", "To", "Reply-To"}
_STRUCTURE = ["MIME-Version", "Content-Type"]


class Post(Protocol):
    """What the outbox keeps of a letter; `references` is the Message-ID it follows, or empty."""

    @property
    def recipient(self) -> str: ...
    @property
    def recipient_name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def calendar(self) -> bytes | None: ...
    @property
    def calendar_method(self) -> str | None: ...
    @property
    def message_id(self) -> str: ...
    @property
    def references(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


def message_id(key: str, domain: str) -> str:
    """A Message-ID from a key of the outbox, the same at every try."""
    made = f"<{key}@{domain}>"
    if not _MESSAGE_ID.fullmatch(made):
        raise ValueError(f"{made!r} can't be a Message-ID")
    return made


def mime_bytes(letter: Post, sender: Sender) -> bytes:
    """The finished message, CRLF and 7 bit; UnfitInput when it does not read back as meant."""
    meant = _headers(letter, sender)
    message = EmailMessage(policy=policy.SMTP)
    for name, value in meant.items():
        message[name] = _mailbox(value) if name in _MAILBOXES else value
    message["Date"] = letter.created_at
    _add_content(message, letter)
    finished = message.as_bytes()
    _read_back(finished, meant)
    return finished


def _headers(letter: Post, sender: Sender) -> Mapping[str, str]:
    """The headers in plain words, mailboxes as "name <address>"."""
    headers = {
        "From": _words("From", sender.name, sender.address),
        "To": _words("To", letter.recipient_name, letter.recipient),
        "Subject": letter.subject,
        "Message-ID": letter.message_id,
        "Auto-Submitted": "auto-generated",
    }
    if sender.reply_to:
        headers["Reply-To"] = _words("Reply-To", "", sender.reply_to)
    if letter.references and letter.references != letter.message_id:
        headers["In-Reply-To"] = headers["References"] = letter.references
    for name in ("Message-ID", "References"):
        if name in headers and not _MESSAGE_ID.fullmatch(headers[name]):
            raise UnfitInput(Complaint(N_("The letter has a damaged message number.")))
    if complaint := header_complaint(letter.subject, "subject"):
        raise UnfitInput(complaint)
    return MappingProxyType(headers)


def _words(header: str, name: str, address: str) -> str:
    if complaint := header_complaint(name):
        raise UnfitInput(complaint)
    bare = f"<{ascii_address(address)}>"
    words = f"{one_line(name)} {bare}".lstrip()
    return words if name.isascii() or _travels(header, words) else bare


def _travels(header: str, words: str) -> bool:
    """Whether a name survives folding: Python 3.11 may lose a space between two encoded words.

    It happens to one long Greek or Cyrillic name in a hundred; such a letter goes without a name.
    """
    probe = EmailMessage(policy=policy.SMTP)
    probe[header] = _mailbox(words)
    folded = probe.as_bytes().decode("ascii").partition(":")[2]
    return _spaced(_decoded(header, folded)) == _spaced(words)


def _mailbox(words: str) -> Address:
    name, _, address = words.rpartition("<")
    return Address(name.rstrip(), addr_spec=address.removesuffix(">"))


def _add_content(message: EmailMessage, letter: Post) -> None:
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, "html", cte="quoted-printable")
    if letter.calendar is None:
        return
    method = letter.calendar_method or "REQUEST"
    parameters = {"charset": "utf-8", "method": method}
    message.add_alternative(letter.calendar, "text", "calendar", cte="base64", params=parameters)
    message.add_attachment(
        letter.calendar,
        "application",
        "ics",
        filename="invite.ics",
        params={"name": "invite.ics"},
    )


def _read_back(finished: bytes, meant: Mapping[str, str]) -> None:
    """Compare the finished headers with the meant ones: none more, none less, none different.

    The old parser is asked, with the oldest rules for encoded words: the new one of Python 3.11
    puts spaces between the halves of a long foreign name. Runs of spaces count as one: where a
    line is folded before an encoded word, Python writes a space too many.
    """
    read = BytesHeaderParser(policy=policy.compat32).parsebytes(finished)
    names = sorted(name for name in read if name != "Content-Transfer-Encoding")
    expected = sorted([*meant, "Date", *_STRUCTURE])
    if names != expected or any(
        _spaced(_decoded(name, read[name])) != _spaced(meant[name]) for name in meant
    ):
        raise UnfitInput(Complaint(N_("The finished letter does not read back as it was meant.")))


def _spaced(words: str) -> str:
    return " ".join(words.split())


def _decoded(name: str, value: str) -> str:
    unfolded = re.sub(r"\r?\n", "", value).strip()
    if name not in _MAILBOXES:
        return str(make_header(decode_header(unfolded)))
    display_name, address = parseaddr(unfolded)
    return f"{make_header(decode_header(display_name))} <{address}>".lstrip()
