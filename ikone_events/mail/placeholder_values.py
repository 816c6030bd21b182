"""What each placeholder stands for in the values of a letter: one table for filling and showing.

Filled, `{{einwahl}}` is `occasion.dial_in` of the letter at hand; shown in the editor, the built-in
text is rendered with a values' table in which `occasion.dial_in` is the word `{{einwahl}}`.
"""

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.placeholders import PLACEHOLDERS, Shape
from ikone_events.mail.texts import Rendering

# Passages that are blocks of the templates stand under their own names there, not here.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "titel": "occasion.title",
        "termin": "when",
        "ort": "where",
        "datum": "held_on",
        "datum_kurz": "day",
        "beginn": "start",
        "ende": "end",
        "einlass": "opens_at",
        "anmeldeschluss": "deadline",
        "frist": "hold_until",
        "teilnahme": "way",
        "andere_person": "extras.other_person",
        "plaetze_frei": "seats_left",
        "bisheriger_termin": "old_when",
        "vorname": "recipient.first_name",
        "nachname": "recipient.last_name",
        "frage": "recipient.question",
        "einwahl": "occasion.dial_in",
        "linkversand": "link_sent_on",
        "loeschdatum": "delete_on",
        "abrufbar_bis": "available_until",
        "veranstalter": "occasion.organisation",
        "kontakt_name": "occasion.contact_name",
        "kontakt_email": "occasion.contact_email",
        "kontakt_telefon": "occasion.contact_phone",
        "zusammenfassung": "occasion.summary",
        "grund": "extras.reason",
        "zugangslink": "links.room",
        "bestaetigungslink": "links.confirm",
        "annahmelink": "links.accept",
        "verwaltenlink": "links.manage",
        "unterlagenlink": "links.materials",
        "anmeldelink": "occasion.register_url",
        "veranstaltungslink": "occasion.public_url",
        "rueckmeldelink": "occasion.feedback_url",
    }
)
PASSAGES = tuple(
    name
    for name, placeholder in PLACEHOLDERS.items()
    if placeholder.shape is Shape.PASSAGE and name not in SOURCES
)


class PlaceholderValues:
    """The values of one letter by the names of placeholders, each worked out once."""

    def __init__(self, values: Mapping[str, object], frame: Rendering) -> None:
        self._values = values
        self._frame = frame
        self._known: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """What stands in the body for this placeholder."""
        if name not in self._known:
            self._known[name] = clean_text(self._find(name))
        return self._known[name]

    def in_subject(self, name: str) -> str:
        """What stands in the subject: there a long title is cut."""
        return str(self._values["title"]) if name == "titel" else self(name)

    def _find(self, name: str) -> str:
        source = SOURCES.get(name)
        if source is None:
            return self._frame.passage(name) if name in PASSAGES else ""
        first, _, attribute = source.partition(".")
        value = self._values.get(first, "")
        value = getattr(value, attribute, "") if attribute else value
        return one_line(str(value)) if name == "titel" else str(value or "")


def symbolic_values() -> dict[str, object]:
    """Values in which every placeholder's place holds its name: the full case of every letter."""
    values: dict[str, object] = {
        "calendar": True,
        "waiting": False,
        "held": False,
        "has_materials": True,
        "changes": (),
        "greeting": "",
        "closing": "",
        "title": "{{titel}}",
        "box": "{{titel}}\n{{termin}}\n{{ort}}",
    }
    parts: dict[str, dict[str, object]] = {
        "occasion": {"has_room": True},
        "recipient": {},
        "links": {"privacy": ""},
        "extras": {
            "status": "confirmed",
            "materials": (),
            "contacts": (),
            "answer": "",
            "registered_by": "",
        },
    }
    for name, source in SOURCES.items():
        first, _, attribute = source.partition(".")
        if attribute:
            parts[first][attribute] = f"{{{{{name}}}}}"
        else:
            values[first] = f"{{{{{name}}}}}"
    values |= {name: SimpleNamespace(**part) for name, part in parts.items()}
    return values
