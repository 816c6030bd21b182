"""Documents of the package as pages: chapters with addresses, and their pictures."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from ikone_events.services.documents.markdown import ATTRIBUTES, TAGS

_PICTURE_TAGS = TAGS | {"img"}
_PICTURE_ATTRIBUTES = {
    **ATTRIBUTES,
    "h2": {"id"},
    "img": {"src", "alt", "width", "height", "loading"},
}
_NO_WORD = re.compile(r"[^a-z0-9]+")
_parser = MarkdownIt("js-default")


@dataclass(frozen=True, slots=True)
class Document:
    """A document as HTML without its title; each chapter has an id and a heading of level 2."""

    title: str
    chapters: tuple[tuple[str, str], ...]
    html: Markup


def read_document(path: Path, picture_url: Callable[[str], str]) -> Document:
    """Read a Markdown file; its pictures lie in a folder beside it.

    Its first line is the title. `picture_url` gives the address of a picture by its file name.
    """
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    tokens = _parser.parse(text)
    chapters = []
    for opening, heading in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            chapters.append((_chapter_id(heading.content), heading.content))
            opening.attrs["id"] = chapters[-1][0]
    for picture in _pictures(tokens):
        _show(picture, path.parent, picture_url)
    html = _parser.renderer.render(tokens, _parser.options, {})
    clean = nh3.clean(html, tags=_PICTURE_TAGS, attributes=_PICTURE_ATTRIBUTES)
    return Document(title.lstrip("# "), tuple(chapters), Markup(clean))  # noqa: S704 - cleaned


def _chapter_id(heading: str) -> str:
    """A heading as part of an address: "Link für Gäste" is "link-fur-gaste"."""
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return _NO_WORD.sub("-", plain).strip("-")


def _pictures(tokens: list[Token]) -> list[Token]:
    return [part for token in tokens for part in token.children or () if part.type == "image"]


def _show(picture: Token, folder: Path, picture_url: Callable[[str], str]) -> None:
    """Give a picture its address, and the room that it takes before it is loaded."""
    path = folder / str(picture.attrs["src"])
    width, height = webp_size(path)
    picture.attrs |= {
        "src": picture_url(path.name),
        "width": width,
        "height": height,
        "loading": "lazy",
    }


def webp_size(path: Path) -> tuple[int, int]:
    """Width and height of a WebP picture as Chromium writes it (RFC 9649, 2.7); else (0, 0)."""
    with path.open("rb") as file:
        head = file.read(30)
    if head[8:16] != b"WEBPVP8X":
        return 0, 0
    width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    return width, height
