"""The description of a calendar entry: how to join, when, where, whom to ask."""

from functools import lru_cache

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.times import BERLIN, clock, span_mail

_WORDS = {
    "de": {
        "join": "Teilnehmen",
        "phone_in": "Per Telefon",
        "when": "Wann",
        "where": "Wo",
        "directions": "Raum und Anfahrt",
        "bring": "Bitte mitbringen",
        "questions": "Fragen",
        "phone": "Telefon",
        "opens": "Der Raum ist ab {} Uhr geöffnet.",
        "zone": "Zeitzone",
    },
    "en": {
        "join": "Join",
        "phone_in": "By phone",
        "when": "When",
        "where": "Where",
        "directions": "Room and directions",
        "bring": "Please bring",
        "questions": "Questions",
        "phone": "phone",
        "opens": "The room opens at {}.",
        "zone": "time zone",
    },
}


def description(event: EventSummary, locale: str, door: str) -> str:
    """The description in plain text, the link to the video room first."""
    rest = _below_the_door(event, locale, has_door=bool(door))
    return f"{_WORDS[locale]['join']}: {clean_text(door)}\n{rest}" if door else rest


@lru_cache(maxsize=64)
def _below_the_door(event: EventSummary, locale: str, *, has_door: bool) -> str:
    """The same for all people, with or without a link to the video room above it."""
    words = _WORDS[locale]
    when = span_mail(event.starts_at, event.ends_at, locale=locale, zone=event.zone)
    zone = f" ({words['zone']} {BERLIN})" if event.zone == BERLIN and locale == "de" else ""
    lines = []
    if has_door and event.dial_in:
        lines.append(f"{words['phone_in']}: {event.dial_in}")
    if has_door and event.room_opens_at:
        lines.append(words["opens"].format(clock(event.room_opens_at, zone=event.zone)))
    lines.append(f"{words['when']}: {when}{zone}")
    if event.place:
        lines.append(f"{words['where']}: {one_line(event.place)}")
    on_site = (
        f"{words[name]}:\n{text}"
        for name, text in (("directions", event.directions), ("bring", event.bring))
        if text
    )
    paragraphs = ("\n".join(lines), *on_site, event.summary, _questions(event, locale))
    return clean_text("\n\n".join(paragraph for paragraph in paragraphs if paragraph))


def _questions(event: EventSummary, locale: str) -> str:
    words = _WORDS[locale]
    phone = f"{words['phone']} {event.contact_phone}" if event.contact_phone else ""
    whom = ", ".join(filter(None, (event.contact_name, event.contact_email, phone)))
    return f"{words['questions']}: {whom}\n{event.public_url}"
