"""Headers as they came, bounded: texts, the one sender, Message-IDs."""

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from ikone_events.domain.header_text import one_line
from ikone_events.mail.receiving.charsets import decoded
from ikone_events.mail.receiving.structured import pieces

_MOST_OF_A_NAME = 50
_MOST_CHARACTERS = 20_000
_MOST_OF_A_TEXT = 2_000
_MOST_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]{1,189}")

Mail = Message


def values(mail: Mail, name: str) -> list[str]:
    """All headers of this name from top to bottom, unfolded, undecoded."""
    found = [str(value) for key, value in mail.raw_items() if key.lower() == name]
    return [_readable(value) for value in found[:_MOST_OF_A_NAME]]


def value(mail: Mail, name: str) -> str:
    """The first header of this name, or nothing."""
    return next(iter(values(mail, name)), "")


def text(mail: Mail, name: str) -> str:
    """A header for people, its encoded words decoded, in one line."""
    raw = value(mail, name)[:_MOST_OF_A_TEXT]
    try:
        found = decode_header(raw)
    except (HeaderParseError, ValueError):
        return one_line(raw)
    words = (
        decoded(word, charset or "") if isinstance(word, bytes) else word for word, charset in found
    )
    return one_line("".join(words))


def parameter(mail: Mail, name: str) -> str:
    """A parameter of the Content-Type, without the ways in which the standard library stumbles."""
    found = re.search(
        rf';\s*{name}\s*=\s*("?)([\w.:+-]{{1,60}})\1', value(mail, "content-type"), re.IGNORECASE
    )
    return found[2] if found else ""


def message_ids(mail: Mail, name: str) -> list[str]:
    """The Message-IDs in a header, angle brackets included."""
    return _MESSAGE_ID.findall(value(mail, name))


def references(mail: Mail) -> tuple[str, ...]:
    """Which mails this one answers, the nearest first."""
    ids = [*message_ids(mail, "in-reply-to"), *reversed(message_ids(mail, "references"))]
    return tuple(dict.fromkeys(ids))[:_MOST_REFERENCES]


def sender(mail: Mail) -> tuple[str, bool]:
    """The address in From with its domain in lower case, and whether it is the only one there."""
    headers = values(mail, "from")
    found = pieces(headers[0]) if headers else None
    if not found:
        return "", False
    if found.count("<") == 1 and found[-3:-2] == ["<"] and found[-1] == ">":
        address, names = found[-2], found[:-3]
    else:
        address, names = found[0], found[1:]
    if not _ADDRESS.fullmatch(address):
        return "", False
    doubtful = any(not name.startswith('"') and ("@" in name or name == ",") for name in names)
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}", len(headers) == 1 and not doubtful


def _readable(raw: str) -> str:
    """Bytes beyond ASCII were kept as half characters; here they become whole ones."""
    unfolded = raw[:_MOST_CHARACTERS].replace("\r", " ").replace("\n", " ")
    return unfolded.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
