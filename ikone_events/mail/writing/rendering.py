"""Rendering a text with the values of one mail: as blocks, and from them as plain text.

Values are inserted once and never parsed, neither as placeholders nor as Markdown. A line whose
values are all empty is left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ikone_events.domain.header_text import MOST_CHARACTERS, one_line
from ikone_events.mail.writing.markdown import (
    MARKER,
    MarkdownLine,
    Passage,
    Piece,
    Row,
    UntrustedText,
    linked,
    shown,
    unlinked,
)

_SPACES = re.compile(" {2,}")
_BULLETS = {"de": "– ", "en": "- "}
_TITLE = "titel"


class Block(NamedTuple):
    """A paragraph ("text"), "list", "numbers", "box", "heading" or "button" of a mail.

    Numbers begin with `start`. A `glued` block follows the previous one without an empty line.
    `lang` is the language of a paragraph, if it is not that of the mail.
    """

    kind: str
    rows: tuple[Row, ...]
    heading: str = ""
    start: int = 1
    glued: bool = False
    lang: str = ""


# What a marker of this name is for this person: words; or, where it is alone on its line, blocks
# or a labelled link (elsewhere its target).
Value = str | Piece | tuple[Block, ...]
Values = Callable[[str], Value]


def fill_subject(subject: str, values: Values) -> str:
    """The subject as a valid header; may be empty."""
    # "=" of the text and "?" of a value would begin an encoded word.
    filled = shown(_inline(subject, values)).strip().replace("=?", "= ?")
    if len(filled) > MOST_CHARACTERS:
        return filled[: MOST_CHARACTERS - 1].rstrip() + "…"
    return filled


class Part(NamedTuple):
    """A passage and its blocks, None if they are not the same for all people."""

    passage: Passage
    blocks: tuple[Block, ...] | None


def fill(parts: Iterable[Part], values: Values, button: Piece | None = None) -> list[Block]:
    """The blocks of a text; a link to the target of `button`, alone on its line, is the button."""
    blocks: list[Block] = []
    begun = False
    for passage, shared in parts:
        made = blocks_of(passage, values, button) if shared is None else shared
        begun = begun and passage.glued
        if begun and made and not made[0].glued:
            made = (made[0]._replace(glued=True), *made[1:])
        begun = begun or bool(made)
        blocks += made
    return blocks


def plain_text(blocks: list[Block] | tuple[Block, ...], locale: str) -> str:
    """The blocks as plain text: links as "words: https://…", lists with dashes."""
    parts: list[str] = []
    for block in blocks:
        if parts:
            parts.append("\n" if block.glued else "\n\n")
        parts.append(_plain_block(block, _BULLETS[locale]))
    return "".join(parts)


def blocks_of(passage: Passage, values: Values, button: Piece | None) -> tuple[Block, ...]:
    """The blocks of a passage with these values."""
    lines = [line for line in passage.lines if not line.names or any(map(values, line.names))]
    if passage.kind == "text":
        return tuple(_paragraphs(lines, values, button if passage.has_link else None))
    if not lines:
        return ()
    titled = passage.kind == "box" and lines[0].only == _TITLE
    heading = shown(_inline(lines[0].row[0].text, values)).strip() if titled else ""
    rows = tuple(_row(line, values) for line in lines[titled:])
    return (Block(passage.kind, rows, heading, passage.start),)


def _paragraphs(lines: list[MarkdownLine], values: Values, button: Piece | None) -> Iterator[Block]:
    """The blocks of a paragraph, split at inserted blocks, the button and empty lines."""
    run: list[Row] = []
    glued = False
    for item in _items(lines, values, button):
        if item and not isinstance(item, Block):
            run.append(item)
            continue
        if run:
            yield Block("text", tuple(run), glued=glued)
            glued = True
        run = []
        if isinstance(item, Block):
            yield item if glued or not item.glued else item._replace(glued=False)
        glued = isinstance(item, Block)
    if run:
        yield Block("text", tuple(run), glued=glued)


def _items(
    lines: list[MarkdownLine], values: Values, button: Piece | None
) -> Iterator[Row | Block]:
    """The rows and blocks of the lines; a value of several lines makes several rows."""
    for line in lines:
        value = values(line.only) if line.only else ""
        if isinstance(value, tuple) and not isinstance(value, Piece):
            yield from (
                block._replace(glued=True) if block is value[0] else block for block in value
            )
            continue
        for row in [(value,)] if isinstance(value, Piece) else _rows(line, values):
            if button and len(row) == 1 and row[0].href == button.href:
                shown = button if row[0].text == row[0].href else row[0]
                yield Block("button", ((shown,),), glued=True)
            else:
                yield row


def _row(line: MarkdownLine, values: Values) -> Row:
    if not line.names:
        return line.row
    return linked(
        Piece(_inline(piece.text, values), _inline(piece.href, values).strip(), *piece[2:])
        for piece in line.row
    )


def _rows(line: MarkdownLine, values: Values) -> Iterator[Row]:
    if not line.names or not line.plain:
        yield _row(line, values)
        return
    filled = MARKER.sub(lambda match: _words(values(match[1])), line.row[0].text)
    for part in filled.split("\n"):
        yield linked((Piece(_SPACES.sub(" ", part).strip()),))


def _inline(text: str, values: Values) -> str:
    """The text with its values, in one line."""
    if "\ue000" not in text:
        return text
    filled = MARKER.sub(lambda match: _words(values(match[1]), one_line), text)
    return _SPACES.sub(" ", filled)


def _words(value: Value, form: Callable[[str], str] = str) -> str:
    """A value as text in this form; a stranger's with stand-ins, until the row is `linked`."""
    if isinstance(value, UntrustedText):
        return unlinked(form(value))
    if isinstance(value, str):
        return form(value)
    if isinstance(value, Piece):
        return form(value.href)
    return form(" ".join(_plain_row(row) for block in value for row in block.rows))


@lru_cache(maxsize=512)
def _plain_block(block: Block, bullet: str) -> str:
    rows = [_plain_row(row) for row in block.rows]
    if block.kind == "list":
        rows = [bullet + row for row in rows]
    elif block.kind == "numbers":
        rows = [f"{number}. {row}" for number, row in enumerate(rows, block.start)]
    elif block.heading:
        rows.insert(0, block.heading)
    return "\n".join(rows)


def _plain_row(row: Row) -> str:
    return "".join(
        _plain_piece(piece, last=number == len(row)) for number, piece in enumerate(row, 1)
    ).strip()


def _plain_piece(piece: Piece, *, last: bool) -> str:
    address = piece.href.removeprefix("mailto:")
    if not address or address == piece.text:
        return piece.text
    return f"{piece.text}: {address}" if last else f"{piece.text} ({address})"
