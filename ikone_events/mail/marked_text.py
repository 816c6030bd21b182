"""Markdown of an edited letter, read once into blocks of lines; values come in later, as words.

Placeholders travel through the parser as markers, so nothing that is filled in is ever read as
Markdown. No raw HTML, no pictures, no code; links lead to https, http, mailto or a placeholder.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ikone_events.domain.placeholders import PLACEHOLDER, known_name

MARKER = re.compile("\ue000([^\ue000\ue001]*)\ue001")
_DASH = "– "
_RULES = (
    "heading", "list", "emphasis", "link", "autolink", "escape", "newline", "balance_pairs",
    "fragments_join",
)  # fmt: skip


class _Parser(MarkdownIt):
    """Leaves markers in the targets of links alone, where it would encode them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the parser's own name
        """The target, encoded unless it is a placeholder."""
        return url if MARKER.search(url) else super().normalizeLink(url)


_parser = _Parser("zero").enable(_RULES)


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style; with `href`, a link. Both may hold markers."""

    text: str
    strong: bool = False
    emphasis: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line and the placeholders it names."""

    spans: tuple[Span, ...]
    names: frozenset[str]

    @property
    def plain(self) -> bool:
        """Whether nothing in it is marked up."""
        return all(span == Span(span.text) for span in self.spans)

    @property
    def only(self) -> str:
        """The placeholder that the line consists of, if it does."""
        if len(self.spans) != 1 or len(self.names) != 1:
            return ""
        found = MARKER.fullmatch(self.spans[0].text.strip())
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph ("text"), "list", "numbers" or "heading"; a list begins with `start`."""

    kind: str
    lines: tuple[Line, ...]
    start: int = 1


@lru_cache(maxsize=256)
def read_markdown(body: str) -> tuple[Passage, ...]:
    """The passages of a body; the same body is read once."""
    return tuple(_passages(_parser.parse(with_markers(body))))


@lru_cache(maxsize=256)
def with_markers(text: str) -> str:
    """The text with a marker in the place of each placeholder."""
    return PLACEHOLDER.sub(lambda match: f"\ue000{known_name(match[1])}\ue001", text)


def _passages(tokens: Sequence[Token]) -> Iterator[Passage]:
    """Nested lists become one: a letter is no outline."""
    depth, kind, start = 0, "list", 1
    items: list[Line] = []
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
                items += lines
            elif heading:
                heading = False
                yield Passage("heading", tuple(lines))
            else:
                yield from _paragraph(lines)


def _paragraph(lines: Sequence[Line]) -> Iterator[Passage]:
    """Lines that begin with an en dash are a list, as in our own letters."""
    for dashed, run in groupby(lines, key=lambda line: line.spans[0].text.startswith(_DASH)):
        if dashed:
            yield Passage("list", tuple(_without_dash(line) for line in run))
        else:
            yield Passage("text", tuple(run))


def _without_dash(line: Line) -> Line:
    first = line.spans[0]
    rest = Span(first.text.removeprefix(_DASH), first.strong, first.emphasis, first.href)
    return Line((rest, *line.spans[1:]), line.names)


def _lines(tokens: Sequence[Token], *, joined: bool) -> list[Line]:
    """The lines of an inline token; in lists and headings they are one."""
    lines: list[list[Span]] = [[]]
    strong = emphasis = 0
    href = ""
    for token in tokens:
        if token.type == "text":
            if token.content:
                lines[-1].append(Span(token.content, strong > 0, emphasis > 0, href))
        elif token.type in ("softbreak", "hardbreak"):
            if joined:
                lines[-1].append(Span(" ", href=href))
            else:
                lines.append([])
        elif token.type == "link_open":
            href = str(token.attrs.get("href", ""))
        elif token.type == "link_close":
            href = ""
        else:
            strong += {"strong_open": 1, "strong_close": -1}.get(token.type, 0)
            emphasis += {"em_open": 1, "em_close": -1}.get(token.type, 0)
    return [_line(spans) for spans in lines if spans]


def _line(spans: Sequence[Span]) -> Line:
    merged: list[Span] = []
    for span in spans:
        last = merged[-1] if merged else None
        if last and (last.strong, last.emphasis, last.href) == (
            span.strong, span.emphasis, span.href,
        ):  # fmt: skip
            merged[-1] = Span(last.text + span.text, span.strong, span.emphasis, span.href)
        else:
            merged.append(span)
    names = {name for span in merged for name in MARKER.findall(span.text + span.href)}
    return Line(tuple(merged), frozenset(names))
