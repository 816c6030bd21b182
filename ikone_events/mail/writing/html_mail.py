"""The HTML of a mail.

Mail programs drop most of a style sheet, so what a mail needs is in inline styles; the sheet only
adds the colours of the dark mode. Nothing is loaded. Whatever people typed wraps on a phone.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape

from ikone_events.domain.colours import for_dark_ground
from ikone_events.mail.writing.markdown import Piece, Row
from ikone_events.mail.writing.rendering import Block

# What an inbox shows beside the subject.
_PREVIEW_CHARACTERS = 140
# Longer addresses in a sentence are cut; the link leads to the whole one.
_MOST_SHOWN = 60
_BEGINNING = re.compile(r"https?://([^/?#]+(?:/[\w-]{1,20}(?=/))?)")

_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; supported-color-schemes: light dark }}
@media (prefers-color-scheme: dark) {{
.page {{ background: #12131a !important; color: #f1f2f7 !important }}
.box {{ background: #292c3a !important; border-color: {light} !important }}
.link {{ color: {light} !important }}
.head, .button {{ background: {light} !important; color: #12131a !important }}
.foot {{ border-color: #4a4e63 !important; color: #b9bdcf !important }}
}}
</style>
</head>
<body class="page" style="margin:0;padding:0;{colours}">
<div style="display:none;max-height:0;overflow:hidden">{preview}</div>
<div class="page" style="padding:16px;{colours};font-family:'Fira Sans',Arial,sans-serif;\
font-size:16px;line-height:1.5;word-break:break-word;overflow-wrap:anywhere">
<div style="max-width:600px;margin:0 auto">
<div><strong class="head" style="display:inline-block;padding:4px 10px;border-radius:4px;\
background:{accent};color:#ffffff">{head}</strong></div>
{blocks}<div class="foot" style="margin:24px 0 0;border-top:1px solid #c9cedb;font-size:14px;\
color:#50566b">
{foot}</div>
</div>
</div>
</body>
</html>"""
_COLOURS = "background:#ffffff;color:#171a2b"
# With the accent, the colour of links and buttons.
_BOX = (
    'class="box" style="margin:16px 0;padding:12px 16px;border-left:4px solid {};'
    'background:#f2f5fa"'
)
_BUTTON = (
    'class="button" style="display:inline-block;box-sizing:border-box;max-width:100%;'
    "padding:12px 20px;border-radius:4px;background:{};color:#ffffff;font-weight:bold;"
    'text-decoration:none"'
)
_LINK = 'class="link" style="color:{}"'
_BREAK = "<br>\n"


def html_page(
    subject: str,
    blocks: Sequence[Block],
    foot: Iterable[Block],
    *,
    beginning: str,
    head: str,
    lang: str,
    accent: str,
) -> str:
    """The HTML of a mail; `head` is the name of the sender, `beginning` what an inbox shows."""
    return _PAGE.format(
        lang=lang,
        title=escape(subject),
        colours=_COLOURS,
        preview=escape(beginning),
        head=escape(head),
        accent=accent,
        light=_light(accent),
        blocks="".join(_html_block(block, accent) for block in blocks),
        foot="".join(_html_block(block, accent) for block in foot),
    )


@lru_cache(maxsize=8)
def _light(accent: str) -> str:
    """The accent on dark ground."""
    return for_dark_ground(accent)


def preview(blocks: Iterable[Block]) -> str:
    """The beginning of the text, for the list of an inbox, which shows the title as the subject."""
    words: list[str] = []
    for block in blocks:
        rows = ["".join(piece.text for piece in row) for row in block.rows]
        words += [", ".join(rows) + "."] if block.kind == "box" else rows
        if sum(map(len, words)) >= _PREVIEW_CHARACTERS:
            break
    found = " ".join(words)
    if len(found) <= _PREVIEW_CHARACTERS:
        return found
    return found[: _PREVIEW_CHARACTERS - 1].rstrip() + "…"


@lru_cache(maxsize=512)
def _html_block(block: Block, accent: str) -> str:
    rows = [_html_row(row, accent) for row in block.rows]
    match block.kind:
        case "box":
            title = [f"<strong>{escape(block.heading)}</strong>"] if block.heading else []
            return f"<div {_BOX.format(accent)}>{_BREAK.join(title + rows)}</div>\n"
        case "button":
            return (
                f'<p style="margin:24px 0">{_link(block.rows[0][0], _BUTTON.format(accent))}</p>\n'
            )
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


def _html_row(row: Row, accent: str) -> str:
    if len(row) == 1:
        return _html_piece(row[0], accent)
    return "".join(_html_piece(_shortened(piece), accent) for piece in row)


def _html_piece(piece: Piece, accent: str) -> str:
    shown = _link(piece, _LINK.format(accent)) if piece.href else escape(piece.text)
    if piece.emphasis:
        shown = f"<em>{shown}</em>"
    return f"<strong>{shown}</strong>" if piece.strong else shown


def _shortened(piece: Piece) -> Piece:
    """A long address in a sentence as its host; alone on its line it is there to be copied."""
    if piece.text != piece.href or len(piece.text) <= _MOST_SHOWN:
        return piece
    beginning = _BEGINNING.match(piece.text)
    return piece._replace(text=f"{beginning[1]}/…") if beginning else piece


def _link(piece: Piece, look: str) -> str:
    return f'<a href="{escape(piece.href)}" {look}>{escape(piece.text)}</a>'
