"""The fixed set of placeholders of edited mails: names, meanings, and which mail knows which.

Organisers write `{{titel}}`; the names are German words because organisers are. What a name stands
for is filled in by mail/; there is no template language, so nothing can be computed or left open.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_

# The one expression that finds placeholders; spaces inside are fine, line breaks are not.
PLACEHOLDER = re.compile(r"\{\{[ \t]*([^{}\n]*?)[ \t]*\}\}")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "_", "-": "_"})


class Shape(StrEnum):
    """Where a placeholder may stand: in any line, in the body alone, as a link's target too."""

    LINE = "line"
    PASSAGE = "passage"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name, what it stands for, and its shape.

    A passage may have several lines and keeps them where it stands alone on its line. Only lines
    may stand in a subject: a personal link there would be read over shoulders.
    """

    name: str
    meaning: str
    shape: Shape = Shape.LINE


def _by_name(*placeholders: Placeholder) -> Mapping[str, Placeholder]:
    return MappingProxyType({placeholder.name: placeholder for placeholder in placeholders})


PLACEHOLDERS = _by_name(
    Placeholder("titel", N_("Title of the event")),
    Placeholder("termin", N_("Day and time, such as “Dienstag, 12. Januar 2021, 10:00 bis 12:00”")),
    Placeholder("ort", N_("Place, or “Online”")),
    Placeholder("datum", N_("Day of the event, such as “12. Januar 2021”")),
    Placeholder("datum_kurz", N_("Day of the event in digits, such as “12.01.2021”")),
    Placeholder("beginn", N_("Time of the start, such as “10:00”")),
    Placeholder("ende", N_("Time of the end")),
    Placeholder("einlass", N_("Time from which the video room is open")),
    Placeholder("anmeldeschluss", N_("Day and time until which one can register")),
    Placeholder("frist", N_("Day and time until which a place is kept for the recipient")),
    Placeholder("teilnahme", N_("How the recipient takes part, such as “online” or “vor Ort”")),
    Placeholder("andere_person", N_("Name of the deputy, or of the one who handed over")),
    Placeholder("plaetze_frei", N_("Number of free places")),
    Placeholder("bisheriger_termin", N_("Day and time before the event was moved")),
    Placeholder("vorname", N_("First name of the recipient")),
    Placeholder("nachname", N_("Last name of the recipient")),
    Placeholder("frage", N_("The question the recipient asked when registering")),
    Placeholder("einwahl", N_("Dial-in by telephone")),
    Placeholder("linkversand", N_("Day on which the access link is sent")),
    Placeholder("loeschdatum", N_("Day on which the recipient's details are deleted")),
    Placeholder("abrufbar_bis", N_("Day until which the materials can be opened")),
    Placeholder("veranstalter", N_("Name of your office")),
    Placeholder("kontakt_name", N_("Name of the contact of this event")),
    Placeholder("kontakt_email", N_("E-mail address for questions")),
    Placeholder("kontakt_telefon", N_("Telephone number for questions")),
    Placeholder("zusammenfassung", N_("Summary of the event"), Shape.PASSAGE),
    Placeholder(
        "aenderungen",
        N_("What has changed for the recipient since the last e-mail; empty if nothing has"),
        Shape.PASSAGE,
    ),
    Placeholder("grund", N_("The reason you give"), Shape.PASSAGE),
    Placeholder(
        "kalenderhinweis",
        N_("One sentence on the calendar entry; empty for people who get none"),
        Shape.PASSAGE,
    ),
    Placeholder(
        "angemeldet_von",
        N_("Who registered the recipient; empty for people who registered themselves"),
        Shape.PASSAGE,
    ),
    Placeholder(
        "bestaetigung",
        N_("The link to confirm the address, and until when; empty where it is not needed"),
        Shape.PASSAGE,
    ),
    Placeholder("annahme", N_("The link to accept the place, and until when"), Shape.PASSAGE),
    Placeholder(
        "anmeldestand",
        N_("Whether the recipient stays registered or on the waiting list"),
        Shape.PASSAGE,
    ),
    Placeholder(
        "zugang",
        N_("How to take part: the personal link, or when it will be sent"),
        Shape.PASSAGE,
    ),
    Placeholder("unterlagen", N_("List of slides and links, and until when"), Shape.PASSAGE),
    Placeholder("ansprechpersonen", N_("List of contacts for topics"), Shape.PASSAGE),
    Placeholder(
        "rueckfrage",
        N_("The recipient's question, and where to write if it is still open"),
        Shape.PASSAGE,
    ),
    Placeholder("rueckmeldung", N_("How to tell you what one thinks"), Shape.PASSAGE),
    Placeholder("zugangslink", N_("The recipient's own link to the video room"), Shape.ADDRESS),
    Placeholder(
        "bestaetigungslink", N_("The recipient's own link to confirm the address"), Shape.ADDRESS
    ),
    Placeholder("annahmelink", N_("The recipient's own link to accept the place"), Shape.ADDRESS),
    Placeholder("verwaltenlink", N_("The recipient's own link to the registration"), Shape.ADDRESS),
    Placeholder("unterlagenlink", N_("The recipient's own link to the materials"), Shape.ADDRESS),
    Placeholder("anmeldelink", N_("The public registration form"), Shape.ADDRESS),
    Placeholder("veranstaltungslink", N_("The public page of the event"), Shape.ADDRESS),
    Placeholder("rueckmeldelink", N_("The address of the feedback form"), Shape.ADDRESS),
)

# Offered by earlier versions: empty in texts that still use them.
REMOVED = ("ersatz",)

_EVENT = [
    "titel",
    "termin",
    "ort",
    "datum",
    "datum_kurz",
    "beginn",
    "ende",
    "zusammenfassung",
    "veranstaltungslink",
    "anmeldelink",
    "veranstalter",
    "kontakt_name",
    "kontakt_email",
    "kontakt_telefon",
]
_PERSON = [*_EVENT, "vorname", "nachname", "frage", "teilnahme", "verwaltenlink"]
_CONFIRM = ["angemeldet_von", "bestaetigung", "bestaetigungslink", "frist"]
_DOOR = ["zugangslink", "einwahl", "einlass"]
_SEATED = [*_PERSON, *_DOOR, "zugang", "kalenderhinweis"]
_HANDOUT = ["unterlagen", "unterlagenlink", "ansprechpersonen", "rueckfrage", "abrufbar_bis"]
_AFTER = [*_PERSON, *_HANDOUT]
_NEWS = [*_EVENT, "anmeldeschluss", "plaetze_frei"]

# REPEAT tells all standings apart and SUBSCRIPTION proves a consent: their words stay as they are.
_NAMES: Mapping[MailKind, Iterable[str]] = {
    MailKind.CONFIRM_ADDRESS: [*_PERSON, *_CONFIRM],
    MailKind.AWAITING_APPROVAL: [*_PERSON, "angemeldet_von"],
    MailKind.CONFIRMATION: [*_SEATED, "aenderungen", "linkversand", "angemeldet_von"],
    MailKind.DECLINED: [*_PERSON, "grund", "kalenderhinweis"],
    MailKind.WAITLIST: [*_PERSON, "angemeldet_von", "bestaetigung", "bestaetigungslink"],
    MailKind.OFFER: [*_PERSON, "annahme", "annahmelink", "frist"],
    MailKind.OFFER_LAPSED: _PERSON,
    MailKind.PROMOTION: [*_SEATED, "aenderungen", "linkversand"],
    MailKind.CHANGED: [*_SEATED, "aenderungen", "anmeldestand", "linkversand"],
    MailKind.HANDED_OVER: [*_PERSON, "andere_person", "kalenderhinweis", "loeschdatum"],
    MailKind.TAKEN_OVER: [*_SEATED, "andere_person", "anmeldestand", "linkversand"],
    MailKind.WITHDRAWAL: [*_PERSON, "kalenderhinweis", "loeschdatum"],
    MailKind.ACCESS_LINK: [*_PERSON, *_DOOR, "aenderungen", "kalenderhinweis"],
    MailKind.MOVED: [*_SEATED, "aenderungen", "bisheriger_termin", "grund", "anmeldestand"],
    MailKind.POSTPONED: [*_PERSON, "grund", "anmeldestand", "kalenderhinweis"],
    MailKind.CANCELLATION: [*_PERSON, "grund", "kalenderhinweis"],
    MailKind.FOLLOW_UP: _AFTER,
    MailKind.FOLLOW_UP_MISSED: _AFTER,
    MailKind.FOLLOW_UP_UNKNOWN: _AFTER,
    MailKind.REMINDER_DAY: [*_PERSON, *_DOOR, "zugang"],
    MailKind.REMINDER_HOUR: [*_PERSON, *_DOOR, "zugang"],
    MailKind.FEEDBACK: [*_PERSON, "rueckmeldung", "rueckmeldelink"],
    MailKind.NOTE: [
        *_PERSON,
        *_DOOR,
        "unterlagenlink",
        "rueckmeldelink",
        "bestaetigungslink",
        "annahmelink",
        "frist",
    ],
    MailKind.ANNOUNCEMENT: _NEWS,
    MailKind.OPENING: _NEWS,
    MailKind.REMINDER_DEADLINE: _NEWS,
}

EDITABLE: tuple[MailKind, ...] = tuple(kind for kind in _NAMES if kind is not MailKind.NOTE)


def placeholders_of(kind: str) -> Mapping[str, Placeholder]:
    """What a mail knows; own messages (by the name of their step) know what a note knows."""
    known = kind if kind in _KNOWN else MailKind.NOTE
    return _KNOWN[known]


def known_name(written: str) -> str:
    """The name as the table has it: people write {{Titel}} and {{Rückmeldung}}."""
    return written.strip().lower().translate(_UMLAUTS)


_KNOWN: Mapping[str, Mapping[str, Placeholder]] = {
    kind.value: MappingProxyType({n: p for n, p in PLACEHOLDERS.items() if n in set(names)})
    for kind, names in _NAMES.items()
}
