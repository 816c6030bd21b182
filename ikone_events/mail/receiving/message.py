"""Headers and parts of a received mail, bounded and decoded."""

import codecs
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from itertools import islice

from ikone_events.domain.header_text import clean_text, one_line

# Charsets that mail programs write. Other codecs of Python are no charsets, and some are slow.
_CHARSET = re.compile(
    r"utf-?8(?:-sig)?|utf-?16(?:-?[lb]e)?|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1"
    r"|windows-125\d|cp125\d|cp437|cp850|koi8-[ru]|macintosh|gb2312|gbk|gb18030|big5"
    r"|shift_jis|euc-jp|euc-kr|iso-2022-jp",
    re.IGNORECASE,
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, charset: str) -> str:
    """The text; with a wrong or unknown charset single characters are wrong."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    if _CHARSET.fullmatch(charset):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeError):
            pass
    try:
        return content.decode("utf-8")
    except UnicodeError:
        return content.decode("windows-1252", "replace")


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[;=<>,]|[^\s;=<>,"]+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# The tokens that matter for comments.
_STEP = re.compile(r'\\.|["()]|[^\\"()]+|\\', re.DOTALL)


def pieces(text: str) -> list[str] | None:
    """The tokens of a structured header (RFC 5322 section 3.2) without comments; None if invalid.

    Tokens are quoted strings, words and the characters ; = < > and comma.
    """
    plain = _without_comments(text)
    return None if plain is None else _PIECE.findall(plain)


def unquoted(piece: str) -> str:
    """The value of a quoted string, or the word itself."""
    if piece.startswith('"'):
        return _ESCAPED.sub(r"\1", piece[1:-1])
    return piece


def _without_comments(text: str) -> str | None:
    """Comments can be nested; a quotation mark in a comment has no meaning."""
    kept: list[str] = []
    depth, quoted = 0, False
    for step in _STEP.findall(text):
        if step == '"' and not depth:
            quoted = not quoted
        elif step in "()" and not quoted:
            depth += 1 if step == "(" else -1
            if depth < 0:
                return None
            kept.append(" ")
            continue
        if not depth:
            kept.append(step)
    return None if depth or quoted else "".join(kept)


_MOST_OF_A_NAME = 50
_MOST_CHARACTERS = 20_000
_MOST_OF_A_TEXT = 2_000
_MOST_REFERENCES = 50
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]{1,189}")

Mail = Message


def values(mail: Mail, name: str) -> list[str]:
    """All headers of this name from top to bottom, unfolded, not decoded."""
    found = [str(value) for key, value in mail.raw_items() if key.lower() == name]
    return [_readable(value) for value in found[:_MOST_OF_A_NAME]]


def value(mail: Mail, name: str) -> str:
    """The first header of this name, or ""."""
    return next(iter(values(mail, name)), "")


def text(mail: Mail, name: str) -> str:
    """A header as text in one line, with encoded words decoded."""
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
    """A parameter of the Content-Type; the standard library raises for some malformed ones."""
    found = re.search(
        rf';\s*{name}\s*=\s*("?)([\w.:+-]{{1,60}})\1', value(mail, "content-type"), re.IGNORECASE
    )
    return found[2] if found else ""


def message_ids(mail: Mail, name: str) -> list[str]:
    """The Message-IDs in a header, with angle brackets."""
    return _MESSAGE_ID.findall(value(mail, name))


def references(mail: Mail) -> tuple[str, ...]:
    """The Message-IDs of the mails that this one answers, the nearest first."""
    ids = [*message_ids(mail, "in-reply-to"), *reversed(message_ids(mail, "references"))]
    return tuple(dict.fromkeys(ids))[:_MOST_REFERENCES]


def sender(mail: Mail) -> tuple[str, bool]:
    """The address in From with its domain in lower case, and whether it is the only one."""
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
    """The header unfolded; the parser keeps bytes beyond ASCII as surrogates, here decoded."""
    unfolded = raw[:_MOST_CHARACTERS].replace("\r", " ").replace("\n", " ")
    return unfolded.encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()


_MOST_PARTS = 50
_MOST_DEPTH = 8
MOST_WORDS = 1000


def leaves(mail: Mail) -> list[Mail]:
    """The parts with content, in order. A forwarded mail is one part, its own parts are not."""
    return list(islice(_walk(mail, 0), _MOST_PARTS))


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
    """The bytes of a part without its transfer encoding."""
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""


def words(text: str) -> str:
    """Text to be stored: bounded, without control characters."""
    return clean_text(text).strip()[:MOST_WORDS]


def plain_text(mail: Mail) -> str:
    """The first plain text of a mail, bounded."""
    for part in leaves(mail):
        if part.get_content_type() == "text/plain":
            # A character has at most four bytes.
            return words(decoded(content(part)[: 4 * MOST_WORDS], parameter(part, "charset")))
    return ""
