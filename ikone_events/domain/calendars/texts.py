"""Place and description of a calendar entry, in the words of a mail."""

from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.times import BERLIN, clock, span_mail

_WORDS = {
    "de": {
        "online": "Online",
        "join": "Teilnehmen",
        "phone_in": "Per Telefon",
        "when": "Wann",
        "where": "Wo",
        "questions": "Fragen",
        "phone": "Telefon",
        "opens": "Der Raum ist ab {} Uhr geöffnet.",
        "zone": "Zeitzone",
    },
    "en": {
        "online": "Online",
        "join": "Join",
        "phone_in": "By phone",
        "when": "When",
        "where": "Where",
        "questions": "Questions",
        "phone": "phone",
        "opens": "The room opens at {}.",
        "zone": "time zone",
    },
}


def location_of(event: EventSummary, locale: str, room: str) -> str:
    """Rooms and addresses as they are; online the person's door once it is known."""
    place = one_line(event.place)
    return place or room or _WORDS[locale]["online"]


def description_of(event: EventSummary, locale: str, room: str) -> str:
    """Everything that is told in the entry itself, the door first; plain text, never markup."""
    words = _WORDS[locale]
    when = span_mail(event.starts_at, event.ends_at, locale=locale, zone=event.zone)
    zone = f" ({words['zone']} {BERLIN})" if event.zone == BERLIN and locale == "de" else ""
    lines = [f"{words['join']}: {room}"] if room else []
    if room and event.dial_in:
        lines.append(f"{words['phone_in']}: {event.dial_in}")
    if room and event.room_opens_at:
        lines.append(words["opens"].format(clock(event.room_opens_at, zone=event.zone)))
    lines.append(f"{words['when']}: {when}{zone}")
    if event.place:
        lines.append(f"{words['where']}: {one_line(event.place)}")
    paragraphs = ("\n".join(lines), event.summary, _questions(event, locale))
    return clean_text("\n\n".join(paragraph for paragraph in paragraphs if paragraph))


def _questions(event: EventSummary, locale: str) -> str:
    words = _WORDS[locale]
    phone = f"{words['phone']} {event.contact_phone}" if event.contact_phone else ""
    whom = ", ".join(filter(None, (event.contact_name, event.contact_email, phone)))
    return f"{words['questions']}: {whom}\n{event.public_url}"
