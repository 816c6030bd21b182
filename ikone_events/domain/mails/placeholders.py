"""The fixed set of placeholders in edited mails: names, meanings, and the mails that know them.

Organisers write `{{titel}}`; names are German. mail/ fills in the values; there is no template
language.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_

# Finds placeholders; spaces inside the braces are allowed, line breaks are not.
PLACEHOLDER = re.compile(r"\{\{[ \t]*([^{}\n]*?)[ \t]*\}\}")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "_", "-": "_"})


class Shape(StrEnum):
    """Where a placeholder may be used: anywhere, only in the body, or also as a link's target."""

    LINE = "line"
    PASSAGE = "passage"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name, its meaning (a message id) and its shape.

    A passage may have several lines and keeps them if it is alone on its line. Only lines are
    allowed in a subject.
    """

    name: str
    meaning: str
    shape: Shape = Shape.LINE


_MEANINGS: Mapping[Shape, Mapping[str, str]] = {
    Shape.LINE: {
        "titel": N_("Title of the event"),
        "termin": N_("Day and time, such as “Dienstag, 12. Januar 2021, 10:00 bis 12:00”"),
        "ort": N_("Place, or “Online”"),
        "datum": N_("Day of the event, such as “12. Januar 2021”"),
        "datum_kurz": N_("Day of the event in digits, such as “12.01.2021”"),
        "beginn": N_("Time of the start, such as “10:00”"),
        "ende": N_("Time of the end"),
        "einlass": N_("Time from which the video room is open"),
        "anmeldeschluss": N_("Day and time until which one can register"),
        "frist": N_("Day and time until which a place is kept for the recipient"),
        "teilnahme": N_("How the recipient takes part, such as “online” or “vor Ort”"),
        "andere_person": N_("Name of the deputy, or of the one who handed over"),
        "plaetze_frei": N_("Number of free places"),
        "bisheriger_termin": N_("Day and time before the event was moved"),
        "vorname": N_("First name of the recipient"),
        "nachname": N_("Last name of the recipient"),
        "frage": N_("The question the recipient asked when registering"),
        "einwahl": N_("Dial-in by telephone"),
        "linkversand": N_("Day on which the access link is sent"),
        "loeschdatum": N_("Day on which the recipient's details are deleted"),
        "abrufbar_bis": N_("Day until which the materials can be opened"),
        "rolle": N_("What the recipient does, such as “Referentin oder Referent”"),
        "angemeldete": N_("Number of people who are registered"),
        "verwaltungen": N_("Number of public bodies that they come from"),
        "bereit_ab": N_("Time at which contributors should be there"),
        "veranstalter": N_("Name of your organisation"),
        "kontakt_name": N_("Name of the contact of this event"),
        "kontakt_email": N_("E-mail address for questions"),
        "kontakt_telefon": N_("Telephone number for questions"),
    },
    Shape.PASSAGE: {
        "zusammenfassung": N_("Summary of the event"),
        "aenderungen": N_(
            "What has changed for the recipient since the last e-mail; empty if nothing has"
        ),
        "grund": N_("The reason you give"),
        "fragen_vorab": N_("Questions asked at registration"),
        "raum_und_weg": N_("The way into the video room, or to the place"),
        "kalenderhinweis": N_("One sentence on the calendar entry; empty for people who get none"),
        "angemeldet_von": N_(
            "Who registered the recipient; empty for people who registered themselves"
        ),
        "daueranmeldung": N_(
            "That a standing sign-up has led to the registration; empty for other people"
        ),
        "bestaetigung": N_(
            "The link to confirm the address, and until when; empty where it is not needed"
        ),
        "angaben": N_("Request to complete the details; empty if nothing is missing"),
        "annahme": N_("The link to accept the place, and until when"),
        "anmeldestand": N_("Whether the recipient stays registered or on the waiting list"),
        "zugang": N_("How to take part: the personal link, or when it will be sent"),
        "vor_ort": N_(
            "Room, directions, what to bring and the ticket; empty for people who come online"
        ),
        "unterlagen": N_("List of slides and links, and until when"),
        "bescheinigung": N_("Link to the certificate of attendance"),
        "ansprechpersonen": N_("List of contacts for topics"),
        "rueckfrage": N_(
            "The recipient's questions with your answers, and where to write if one is still open"
        ),
        "rueckmeldung": N_("How to tell you what one thinks"),
    },
    Shape.ADDRESS: {
        "zugangslink": N_("The recipient's own link to the video room"),
        "bestaetigungslink": N_("The recipient's own link to confirm the address"),
        "annahmelink": N_("The recipient's own link to accept the place"),
        "ticketlink": N_("The recipient's own ticket; empty for people who come online"),
        "verwaltenlink": N_("The recipient's own link to the registration"),
        "absagelink": N_("The recipient's own link to give up the place"),
        "unterlagenlink": N_("The recipient's own link to the materials"),
        "anmeldelink": N_("The public registration form"),
        "veranstaltungslink": N_("The public page of the event"),
        "rueckmeldelink": N_(
            "The recipient’s own link to the feedback form, or the address of the survey"
        ),
        "mitwirkendenlink": N_(
            "The contributor’s personal page, with the access to the video room"
        ),
        "hochladelink": N_("The contributor’s page to upload slides"),
    },
}
PLACEHOLDERS: Mapping[str, Placeholder] = {
    name: Placeholder(name, meaning, shape)
    for shape, meanings in _MEANINGS.items()
    for name, meaning in meanings.items()
}

# Offered by earlier versions: empty in texts that still use them.
REMOVED = ("ersatz",)

_WHEN = ["termin", "datum", "datum_kurz", "beginn", "ende"]
_CONTACT = ["veranstalter", "kontakt_name", "kontakt_email", "kontakt_telefon"]
_EVENT = ["titel", "ort", "zusammenfassung", "veranstaltungslink", "anmeldelink", *_WHEN, *_CONTACT]
_PERSON = [*_EVENT, "vorname", "nachname", "frage", "teilnahme", "verwaltenlink"]
_ORIGIN = ["angemeldet_von", "daueranmeldung"]
_CONFIRM = ["angemeldet_von", "bestaetigung", "bestaetigungslink", "frist"]
_DOOR = ["zugangslink", "einwahl", "einlass"]
_SEATED = [*_PERSON, *_DOOR, "zugang", "vor_ort", "ticketlink", "kalenderhinweis"]
_REMINDED = [*_PERSON, *_DOOR, "zugang", "vor_ort", "ticketlink"]
_HANDED_OUT = ["unterlagen", "unterlagenlink", "abrufbar_bis"]
_MATERIALS = [*_HANDED_OUT, "ansprechpersonen", "rueckfrage"]
_AFTER = [*_PERSON, *_MATERIALS]
_LINKS = ["ticketlink", "unterlagenlink", "rueckmeldelink", "bestaetigungslink", "annahmelink"]
_NEWS = [*_EVENT, "anmeldeschluss", "plaetze_frei"]
_SPEAKER = ["rolle", "angemeldete", "verwaltungen", "bereit_ab", "fragen_vorab", "raum_und_weg"]
_SPEAKER_LINKS = ["mitwirkendenlink", "hochladelink"]

# REPEAT depends on the status, SUBSCRIPTION proves a consent, and mails of new links, addresses and
# accounts are about security: their texts can't be edited. Further mails to speakers are rare.
_NAMES: Mapping[MailKind, Iterable[str]] = {
    MailKind.CONFIRM_ADDRESS: [*_PERSON, *_CONFIRM],
    MailKind.AWAITING_APPROVAL: [*_PERSON, *_ORIGIN],
    MailKind.CONFIRMATION: [*_SEATED, "aenderungen", "linkversand", *_ORIGIN, "angaben"],
    MailKind.DECLINED: [*_PERSON, "grund", "kalenderhinweis"],
    MailKind.WAITLIST: [*_PERSON, *_ORIGIN, "angaben"],
    MailKind.OFFER: [*_PERSON, "annahme", "annahmelink", "frist"],
    MailKind.OFFER_LAPSED: _PERSON,
    MailKind.PROMOTION: [*_SEATED, "aenderungen", "linkversand", "angaben"],
    MailKind.CHANGED: [*_SEATED, "aenderungen", "anmeldestand", "linkversand"],
    MailKind.HANDED_OVER: [*_PERSON, "andere_person", "kalenderhinweis", "loeschdatum"],
    MailKind.TAKEN_OVER: [*_SEATED, "andere_person", "anmeldestand", "linkversand", "angaben"],
    MailKind.NOT_COMING: [*_PERSON, "anmeldestand", "absagelink"],
    MailKind.WITHDRAWAL: [*_PERSON, "kalenderhinweis", "loeschdatum"],
    MailKind.ACCESS_LINK: [*_PERSON, *_DOOR, "aenderungen", "kalenderhinweis"],
    MailKind.MOVED: [*_SEATED, "aenderungen", "bisheriger_termin", "grund", "anmeldestand"],
    MailKind.POSTPONED: [*_PERSON, "grund", "anmeldestand", "kalenderhinweis"],
    MailKind.CANCELLATION: [*_PERSON, "grund", "kalenderhinweis"],
    MailKind.FOLLOW_UP: [*_AFTER, "bescheinigung"],
    MailKind.FOLLOW_UP_MISSED: _AFTER,
    MailKind.FOLLOW_UP_UNKNOWN: _AFTER,
    MailKind.FOLLOW_UP_WAITED: _AFTER,
    MailKind.SUPPLEMENT: [name for name in _AFTER if name != "rueckfrage"],
    MailKind.ANSWER: [*_PERSON, "rueckfrage", "abrufbar_bis"],
    MailKind.REMINDER_DAY: _REMINDED,
    MailKind.REMINDER_HOUR: _REMINDED,
    MailKind.FEEDBACK: [*_PERSON, "rueckmeldung", "rueckmeldelink"],
    MailKind.MATERIALS_GRANTED: [*_EVENT, *_HANDED_OUT],
    MailKind.NOTE: [*_PERSON, *_DOOR, *_LINKS, "frist"],
    MailKind.ANNOUNCEMENT: _NEWS,
    MailKind.OPENING: _NEWS,
    MailKind.REMINDER_DEADLINE: _NEWS,
    MailKind.SPEAKER_BRIEFING: [
        *(*_EVENT, *_SPEAKER, *_SPEAKER_LINKS),
        *("nachname", "einwahl", "kalenderhinweis"),
    ],
}

EDITABLE: tuple[MailKind, ...] = tuple(kind for kind in _NAMES if kind is not MailKind.NOTE)


def placeholders_of(kind: str) -> Mapping[str, Placeholder]:
    """The placeholders of a kind of mail; the name of an own message has those of a note."""
    return _KNOWN.get(kind, _KNOWN[MailKind.NOTE])


def known_name(written: str) -> str:
    """The normalised name: people write {{Titel}} and {{Rückmeldung}}."""
    return written.strip().lower().translate(_UMLAUTS)


_KNOWN: Mapping[str, Mapping[str, Placeholder]] = {
    kind.value: {n: p for n, p in PLACEHOLDERS.items() if n in set(names)}
    for kind, names in _NAMES.items()
}
