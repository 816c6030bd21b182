"""The text of a mail as far as it is the same for many people, and its completion for one of them.

Passages in which every value is shared are rendered once. The others keep their markers and are
rendered for each person, with the values inserted as in any text.
"""

import re
from collections.abc import Mapping

from ikone_events.domain.colours import ACCENT
from ikone_events.domain.header_text import clean_text
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import PLACEHOLDERS, Shape
from ikone_events.mail.writing.actions import label_of
from ikone_events.mail.writing.html_mail import html_page
from ikone_events.mail.writing.markdown import (
    MARKER,
    Passage,
    Piece,
    UntrustedText,
    linked,
    read_markdown,
    with_markers,
)
from ikone_events.mail.writing.rendering import (
    Block,
    Part,
    Value,
    blocks_of,
    fill,
    fill_subject,
    plain_text,
)
from ikone_events.mail.writing.templates import BUTTON, FOOT, German, MarkdownText
from ikone_events.mail.writing.values import StandIn

_MANY_BREAKS = re.compile(r"\s*\n\s*\n\s*")
# The passage that is added to an edited text without it.
_CHANGES = "\ue000aenderungen\ue001"


class SharedText:
    """The text of a mail, rendered once for all people who differ in nothing but stand-ins.

    An edited text replaces the body of the standard text. The changes of the event are added if the
    edited text does not contain them. Nothing changes after the construction: threads may share it.
    """

    def __init__(
        self,
        kind: MailKind,
        values: Mapping[str, object],
        *,
        locale: str,
        edited: EditedText | None = None,
        accent: str = ACCENT,
    ) -> None:
        subject, replaced = "", {}
        if edited:
            subject, body = with_markers(edited.subject), with_markers(edited.body)
            replaced["body"] = body if _CHANGES in body else f"{body}\n\n{_CHANGES}\n"
        self._locale, self._title, self._accent = locale, str(values["title"]), accent
        self._markdown = MarkdownText(kind, values, locale, replaced)
        self._shared: dict[str, Value] = {}
        # The names of values of a person, or passages that contain such values.
        self._own: dict[str, StandIn | tuple[Part, ...]] = {}
        self._subjects = subject, self._markdown.source("subject")
        for name in MARKER.findall("".join(self._subjects)):
            self._find(name)
        above, _, below = self._markdown.whole.rpartition(BUTTON)
        closing, _, foot = below.rpartition(FOOT)
        self._upper = self._parts(above)
        self._lower, self._last = self._parts(closing, False), self._parts(foot, False)
        self._head = _clean(self._markdown.value("veranstalter"))

    def filled(self, own: Mapping[str, str], button: Piece) -> tuple[str, str, str]:
        """Subject, plain text and HTML for one person.

        The `button` stands above the closing if the text has no link to its target.
        """

        def value(name: str) -> Value:
            if name in self._shared:
                return self._shared[name]
            found = self._own[name]
            if isinstance(found, tuple):
                return tuple(fill(found, value, button))
            return self._labelled(name, _clean(own[found]))

        def in_subject(name: str) -> Value:
            return self._title if name == "titel" else value(name)

        subject = next(
            filter(None, (fill_subject(each, in_subject) for each in self._subjects)), ""
        )
        upper, lower = fill(self._upper, value, button), fill(self._lower, value)
        last = fill(self._last, value)
        plain = plain_text(upper + lower + last, self._locale) + "\n"
        if all(block.kind != "button" for block in upper):
            upper.append(Block("button", ((button,),)))
        page = html_page(
            subject,
            upper + lower,
            last,
            head=self._head,
            lang=self._locale,
            accent=self._accent,
        )
        return subject, plain, page

    def _parts(self, source: str, has_button: bool = True) -> tuple[Part, ...]:
        return tuple(
            Part(passage, self._shared_blocks(passage, has_button))
            for passage in read_markdown(source)
        )

    def _shared_blocks(self, passage: Passage, has_button: bool) -> tuple[Block, ...] | None:
        """The blocks of a passage, unless somebody's value or button can stand in it."""
        for name in passage.names:
            self._find(name)
        if any(name in self._own for name in passage.names):
            return None
        made = blocks_of(passage, self._shared.__getitem__, None)
        links = has_button and passage.kind == "text" and any(map(_is_link, made))
        return None if links else made

    def _find(self, name: str) -> None:
        """Note what a marker stands for, once."""
        if name in self._shared or name in self._own:
            return
        if self._markdown.has_block(name):
            parts = self._parts(self._markdown.source(name))
            if any(part.blocks is None for part in parts):
                self._own[name] = parts
            else:
                self._shared[name] = tuple(fill(parts, self._shared.__getitem__))
            return
        value = self._markdown.value(name)
        if isinstance(value, StandIn):
            self._own[name] = value
        elif isinstance(value, German):
            self._shared[name] = _in_german(value)
        else:
            self._shared[name] = self._labelled(name, _clean(value))

    def _labelled(self, name: str, value: str) -> Value:
        if value and name in PLACEHOLDERS and PLACEHOLDERS[name].shape is Shape.ADDRESS:
            return Piece(label_of(name, self._locale), value)
        return value


def _is_link(block: Block) -> bool:
    """Whether a line of the block is nothing but a link."""
    return any(len(row) == 1 and row[0].href for row in block.rows)


def _in_german(text: str) -> tuple[Block, ...]:
    """A block of its own, or none for an empty text."""
    rows = tuple(
        linked((Piece(line.strip()),)) for line in _clean(text).split("\n") if line.strip()
    )
    return (Block("text", rows, lang="de"),) if rows else ()


def _clean(value: str) -> str:
    text = value if value.isprintable() else _MANY_BREAKS.sub("\n\n", clean_text(value))
    return UntrustedText(text.strip()) if isinstance(value, UntrustedText) else text.strip()
