"""The body of a letter: text, HTML and calendar in the MIME tree that calendars need.

The calendar part comes last in the alternative, which must be the first child: nothing else decides
whether Outlook shows buttons. The tree is the same for every letter, so it is written down here;
the standard library's message classes take twenty times as long to find it.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from hashlib import blake2s
from typing import Protocol

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

_METHOD = re.compile("[A-Z]+")
_BREAK = b"\r\n"


class Content(Protocol):
    """What a letter's body is made of."""

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


def content_of(letter: Content) -> bytes:
    """Content-Type, an empty line, and all parts: CRLF, 7 bit, no line above 78 characters."""
    parts = [_text("plain", letter.text), _text("html", letter.html)]
    if letter.calendar is None:
        return _multipart("alternative", parts, letter.message_id)
    method = letter.calendar_method or "REQUEST"
    if not _METHOD.fullmatch(method):
        raise UnfitInput(Complaint(N_("The letter has a damaged calendar entry.")))
    coded = encodebytes(letter.calendar).replace(b"\n", _BREAK)
    parts.append(_CALENDAR % (method.encode(), coded))
    answerable = _multipart("alternative", parts, letter.message_id)
    return _multipart("mixed", [answerable, _FILE % coded], letter.message_id)


def _multipart(kind: str, parts: list[bytes], message_id: str) -> bytes:
    """Parts between boundaries that neither quoted-printable nor base64 can contain."""
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
