"""Parsing the Markdown of standard and edited texts into lines.

Values are markers during parsing: no value is ever read as Markdown, and a text for thousands of
people is parsed once. Without raw HTML, images and code; links lead to https, http, mailto, webcal
or a marker.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ikone_events.domain.mails.placeholders import PLACEHOLDER, PLACEHOLDERS, Shape, known_name

MARKER = re.compile("\ue000([^\ue000\ue001]*)\ue001")
_MARKS = str.maketrans("", "", "\ue000\ue001")
# Noncharacters, which no checked text contains, for "@" and ":".
_AT, _COLON = "\ufdd0", "\ufdd1"
_HIDDEN, _SHOWN = str.maketrans("@:", _AT + _COLON), str.maketrans(_AT + _COLON, "@:")
_WHEN = "\ue000termin\ue001"
_DASH = "– "
_RULES = (
    "heading", "list", "emphasis", "link", "autolink", "escape", "newline", "balance_pairs",
    "fragments_join",
)  # fmt: skip
_LINK = re.compile(
    r"https?://[^\s<>\"„“”]+[^\s<>\"„“”.,;:!?)]|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
_SAFE = re.compile(r"(?:https?|webcal)://\S+|mailto:[^\s@]+@[^\s@]+", re.IGNORECASE)
# "Label: address"; a whole sentence before the address is no label.
_LABELLED = re.compile(
    r"(?P<label>(?:(?![.;?!] |https?://).)+): (?P<href>https?://\S+|\ue000(?P<name>\w+)\ue001)"
)


class _Parser(MarkdownIt):
    """A parser that does not encode markers in link targets."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - overrides a method of MarkdownIt
        """The target, encoded unless it contains a marker."""
        return url if MARKER.search(url) else super().normalizeLink(url)


_parser = _Parser("zero").enable(_RULES)


class Piece(NamedTuple):
    """Text in one style, with `href` a link. Before rendering both may contain markers."""

    text: str
    href: str = ""
    strong: bool = False
    emphasis: bool = False


Row = tuple[Piece, ...]


class MarkdownLine(NamedTuple):
    """A line and the names of its markers; `only` is set if the line is one marker."""

    row: Row
    names: tuple[str, ...] = ()
    only: str = ""

    @property
    def plain(self) -> bool:
        """Whether the line has no markup."""
        return len(self.row) == 1 and self.row[0] == Piece(self.row[0].text)


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A "text", "list", "heading", "numbers" from `start`, or "box" with title, time and place.

    A `glued` passage continues the paragraph of the previous one. Compared by identity, so that it
    is a fast cache key.
    """

    kind: str
    lines: tuple[MarkdownLine, ...]
    start: int = 1
    glued: bool = False
    names: tuple[str, ...] = field(init=False)
    has_link: bool = field(init=False)

    def __post_init__(self) -> None:
        """Collect the names of the markers, and whether a link is alone on its line."""
        names = dict.fromkeys(name for line in self.lines for name in line.names)
        object.__setattr__(self, "names", tuple(names))
        alone = (line.only or line.row[0].href for line in self.lines if len(line.row) == 1)
        object.__setattr__(self, "has_link", any(alone))


@lru_cache(maxsize=256)
def read_markdown(source: str) -> tuple[Passage, ...]:
    """The passages of a text with markers, cached."""
    return tuple(_passages(_parser.parse(source)))


@lru_cache(maxsize=256)
def with_markers(text: str) -> str:
    """An edited text with markers in place of its placeholders.

    Unknown placeholders become a marker without a name, whose value is empty.
    """
    return PLACEHOLDER.sub(_marker, text.translate(_MARKS))


class UntrustedText(str):
    """A value that somebody typed about whom nobody knows: addresses in it become no links."""

    __slots__ = ()


def unlinked(text: str) -> str:
    """The words of a stranger with stand-ins for what makes an address; `linked` removes them."""
    return text.translate(_HIDDEN) if "@" in text or ":" in text else text


def shown(text: str) -> str:
    """A text without stand-ins."""
    return text.translate(_SHOWN) if _AT in text or _COLON in text else text


def linked(row: Iterable[Piece]) -> Row:
    """The pieces with addresses in the text as links, and without unsafe targets."""
    return tuple(map(_as_shown, _linked(row)))


def _as_shown(piece: Piece) -> Piece:
    text = shown(piece.text)
    return piece if text is piece.text else piece._replace(text=text)


def _linked(row: Iterable[Piece]) -> Iterator[Piece]:
    for piece in row:
        if piece.href and _SAFE.fullmatch(piece.href):
            yield piece if piece.text else piece._replace(text=piece.href)
        elif "://" in piece.text or "@" in piece.text:
            yield from _addresses(piece)
        elif piece.text:
            yield piece._replace(href="")


def _addresses(piece: Piece) -> Iterator[Piece]:
    text, done = piece.text, 0
    for link in _LINK.finditer(text):
        if link.start() > done:
            yield piece._replace(text=text[done : link.start()], href="")
        found = link.group()
        href = found if found.startswith("http") else f"mailto:{found}"
        yield piece._replace(text=found, href=href)
        done = link.end()
    if done < len(text):
        yield piece._replace(text=text[done:], href="")


def _marker(match: re.Match[str]) -> str:
    name = known_name(match[1])
    return f"\ue000{name if name in PLACEHOLDERS else ''}\ue001"


def _passages(tokens: Sequence[Token]) -> Iterator[Passage]:
    """The passages of the parser's tokens; nested lists become one list."""
    depth, kind, start = 0, "list", 1
    items: list[MarkdownLine] = []
    heading = False
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            if depth == 0:
                kind = "numbers" if token.type.startswith("ordered") else "list"
                start = int(token.attrs.get("start", 1))
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
            if depth == 0:
                yield Passage(kind, tuple(items), start)
                items = []
        elif token.type == "heading_open":
            heading = True
        elif token.type == "inline":
            lines = _lines(token.children or [], joined=heading or depth > 0)
            if depth:
                items += map(_line, lines)
            elif heading:
                heading = False
                yield Passage("heading", tuple(map(_line, lines)))
            else:
                yield from _paragraph(lines)


def _paragraph(lines: Sequence[Row]) -> Iterator[Passage]:
    """Lines that begin with an en dash are a list; a line that ends with the time makes a box."""
    glued = False
    for dashed, run in groupby(lines, key=lambda row: row[0].text.startswith(_DASH)):
        if dashed:
            found = tuple(_line(_without_dash(row)) for row in run)
            yield Passage("list", found, glued=glued)
        else:
            found = tuple(_line(row) for row in run)
            framed = any(line.plain and line.row[0].text.endswith(_WHEN) for line in found)
            yield Passage("box" if framed else "text", found, glued=glued)
        glued = True


def _without_dash(row: Row) -> Row:
    return (row[0]._replace(text=row[0].text.removeprefix(_DASH)), *row[1:])


def _lines(tokens: Sequence[Token], *, joined: bool) -> list[Row]:
    """The lines of an inline token, `joined` to one in lists and headings."""
    lines: list[list[Piece]] = [[]]
    strong = emphasis = 0
    href = ""
    for token in tokens:
        if token.type == "text":
            if token.content:
                lines[-1].append(Piece(token.content, href, strong > 0, emphasis > 0))
        elif token.type in ("softbreak", "hardbreak"):
            if joined:
                lines[-1].append(Piece(" ", href))
            else:
                lines.append([])
        elif token.type == "link_open":
            href = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            href = ""
        else:
            strong += {"strong_open": 1, "strong_close": -1}.get(token.type, 0)
            emphasis += {"em_open": 1, "em_close": -1}.get(token.type, 0)
    return [_merged(pieces) for pieces in lines if pieces]


def _merged(pieces: Iterable[Piece]) -> Row:
    """Adjacent pieces of the same style become one."""
    runs = groupby(pieces, key=lambda piece: piece[1:])
    return tuple(Piece("".join(piece.text for piece in run), *style) for style, run in runs)


def _line(row: Row) -> MarkdownLine:
    names = tuple({name for piece in row for name in MARKER.findall(piece.text + piece.href)})
    line = MarkdownLine(row, names)
    if line.plain and (found := _LABELLED.fullmatch(row[0].text.strip())):
        if found["name"] is None or _is_address(found["name"]):
            line = MarkdownLine((Piece(found["label"], found["href"]),), names)
    elif len(row) == 1 and (only := MARKER.fullmatch(row[0].text.strip())):
        line = MarkdownLine(row, names, only[1])
    return line if names else MarkdownLine(linked(line.row))


def _is_address(name: str) -> bool:
    return name in PLACEHOLDERS and PLACEHOLDERS[name].shape is Shape.ADDRESS
