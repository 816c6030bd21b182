"""The templates of mails: the standard text of a kind, or an edited body in it.

They render to Markdown with a marker for each value, so standard and edited texts are rendered
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
from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import PLACEHOLDERS, Shape, placeholders_of
from ikone_events.mail.writing.markdown import MARKER

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
        "ticketlink": "links.ticket",
        "verwaltenlink": "links.manage",
        "absagelink": "links.withdraw",
        "unterlagenlink": "links.materials",
        "anmeldelink": "event.register_url",
        "veranstaltungslink": "event.public_url",
        "rueckmeldelink": "links.feedback",
        "rolle": "briefing.role",
        "angemeldete": "briefing.registered",
        "verwaltungen": "briefing.bodies",
        "bereit_ab": "briefing.ready_at",
        "mitwirkendenlink": "links.speaker",
        "hochladelink": "links.upload",
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


class German(str):
    """A German text in a mail of any language: screen readers have to know (WCAG 3.1.2)."""

    __slots__ = ()


# Variables of all templates: the place of the button, where the foot begins, the box, and the
# time in it.
BUTTON, FOOT = "\ue000button\ue001", "\ue000foot\ue001"
_PRINTED_AS_IS = {
    "button": _Source(BUTTON),
    "foot": _Source(FOOT),
    "box": _Source("\ue000titel\ue001\n\ue000termin\ue001\n\ue000ort\ue001"),
    "when": _Source("\ue000termin\ue001"),
}


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
_templates.filters["german"] = German


@lru_cache(maxsize=64)
def starting_text(kind: MailKind, locale: str) -> EditedText:
    """The standard text with placeholders instead of values, rendered from the template."""
    passages = {
        name: f"\n\ue000{name}\ue001\n" for name in PASSAGES if name in placeholders_of(kind)
    }
    text = MarkdownText(kind, _symbolic_values(), locale, passages)
    return EditedText(*(_with_names(text.source(block), text) for block in ("subject", "body")))


def _with_names(source: str, text: "MarkdownText") -> str:
    """The Markdown with placeholders in place of markers."""
    named = MARKER.sub(
        lambda match: f"{{{{{match[1]}}}}}" if match[1] in PLACEHOLDERS else text.value(match[1]),
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
        "links": {"privacy": "", "standing": "", "certificate": "", "request": ""},
        "briefing": {"questions": (), "more": 0, "directions": ""},
        "facts": {
            "status": "confirmed",
            "materials": (),
            "contacts": (),
            "standing_series": "",
            "questions": (),
            "has_open_fields": False,
            "asks_questions": True,
            "legal_basis": "",
        },
    }
    for name, source in SOURCES.items():
        first, _, attribute = source.partition(".")
        target = parts[first] if attribute else values
        target[attribute or first] = f"{{{{{name}}}}}"
    return values | {name: SimpleNamespace(**part) for name, part in parts.items()}


class MarkdownText:
    """A template rendered to Markdown with markers, and the values behind the markers.

    `replaced` maps blocks to Markdown, which is not read as a template.
    """

    def __init__(
        self, kind: MailKind, values: Mapping[str, object], locale: str, replaced: Mapping[str, str]
    ) -> None:
        self._values = values
        self._printed: list[str] = []
        template = _templates.get_template(f"mail/{locale}/{kind}.txt")
        self._context = template.new_context({**values, **_PRINTED_AS_IS, "printed": self._printed})
        for block, words in replaced.items():
            self._context.blocks[block] = [_block_of(words)]
        # This also loads the blocks of parent templates.
        self.whole = "".join(template.root_render_func(self._context))

    def source(self, block: str) -> str:
        """The Markdown of one block, with markers."""
        return "".join(self._context.blocks[block][0](self._context))

    def has_block(self, name: str) -> bool:
        """Whether the template has a passage of this name."""
        return name in PASSAGES and name in self._context.blocks

    def value(self, name: str) -> str:
        """The value of a marker as it was given, empty if there is none."""
        if name.isdecimal():
            return self._printed[int(name)]
        first, _, attribute = SOURCES.get(name, "").partition(".")
        value = self._values.get(first, "")
        found = (getattr(value, attribute, "") if attribute else value) or ""
        return found if isinstance(found, str) else str(found)


def _block_of(words: str) -> Callable[[Context], Iterator[str]]:
    return lambda _context: iter((words,))
