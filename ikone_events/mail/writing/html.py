"""The HTML of a mail: blocks in our own shapes, every word escaped, styles inline, nothing loaded.

Mail programs drop style sheets, so each element carries its own. Most blocks of a mailing are the
same for all its people and are made once.
"""

from collections.abc import Iterable
from functools import lru_cache
from html import escape

from ikone_events.mail.writing.markdown import Piece, Row
from ikone_events.mail.writing.rendering import Block

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
    """The HTML of a whole mail."""
    return _PAGE.format(lang=lang, title=escape(subject), blocks="".join(map(_block, blocks)))


@lru_cache(maxsize=512)
def _block(block: Block) -> str:
    rows = [_row(row) for row in block.rows]
    match block.kind:
        case "box":
            title = [f"<strong>{escape(block.heading)}</strong>"] if block.heading else []
            return f'<div style="{_BOX}">{_BREAK.join(title + rows)}</div>\n'
        case "button":
            return f'<p style="margin:24px 0">{_link(block.rows[0][0], _BUTTON)}</p>\n'
        case "list":
            return f'<ul style="margin:16px 0;padding-left:20px">\n{_items(rows)}</ul>\n'
        case "numbers":
            style = f'style="margin:16px 0;padding-left:28px" start="{block.start}"'
            return f"<ol {style}>\n{_items(rows)}</ol>\n"
        case "heading":
            return f'<h2 style="margin:24px 0 8px;font-size:18px">{_BREAK.join(rows)}</h2>\n'
        case _:
            return f'<p style="margin:16px 0">{_BREAK.join(rows)}</p>\n'


def _items(rows: Iterable[str]) -> str:
    return "".join(f"<li>{row}</li>\n" for row in rows)


def _row(row: Row) -> str:
    return "".join(map(_piece, row))


def _piece(piece: Piece) -> str:
    shown = _link(piece, _LINK) if piece.href else escape(piece.text)
    if piece.emphasis:
        shown = f"<em>{shown}</em>"
    return f"<strong>{shown}</strong>" if piece.strong else shown


def _link(piece: Piece, style: str) -> str:
    return f'<a href="{escape(piece.href)}" style="{style}">{escape(piece.text)}</a>'
