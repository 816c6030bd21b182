"""Rendering a text with the values of one mail: as blocks, and from them as HTML and plain text.

Values are inserted once and never parsed, neither as placeholders nor as Markdown. A line whose
values are all empty is left out. Mail programs drop style sheets, so HTML has inline styles.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import NamedTuple

from ikone_events.domain.header_text import MOST_CHARACTERS, one_line
from ikone_events.mail.writing.markdown import (
    MARKER,
    MarkdownLine,
    Passage,
    Piece,
    Row,
    StrangersWords,
    linked,
    read_markdown,
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


# What a marker of this name is for this person: words, or blocks where it stands alone on its line.
Value = str | tuple[Block, ...]
Values = Callable[[str], Value]


def fill_subject(subject: str, values: Values) -> str:
    """The subject as a valid header; may be empty."""
    # "=" of the text and "?" of a value would begin an encoded word.
    filled = shown(_inline(subject, values)).strip().replace("=?", "= ?")
    if len(filled) > MOST_CHARACTERS:
        return filled[: MOST_CHARACTERS - 1].rstrip() + "…"
    return filled


def fill(source: str, values: Values, button: str = "") -> list[Block]:
    """The blocks of a text; a link to `button` that is alone on its line is the button."""
    blocks: list[Block] = []
    begun = False
    for passage in read_markdown(source):
        found = tuple(map(values, passage.names))
        made = list(_blocks(passage, found, button if passage.has_link else ""))
        begun = begun and passage.glued
        if begun and made:
            made[0] = made[0]._replace(glued=True)
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


@lru_cache(maxsize=1024)
def _blocks(passage: Passage, found: tuple[Value, ...], button: str) -> tuple[Block, ...]:
    """The blocks of a passage with these values; cached, since a mailing repeats most of them."""
    values = dict(zip(passage.names, found, strict=True)).__getitem__
    lines = [line for line in passage.lines if not line.names or any(map(values, line.names))]
    if passage.kind == "text":
        return tuple(_paragraphs(lines, values, button))
    if not lines:
        return ()
    titled = passage.kind == "box" and lines[0].only == _TITLE
    heading = shown(_inline(lines[0].row[0].text, values)).strip() if titled else ""
    rows = tuple(_row(line, values) for line in lines[titled:])
    return (Block(passage.kind, rows, heading, passage.start),)


def _paragraphs(lines: list[MarkdownLine], values: Values, button: str) -> Iterator[Block]:
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


def _items(lines: list[MarkdownLine], values: Values, button: str) -> Iterator[Row | Block]:
    """The rows and blocks of the lines; a value of several lines makes several rows."""
    for line in lines:
        value = values(line.only) if line.only else ""
        if isinstance(value, tuple):
            yield from (
                block._replace(glued=True) if block is value[0] else block for block in value
            )
            continue
        for row in _rows(line, values):
            apart = len(row) == 1 and button and row[0].href == button
            yield Block("button", (row,), glued=True) if apart else row


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
    if isinstance(value, StrangersWords):
        return unlinked(form(value))
    if isinstance(value, str):
        return form(value)
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


_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin:0;padding:16px;background:#ffffff;color:#171a2b;\
font-family:'Fira Sans',Arial,sans-serif;font-size:16px;line-height:1.5">\
<div style="max-width:600px;margin:0 auto">
{blocks}</div>
</body>
</html>"""
_BOX = "margin:16px 0;padding:12px 16px;border-left:4px solid #0b4a8f;background:#f2f5fa"
_BUTTON = (
    "display:inline-block;padding:12px 20px;border-radius:4px;background:#0b4a8f;"
    "color:#ffffff;font-weight:bold;text-decoration:none"
)
_LINK = "color:#0b4a8f"
_BREAK = "<br>\n"


def html_page(subject: str, blocks: Iterable[Block], *, lang: str) -> str:
    """The HTML of a mail."""
    return _PAGE.format(lang=lang, title=escape(subject), blocks="".join(map(_html_block, blocks)))


@lru_cache(maxsize=512)
def _html_block(block: Block) -> str:
    rows = [_html_row(row) for row in block.rows]
    match block.kind:
        case "box":
            title = [f"<strong>{escape(block.heading)}</strong>"] if block.heading else []
            return f'<div style="{_BOX}">{_BREAK.join(title + rows)}</div>\n'
        case "button":
            return f'<p style="margin:24px 0">{_link(block.rows[0][0], _BUTTON)}</p>\n'
        case "list":
            return f'<ul style="margin:16px 0;padding-left:20px">\n{_html_items(rows)}</ul>\n'
        case "numbers":
            style = f'style="margin:16px 0;padding-left:28px" start="{block.start}"'
            return f"<ol {style}>\n{_html_items(rows)}</ol>\n"
        case "heading":
            return f'<h2 style="margin:24px 0 8px;font-size:18px">{_BREAK.join(rows)}</h2>\n'
        case _:
            lang = f' lang="{block.lang}"' if block.lang else ""
            return f'<p{lang} style="margin:16px 0">{_BREAK.join(rows)}</p>\n'


def _html_items(rows: Iterable[str]) -> str:
    return "".join(f"<li>{row}</li>\n" for row in rows)


def _html_row(row: Row) -> str:
    return "".join(map(_html_piece, row))


def _html_piece(piece: Piece) -> str:
    shown = _link(piece, _LINK) if piece.href else escape(piece.text)
    if piece.emphasis:
        shown = f"<em>{shown}</em>"
    return f"<strong>{shown}</strong>" if piece.strong else shown


def _link(piece: Piece, style: str) -> str:
    return f'<a href="{escape(piece.href)}" style="{style}">{escape(piece.text)}</a>'
