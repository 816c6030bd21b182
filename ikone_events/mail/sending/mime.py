"""MIME: the bytes of a mail of the outbox.

The same row gives the same bytes at every try, so a mail sent twice has one Message-ID. All mails
have the same structure, which is written here directly: the standard library's message classes take
twenty times as long.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email import policy
from email.header import Header, decode_header, make_header
from email.parser import HeaderParser
from email.utils import format_datetime, parseaddr, quote
from functools import lru_cache
from hashlib import blake2s
from typing import Protocol

from ikone_events.domain.header_text import ascii_address, header_complaint, one_line
from ikone_events.domain.mails.facts import Sender
from ikone_events.domain.refusals import N_, Complaint, UnfitInput

_METHOD = re.compile("[A-Z]+")
_BREAK = b"\r\n"
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>")
_UNSUBSCRIBE = re.compile(r"https?://[!-;=?-~]+")
# Mails of one mailing share sender and subject, which are encoded once.
_CACHED = 256
_NAMED = {"From", "To", "Reply-To", "List-Id"}
# Printable ASCII in single spaces, and nothing that looks like an encoded word.
_PLAIN = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*")
# Each byte in an encoded word of RFC 2047, and the length of a word that needs no folding.
_Q = [chr(b) if re.match("[A-Za-z0-9]", chr(b)) else f"={b:02X}" for b in range(256)]
_MOST_WORD = 65
_PARSER = HeaderParser(policy=policy.compat32)
_LIST = "announcements"
_ONE_CLICK = "List-Unsubscribe=One-Click"


class QueuedMail(Protocol):
    """A mail of the outbox.

    `references` is the Message-ID of the first mail of its thread, or empty; `unsubscribe` is the
    URL for RFC 8058, or empty; mails of one mailing share `mailing_id`.
    """

    @property
    def mailing_id(self) -> int | None: ...

    @property
    def recipient(self) -> str: ...
    @property
    def recipient_name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def references(self) -> str: ...
    @property
    def unsubscribe(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
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


def mime_bytes(mail: QueuedMail, sender: Sender) -> bytes:
    """The message, with CRLF and 7 bit. Raises UnfitInput if its headers do not read back."""
    lines = [_line(name, value) for name, value in _headers(mail, sender).items()]
    lines.append(f"Date: {format_datetime(mail.created_at)}\r\n")
    lines.append("MIME-Version: 1.0\r\n")
    return "".join(lines).encode("ascii") + _content_of(mail)


@lru_cache(maxsize=_CACHED)
def _line(name: str, value: str) -> str:
    """One header, folded and encoded; raises UnfitInput if it does not read back.

    A line that is the value, or has its name in an encoded word of letters and digits, is not
    parsed: that takes longer than everything else.
    """
    words, _bracket, address = value.rpartition("<") if name in _NAMED else ("", "", value)
    word = f"=?utf-8?q?{''.join([_Q[byte] for byte in words.rstrip().encode()])}?="
    if not words.isascii() and len(word) <= _MOST_WORD and _PLAIN.fullmatch(address):
        return f"{name}: {word}\r\n <{address}\r\n"
    line = _folded(name, value)
    if _PLAIN.fullmatch(value) is None or line != f"{name}: {value}\r\n":
        _read_back(line, name, value)
    return line


def _folded(name: str, value: str) -> str:
    """Encoded by email.header: EmailMessage of Python 3.11 may lose or add a space at an encoded
    word.
    """
    words, bracket, address = value.rpartition("<") if name in _NAMED else (value, "", "")
    words = words.strip()
    if words and not words.isascii():
        words = Header(words, "utf-8", header_name=name).encode(linesep="\r\n")
    elif words and bracket:
        words = f'"{quote(words)}"'
    elif name == "Subject":
        words = Header(words, header_name=name).encode(linesep="\r\n")
    # The address gets a line of its own, since it can't be folded.
    fold = "\r\n " if words and bracket else ""
    return f"{name}: {words}{fold}{bracket}{address}\r\n"


def _headers(mail: QueuedMail, sender: Sender) -> Mapping[str, str]:
    """The headers, not encoded; mailboxes and the list as "name <address>"."""
    headers = {
        "From": _words(sender.name, sender.address),
        "To": _words(mail.recipient_name, mail.recipient),
        "Subject": mail.subject,
        "Message-ID": mail.message_id,
        "Auto-Submitted": "auto-generated",
    }
    if sender.reply_to:
        headers["Reply-To"] = _words("", sender.reply_to)
    if mail.references and mail.references != mail.message_id:
        headers["In-Reply-To"] = headers["References"] = mail.references
    if mail.unsubscribe:
        headers |= _unsubscribing(mail.unsubscribe)
        if mail.mailing_id is not None:
            headers["List-Id"] = _list_id(sender)
    for name in ("Message-ID", "References"):
        if name in headers and not _MESSAGE_ID.fullmatch(headers[name]):
            raise UnfitInput(Complaint(N_("The e-mail has a damaged number.")))
    if complaint := header_complaint(mail.subject, "subject"):
        raise UnfitInput(complaint)
    return headers


def _unsubscribing(address: str) -> dict[str, str]:
    """Headers to unsubscribe with one click (RFC 8058)."""
    if not _UNSUBSCRIBE.fullmatch(address):
        raise UnfitInput(Complaint(N_("The e-mail has a damaged link to unsubscribe.")))
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": _ONE_CLICK}


def _list_id(sender: Sender) -> str:
    """The list of subscribers, in the domain of the sender (RFC 2919)."""
    _, _, domain = ascii_address(sender.address).rpartition("@")
    return f"{one_line(sender.name)} <{_LIST}.{domain}>"


@lru_cache(maxsize=_CACHED)
def _words(name: str, address: str) -> str:
    if complaint := header_complaint(name):
        raise UnfitInput(complaint)
    return f"{one_line(name)} <{ascii_address(address)}>".lstrip()


def _read_back(line: str, name: str, meant: str) -> None:
    """Check that an encoded header is exactly the intended one, and nothing else.

    The policy compat32 decodes it: the newer parser of Python 3.11 adds spaces to long encoded
    names.
    """
    read = _PARSER.parsestr(line + "\r\n").items()
    if [each for each, _ in read] != [name] or _decoded(name, read[0][1]) != meant:
        raise UnfitInput(Complaint(N_("The finished e-mail does not read back as it was meant.")))


def _decoded(name: str, value: str) -> str:
    unfolded = re.sub(r"\r?\n", "", value).strip()
    if name not in _NAMED:
        return str(make_header(decode_header(unfolded))) if "=?" in unfolded else unfolded
    display_name, address = parseaddr(unfolded)
    return f"{make_header(decode_header(display_name))} <{address}>".lstrip()


def _content_of(mail: QueuedMail) -> bytes:
    """Content-Type, an empty line and all parts, with lines of at most 78 characters.

    Outlook shows buttons only if the alternative is the first child and the calendar its last part.
    """
    parts = [_text("plain", mail.text), _text("html", mail.html)]
    if mail.calendar is None:
        return _multipart("alternative", parts, mail.message_id)
    method = mail.calendar_method or "REQUEST"
    if not _METHOD.fullmatch(method):
        raise UnfitInput(Complaint(N_("The e-mail has a damaged calendar entry.")))
    coded = encodebytes(mail.calendar).replace(b"\n", _BREAK)
    parts.append(_CALENDAR % (method.encode(), coded))
    answerable = _multipart("alternative", parts, mail.message_id)
    return _multipart("mixed", [answerable, _FILE % coded], mail.message_id)


def _multipart(kind: str, parts: list[bytes], message_id: str) -> bytes:
    """Parts with a boundary that neither quoted-printable nor base64 can contain."""
    mark = f"=_{kind}_{blake2s(message_id.encode(), digest_size=8).hexdigest()}".encode("ascii")
    head = b'Content-Type: multipart/%s;\r\n boundary="%s"\r\n\r\n' % (kind.encode(), mark)
    between = b"--%s\r\n" % mark
    return head + between + between.join(parts) + b"--%s--\r\n" % mark


def _text(kind: str, text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    return _TEXT % (kind.encode(), b2a_qp(lines.replace("\n", "\r\n").encode("utf-8")))


# Each part ends with the line break that belongs to the boundary after it.
_TEXT = (
    b'Content-Type: text/%s; charset="utf-8"\r\n'
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"%s\r\n"
)
_CALENDAR = (
    b'Content-Type: text/calendar; charset="utf-8"; method="%s"\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\n"
    b"%s\r\n"
)
_FILE = (
    b'Content-Type: application/ics; name="invite.ics"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="invite.ics"\r\n\r\n'
    b"%s\r\n"
)
