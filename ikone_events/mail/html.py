"""The HTML letter, made from the text letter: the same words with a box, links and one button.

Only the structure is guessed here, by the shapes our own templates write; nothing is marked safe,
so the layout escapes every word. Without styles, pictures or HTML at all the letter stays whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from ikone_events.mail.texts import render_layout

_LABELLED = re.compile(r"(?P<label>.+): (?P<href>(?:https?|webcal)://\S+)")
_LINK = re.compile(
    r"https?://[^\s<>\"„“”]+[^\s<>\"„“”.,;:!?)]|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
_SENTENCE_END = re.compile(r"[.;?!] ")
_BULLETS = ("– ", "- ")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, with the address it leads to and its style."""

    text: str
    href: str = ""
    strong: bool = False
    emphasis: bool = False


Row = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, box, heading or button of the letter.

    Numbers begin with `start`. A `glued` block goes on in the paragraph of the one before it.
    """

    kind: str
    rows: tuple[Row, ...]
    heading: str = ""
    start: int = 1
    glued: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is recognised in the text: the lines of the box, the main action, the closing words.

    `action_label` is for letters whose main action stands only below the closing words.
    """

    title: str
    when: str
    closing: str
    action_label: str
    action_href: str


def html_letter(subject: str, text: str, marks: Marks, *, lang: str) -> str:
    """The letter as HTML."""
    body, _, below = text.strip().rpartition(f"\n\n{marks.closing}\n")
    ending = f"{marks.closing}\n{below}"
    return html_of_blocks(subject, list(blocks_of(body, marks)), ending, marks, lang=lang)


def html_of_blocks(
    subject: str, blocks: list[Block], ending: str, marks: Marks, *, lang: str
) -> str:
    """The letter as HTML; what has no button gets one above the closing words."""
    if all(block.kind != "button" for block in blocks):
        blocks.append(Block("button", ((Piece(marks.action_label, marks.action_href),),)))
    below = [
        Block("text", tuple(row_of(line) for line in part.split("\n")))
        for part in ending.split("\n\n")
    ]
    return render_layout({"lang": lang, "subject": subject, "blocks": blocks + below})


def blocks_of(body: str, marks: Marks) -> Iterator[Block]:
    """The paragraphs, lists, boxes and buttons of a plain text."""
    for part in body.split("\n\n"):
        yield from _paragraph(part, marks)


def _paragraph(paragraph: str, marks: Marks) -> Iterator[Block]:
    """One paragraph, cut where a list or the button begins or ends."""
    lines = paragraph.split("\n")
    if any(line.endswith(marks.when) for line in lines):
        titled = lines[0] == marks.title
        rows = tuple(row_of(line) for line in (lines[1:] if titled else lines))
        yield Block("box", rows, marks.title if titled else "")
        return
    glued = False
    for kind, run in groupby(lines, key=lambda line: _kind(line, marks)):
        rows = tuple(row_of(line.removeprefix(_bullet(line)), item=kind == "list") for line in run)
        yield Block(kind, rows, glued=glued)
        glued = True


def _kind(line: str, marks: Marks) -> str:
    if _bullet(line):
        return "list"
    return "button" if is_button(row_of(line), marks) else "text"


def is_button(row: Row, marks: Marks) -> bool:
    """Whether a line is nothing but the letter's main action."""
    return len(row) == 1 and row[0].href == marks.action_href


def _bullet(line: str) -> str:
    return next((bullet for bullet in _BULLETS if line.startswith(bullet)), "")


@lru_cache(maxsize=512)
def row_of(line: str, *, item: bool = False) -> Row:
    """A line; what stands before its address becomes the words of the link, unless it is long."""
    labelled = _LABELLED.fullmatch(line)
    label = labelled["label"] if labelled else ""
    short = item or not _SENTENCE_END.search(label)
    if labelled and short and not _LINK.search(label):
        return (Piece(label, labelled["href"]),)
    return tuple(pieces_of(line))


def pieces_of(line: str) -> Iterator[Piece]:
    """The words of a line and the addresses in it."""
    done = 0
    for link in _LINK.finditer(line):
        if link.start() > done:
            yield Piece(line[done : link.start()])
        found = link.group()
        yield Piece(found, found if found.startswith("http") else f"mailto:{found}")
        done = link.end()
    if done < len(line) or not line:
        yield Piece(line[done:])
