"""An edited text filled for one person: the blocks of the HTML letter and the same as plain text.

Values are put in once and never read again, neither as placeholders nor as Markdown. A line whose
placeholders are all empty is left out.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from ikone_events.domain.header_text import MOST_CHARACTERS, one_line
from ikone_events.domain.placeholders import PLACEHOLDERS, Shape
from ikone_events.mail.html import (
    Block,
    Marks,
    Piece,
    Row,
    blocks_of,
    is_button,
    pieces_of,
    row_of,
)
from ikone_events.mail.marked_text import MARKER, Line, Passage, read_markdown, with_markers

# What a placeholder of this name is for this person.
Values = Callable[[str], str]

_SAFE = re.compile(r"https?://\S+|mailto:[^\s@]+@[^\s@]+", re.IGNORECASE)
_SPACES = re.compile(" {2,}")
_BULLETS = {"de": "– ", "en": "- "}
_BOX = "\ue000termin\ue001"
_TITLE = "titel"


def fill_subject(subject: str, values: Values) -> str:
    """The subject as a header may hold it; empty when nothing is left of it."""
    filled = one_line(MARKER.sub(lambda match: values(match[1]), with_markers(subject)))
    # Two harmless parts may meet: "=" of the text and "?" of a value.
    filled = filled.replace("=?", "= ?")
    if len(filled) > MOST_CHARACTERS:
        return filled[: MOST_CHARACTERS - 1].rstrip() + "…"
    return filled


def fill_body(body: str, values: Values, marks: Marks) -> list[Block]:
    """The blocks of the body for one person."""
    return [block for passage in read_markdown(body) for block in _blocks(passage, values, marks)]


def plain_text(blocks: list[Block], locale: str) -> str:
    """The same words as a text: links as "words: https://…", lists with dashes."""
    parts: list[str] = []
    for block in blocks:
        if parts:
            parts.append("\n" if block.glued else "\n\n")
        parts.append(_plain_block(block, _BULLETS[locale]))
    return "".join(parts)


def _blocks(passage: Passage, values: Values, marks: Marks) -> Iterator[Block]:
    lines = [line for line in passage.lines if _is_filled(line, values)]
    if passage.kind != "text":
        rows = tuple(_row(line, values, item=passage.kind == "list") for line in lines)
        if rows:
            yield Block(passage.kind, rows, start=passage.start)
    elif lines and any(_is_when(line) for line in passage.lines):
        yield _box(lines, values)
    else:
        yield from _paragraph(lines, values, marks)


def _paragraph(lines: list[Line], values: Values, marks: Marks) -> Iterator[Block]:
    """The lines of one paragraph, cut where a passage or the button stands alone on its line."""
    run: list[Row] = []
    glued = False
    for line in lines:
        apart = list(_standing_alone(line, values, marks))
        if not apart:
            run.append(_row(line, values))
            continue
        if run:
            yield Block("text", tuple(run), glued=glued)
        yield replace(apart[0], glued=glued or bool(run))
        yield from apart[1:]
        run, glued = [], True
    if run:
        yield Block("text", tuple(run), glued=glued)


def _standing_alone(line: Line, values: Values, marks: Marks) -> Iterator[Block]:
    """The blocks of a line that is one passage or the main action; none for other lines."""
    if (name := line.only) and _is_passage(name):
        yield from blocks_of(values(name).strip(), marks)
    elif is_button(row := _row(line, values), marks):
        yield Block("button", (row,))


def _is_filled(line: Line, values: Values) -> bool:
    return not line.names or any(values(name).strip() for name in line.names)


def _is_passage(name: str) -> bool:
    return name in PLACEHOLDERS and PLACEHOLDERS[name].shape is Shape.PASSAGE


def _is_when(line: Line) -> bool:
    return bool(line.spans) and line.spans[-1].text.endswith(_BOX) and line.plain


def _box(lines: list[Line], values: Values) -> Block:
    """Title, time and place, framed as in our own letters."""
    titled = bool(lines) and lines[0].only == _TITLE
    rows = tuple(_row(line, values) for line in lines[titled:])
    return Block("box", rows, values(_TITLE) if titled else "")


def _row(line: Line, values: Values, *, item: bool = False) -> Row:
    if line.plain:
        text = _filled(line.spans[0].text, values)
        return row_of(text.strip(), item=item)
    pieces: list[Piece] = []
    for span in line.spans:
        text = _filled(span.text, values)
        href = _filled(span.href, values).strip()
        if href and _SAFE.fullmatch(href):
            pieces.append(Piece(text or href, href, span.strong, span.emphasis))
        elif text:
            pieces += [
                replace(p, strong=span.strong, emphasis=span.emphasis) for p in pieces_of(text)
            ]
    return tuple(pieces)


def _filled(text: str, values: Values) -> str:
    """The text with its values, each in one line."""
    if "\ue000" not in text:
        return text
    return _SPACES.sub(" ", MARKER.sub(lambda match: one_line(values(match[1])), text))


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
