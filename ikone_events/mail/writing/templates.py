"""The texts of mails: the standard text of a kind, or an edited body in it.

Templates render to Markdown with a marker for each value, so standard and edited texts are rendered
alike. A missing variable is an error, which undoes the cause of the mail.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

import ikone_events
from ikone_events.domain.header_text import clean_text
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import PLACEHOLDERS, Shape, placeholders_of
from ikone_events.mail.writing.actions import label_of
from ikone_events.mail.writing.html_mail import html_page
from ikone_events.mail.writing.markdown import (
    MARKER,
    Piece,
    StrangersWords,
    linked,
    with_markers,
)
from ikone_events.mail.writing.rendering import (
    Block,
    Value,
    fill,
    fill_subject,
    plain_text,
)

# The variable of each placeholder: `{{einwahl}}` is `event.dial_in`.
# Other passages are blocks of the templates, with the name of the placeholder.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "titel": "event.title",
        "termin": "when",
        "ort": "where",
        "datum": "held_on",
        "datum_kurz": "day",
        "beginn": "start",
        "ende": "end",
        "einlass": "opens_at",
        "anmeldeschluss": "deadline",
        "frist": "reserved_until",
        "teilnahme": "way",
        "andere_person": "facts.other_person",
        "plaetze_frei": "seats_left",
        "bisheriger_termin": "old_when",
        "vorname": "recipient.first_name",
        "nachname": "recipient.last_name",
        "frage": "recipient.question",
        "einwahl": "event.dial_in",
        "linkversand": "link_sent_on",
        "loeschdatum": "delete_on",
        "abrufbar_bis": "available_until",
        "veranstalter": "event.organisation",
        "kontakt_name": "event.contact_name",
        "kontakt_email": "event.contact_email",
        "kontakt_telefon": "event.contact_phone",
        "zusammenfassung": "event.summary",
        "zugangslink": "links.room",
        "bestaetigungslink": "links.confirm",
        "annahmelink": "links.accept",
        "verwaltenlink": "links.manage",
        "absagelink": "links.withdraw",
        "unterlagenlink": "links.materials",
        "anmeldelink": "event.register_url",
        "veranstaltungslink": "event.public_url",
        "rueckmeldelink": "event.feedback_url",
    }
)
PASSAGES = tuple(
    name
    for name, placeholder in PLACEHOLDERS.items()
    if placeholder.shape is Shape.PASSAGE and name not in SOURCES
)
_MANY_BREAKS = re.compile(r"\s*\n\s*\n\s*")


class _Source(str):
    """Markdown that templates print unchanged."""

    __slots__ = ()


class _German(str):
    """A German text in a mail of any language: screen readers have to know (WCAG 3.1.2)."""

    __slots__ = ()


# Variables of all templates: the place of the button, where the foot begins, the box, and the
# time in it.
_BUTTON, _FOOT = "\ue000button\ue001", "\ue000foot\ue001"
_PRINTED_AS_IS = {
    "button": _Source(_BUTTON),
    "foot": _Source(_FOOT),
    "box": _Source("\ue000titel\ue001\n\ue000termin\ue001\n\ue000ort\ue001"),
    "when": _Source("\ue000termin\ue001"),
}
# The passage that is added to an edited text without it.
_CHANGES = "\ue000aenderungen\ue001"


@pass_context
def _as_marker(context: Context, value: object) -> str:
    """The marker for a printed value: its number in this text."""
    if isinstance(value, _Source):
        return value
    printed: list[str] = context["printed"]
    printed.append(value if isinstance(value, str) else str(value))
    return f"\ue000{len(printed) - 1}\ue001"


def template_folder() -> Path:
    """The folder of templates: in an installed package, or at the top level of the source tree."""
    package = Path(ikone_events.__file__).resolve().parent
    installed = package / "templates"
    return installed if (installed / "mail").is_dir() else package.parent / "templates"


_templates = Environment(
    loader=FileSystemLoader(template_folder()),
    finalize=_as_marker,
    autoescape=False,  # noqa: S701 - the output is Markdown, and escaped when it becomes HTML
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)
_templates.filters["german"] = _German


def write(
    kind: MailKind,
    values: Mapping[str, object],
    button: Piece,
    *,
    locale: str,
    edited: EditedText | None = None,
) -> tuple[str, str, str]:
    """Subject, plain text and HTML, with the `button` above the closing if the text has no link.

    An edited text replaces the body of the standard text. The changes of the event are added if the
    edited text does not contain them.
    """
    subject, replaced = "", {}
    if edited:
        subject, body = with_markers(edited.subject), with_markers(edited.body)
        replaced["body"] = body if _CHANGES in body else f"{body}\n\n{_CHANGES}\n"
    text = _Text(f"mail/{locale}/{kind}.txt", values, button, replaced)
    subject = fill_subject(subject, text.in_subject) or fill_subject(
        text.source("subject"), text.in_subject
    )
    above, _, below = text.whole.rpartition(_BUTTON)
    closing, _, foot = below.rpartition(_FOOT)
    upper, lower, last = fill(above, text, button), fill(closing, text), fill(foot, text)
    plain = plain_text(upper + lower + last, locale) + "\n"
    if all(block.kind != "button" for block in upper):
        upper.append(Block("button", ((button,),)))
    page = html_page(subject, upper + lower, last, head=str(text("veranstalter")), lang=locale)
    return subject, plain, page


@lru_cache(maxsize=64)
def starting_text(kind: MailKind, locale: str) -> EditedText:
    """The standard text with placeholders instead of values, rendered from the template."""
    passages = {
        name: f"\n\ue000{name}\ue001\n" for name in PASSAGES if name in placeholders_of(kind)
    }
    text = _Text(f"mail/{locale}/{kind}.txt", _symbolic_values(), None, passages)
    return EditedText(*(_with_names(text.source(block), text) for block in ("subject", "body")))


def _with_names(source: str, text: "_Text") -> str:
    """The Markdown with placeholders in place of markers."""
    named = MARKER.sub(
        lambda match: f"{{{{{match[1]}}}}}" if match[1] in PLACEHOLDERS else str(text(match[1])),
        source,
    )
    return _MANY_BREAKS.sub("\n\n", named).strip()


def _symbolic_values() -> dict[str, object]:
    """Variables with placeholders as values, so that every optional part is included."""
    values: dict[str, object] = {
        "calendar": True,
        "replaces": False,
        "waiting": False,
        "reserved": False,
        "has_materials": True,
        "changes": (),
        "greeting": "",
        "closing": "",
        "title": "{{titel}}",
    }
    parts: dict[str, dict[str, object]] = {
        "event": {"has_room": True, "postal_address": ""},
        "recipient": {},
        "links": {"privacy": ""},
        "facts": {"status": "confirmed", "materials": (), "contacts": (), "has_open_fields": False},
    }
    for name, source in SOURCES.items():
        first, _, attribute = source.partition(".")
        target = parts[first] if attribute else values
        target[attribute or first] = f"{{{{{name}}}}}"
    return values | {name: SimpleNamespace(**part) for name, part in parts.items()}


class _Text:
    """A standard text with the values of one mail, each computed once.

    `replaced` maps blocks to Markdown, which is not read as a template.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, object],
        button: Piece | None,
        replaced: Mapping[str, str],
    ) -> None:
        self._values = values
        self._locale = name.split("/")[1]
        self._button = button
        self._printed: list[str] = []
        self._known: dict[str, Value] = {}
        template = _templates.get_template(name)
        self._context = template.new_context({**values, **_PRINTED_AS_IS, "printed": self._printed})
        for block, words in replaced.items():
            self._context.blocks[block] = [_block_of(words)]
        # This also loads the blocks of parent templates.
        self.whole = "".join(template.root_render_func(self._context))

    def source(self, block: str) -> str:
        """The Markdown of one block, with markers."""
        return "".join(self._context.blocks[block][0](self._context))

    def __call__(self, name: str) -> Value:
        """The value of a marker in the body."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    def in_subject(self, name: str) -> Value:
        """The value of a marker in the subject, where a long title is cut."""
        return str(self._values["title"]) if name == "titel" else self(name)

    def _find(self, name: str) -> Value:
        if name.isdecimal():
            printed = self._printed[int(name)]
            return _in_german(printed) if isinstance(printed, _German) else _clean(printed)
        if source := SOURCES.get(name):
            first, _, attribute = source.partition(".")
            value = self._values.get(first, "")
            found = (getattr(value, attribute, "") if attribute else value) or ""
            return self._labelled(name, _clean(found if isinstance(found, str) else str(found)))
        if name in PASSAGES and name in self._context.blocks:
            return tuple(fill(self.source(name), self, self._button))
        return ""

    def _labelled(self, name: str, value: str) -> Value:
        if value and PLACEHOLDERS[name].shape is Shape.ADDRESS:
            return Piece(label_of(name, self._locale), value)
        return value


def _in_german(text: str) -> tuple[Block, ...]:
    """A block of its own, or none for an empty text."""
    rows = tuple(
        linked((Piece(line.strip()),)) for line in _clean(text).split("\n") if line.strip()
    )
    return (Block("text", rows, lang="de"),) if rows else ()


def _clean(value: str) -> str:
    text = value if value.isprintable() else _MANY_BREAKS.sub("\n\n", clean_text(value))
    return StrangersWords(text.strip()) if isinstance(value, StrangersWords) else text.strip()


def _block_of(words: str) -> Callable[[Context], Iterator[str]]:
    return lambda _context: iter((words,))
