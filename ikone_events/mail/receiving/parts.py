"""The parts of a mail, so far as they are looked at."""

from collections.abc import Iterator

from ikone_events.domain.header_text import clean_text
from ikone_events.mail.receiving.charsets import decoded
from ikone_events.mail.receiving.headers import Mail, parameter

_MOST_PARTS = 50
_MOST_DEPTH = 8
MOST_WORDS = 1000


def leaves(mail: Mail) -> list[Mail]:
    """The parts that hold something, in order.

    A mail inside the mail is one of them and is not opened: what somebody forwards is theirs.
    """
    found: list[Mail] = []
    for part in _walk(mail, 0):
        found.append(part)
        if len(found) == _MOST_PARTS:
            break
    return found


def _walk(mail: Mail, depth: int) -> Iterator[Mail]:
    if mail.get_content_maintype() != "multipart":
        yield mail
        return
    inside = mail.get_payload()
    if depth == _MOST_DEPTH or not isinstance(inside, list):
        return
    for part in inside:
        if isinstance(part, Mail):
            yield from _walk(part, depth + 1)


def content(part: Mail) -> bytes:
    """The bytes of a part, its transfer encoding taken off."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def words(text: str) -> str:
    """Foreign text to keep: bounded, without control characters."""
    return clean_text(text).strip()[:MOST_WORDS]


def plain_text(mail: Mail) -> str:
    """The first plain text of a mail, bounded."""
    for part in leaves(mail):
        if part.get_content_type() == "text/plain":
            # A character may take four bytes, and cutting is cheaper than decoding.
            return words(decoded(content(part)[: 4 * MOST_WORDS], parameter(part, "charset")))
    return ""
