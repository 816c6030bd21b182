"""The HTML letter, made from the text letter: the same words with a box, links and one button.

Only the structure is guessed here, by the shapes our own templates write; nothing is marked safe,
so the layout escapes every word. Without styles, pictures or HTML at all the letter stays whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ikone_events.mail.texts import render_layout

_LABELLED = re.compile(r"(?P<label>.+): (?P<href>https?://\S+)")
_LINK = re.compile(
    r"https?://[^\s<>\"„“”]+[^\s<>\"„“”.,;:!?)]|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"
)
_SENTENCE_END = re.compile(r"[.;?!] ")
_BULLETS = ("– ", "- ")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, with the address it leads to."""

    text: str
    href: str = ""


Row = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, box or button of the letter."""

    kind: str
    rows: tuple[Row, ...]
    heading: str = ""


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
    blocks = [block for part in body.split("\n\n") for block in _paragraph(part, marks)]
    if all(block.kind != "button" for block in blocks):
        blocks.append(Block("button", ((Piece(marks.action_label, marks.action_href),),)))
    ending = f"{marks.closing}\n{below}".split("\n\n")
    blocks += [Block("text", tuple(_row(line) for line in part.split("\n"))) for part in ending]
    return render_layout({"lang": lang, "subject": subject, "blocks": blocks})


def _paragraph(paragraph: str, marks: Marks) -> Iterator[Block]:
    """One paragraph, cut where a list or the button begins or ends."""
    lines = paragraph.split("\n")
    if any(line.endswith(marks.when) for line in lines):
        titled = lines[0] == marks.title
        rows = tuple(_row(line) for line in (lines[1:] if titled else lines))
        yield Block("box", rows, marks.title if titled else "")
        return
    for kind, run in groupby(lines, key=lambda line: _kind(line, marks)):
        rows = tuple(_row(line.removeprefix(_bullet(line)), item=kind == "list") for line in run)
        yield Block(kind, rows)


def _kind(line: str, marks: Marks) -> str:
    if _bullet(line):
        return "list"
    row = _row(line)
    return "button" if len(row) == 1 and row[0].href == marks.action_href else "text"


def _bullet(line: str) -> str:
    return next((bullet for bullet in _BULLETS if line.startswith(bullet)), "")


def _row(line: str, *, item: bool = False) -> Row:
    """A line; what stands before its address becomes the words of the link, unless it is long."""
    labelled = _LABELLED.fullmatch(line)
    label = labelled["label"] if labelled else ""
    short = item or not _SENTENCE_END.search(label)
    if labelled and short and not _LINK.search(label):
        return (Piece(label, labelled["href"]),)
    return tuple(_pieces(line))


def _pieces(line: str) -> Iterator[Piece]:
    done = 0
    for link in _LINK.finditer(line):
        if link.start() > done:
            yield Piece(line[done : link.start()])
        found = link.group()
        yield Piece(found, found if found.startswith("http") else f"mailto:{found}")
        done = link.end()
    if done < len(line) or not line:
        yield Piece(line[done:])
