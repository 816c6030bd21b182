"""The text of a mail as far as it is the same for many people, and its completion for one of them.

Passages in which every value is shared are rendered once. The others keep their markers and are
rendered for each person, with the values inserted as in any text.
"""

import re
import unicodedata
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

from ikone_events.domain.colours import ACCENT
from ikone_events.domain.header_text import clean_text
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import PLACEHOLDERS, Shape
from ikone_events.mail.writing.actions import label_of
from ikone_events.mail.writing.html_mail import html_page, preview
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


# A value of one person in a mould: one of these letters (cuneiform), this many times. It is longer
# than any address that html_mail.py shows as a whole, like the tokens of links that it stands for.
_LETTERS, _TIMES = "\U00012000-\U0001207f", 64
_STAND_IN = re.compile(f"([{_LETTERS}])\\1{{{_TIMES - 1}}}")
_FIRST_LETTER = ord(_LETTERS[0])
# The address of a personal page: what is before its token, the token, what is behind it.
_PERSONAL = re.compile(r"(https?://[!-~]*?/)([\w.-]{64,}[\w-])([!-~]*)", re.ASCII)
_MOST_MOULDS = 8


class _Mould(NamedTuple):
    """A finished mail with numbers in place of the values of one person."""

    subject: str
    plain: tuple[str | int, ...]
    html: tuple[str | int, ...]

    def filled(self, values: list[str]) -> tuple[str, str, str]:
        """Subject, plain text and HTML with these values."""
        plain = [values[part] if isinstance(part, int) else part for part in self.plain]
        safe = list(map(escape, values))
        html = [safe[part] if isinstance(part, int) else part for part in self.html]
        return self.subject, "".join(plain), "".join(html)


class SharedText:
    """The text of a mail, rendered once for all people who differ in nothing but stand-ins.

    An edited text replaces the body of the standard text. The changes of the event are added if the
    edited text does not contain them. Threads may share it.
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
        self._names = [name for name in self._own.values() if isinstance(name, StandIn)]
        self._moulds: dict[tuple[str, ...], _Mould | None] = {}
        # A personal link that was typed into the text may be the button's for one of all people.
        self._has_moulds = not (edited and _PERSONAL.search(edited.body))

    def filled(self, own: Mapping[str, str], button: Piece) -> tuple[str, str, str]:
        """Subject, plain text and HTML for one person.

        The `button` stands above the closing if the text has no link to its target. People whose
        values have the same form get the text from one mould.
        """
        values: list[str] = []
        forms = [_form(own[name], values) for name in self._names]
        if None in forms or not self._has_moulds:
            return self.rendered(own, button)[:3]
        target = _form(button.href, values) if _PERSONAL.fullmatch(button.href) else button.href
        key = (button.text, str(target), *map(str, forms))
        if key not in self._moulds:
            if len(self._moulds) >= _MOST_MOULDS:
                return self.rendered(own, button)[:3]
            alike = {str(name): form or "" for name, form in zip(self._names, forms, strict=True)}
            self._moulds[key] = self._mould(alike, Piece(button.text, str(target)))
        mould = self._moulds[key]
        return mould.filled(values) if mould else self.rendered(own, button)[:3]

    def _mould(self, own: Mapping[str, str], button: Piece) -> _Mould | None:
        """The mail with stand-ins; None if it depends on the length of a value."""
        subject, plain, html, preview = self.rendered(own, button)
        if re.search(f"[{_LETTERS}]", subject + preview):
            return None
        return _Mould(subject, _numbered(plain), _numbered(html))

    def rendered(self, own: Mapping[str, str], button: Piece) -> tuple[str, str, str, str]:
        """Subject, plain text, HTML and what an inbox shows of it, without a mould."""

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
        beginning = preview(upper[1:] + lower)
        page = html_page(
            subject,
            upper + lower,
            last,
            beginning=beginning,
            head=self._head,
            lang=self._locale,
            accent=self._accent,
        )
        return subject, plain, page, beginning

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


def _form(value: str, values: list[str]) -> str | None:
    """The value with a stand-in for what is the person's own; None unless every such value gives
    the same mail. What the stand-in stands for is added to `values`.
    """
    if link := _PERSONAL.fullmatch(value):
        before, own, behind = link.groups()
        return f"{before}{_stand_in(own, values)}{behind}"
    return type(value)(_stand_in(value, values)) if _is_simple(value) else None


def _is_simple(value: str) -> bool:
    """Whether a value is inserted as it is: words of one line that become no link."""
    odd = "@" in value or ":" in value or "  " in value or value != value.strip()
    return not odd and value.isprintable() and unicodedata.is_normalized("NFC", value)


def _stand_in(value: str, values: list[str]) -> str:
    if value not in values:
        values.append(value)
    return chr(_FIRST_LETTER + values.index(value)) * _TIMES


def _numbered(text: str) -> tuple[str | int, ...]:
    """The text, and between its parts the numbers of the values that belong there."""
    parts: list[str | int] = list(_STAND_IN.split(text))
    parts[1::2] = [ord(str(letter)) - _FIRST_LETTER for letter in parts[1::2]]
    return tuple(parts)
