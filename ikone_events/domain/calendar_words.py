"""What a calendar object tells a calendar program, in plain words."""

from datetime import datetime

from icalendar import Calendar

from ikone_events.domain.refusals import N_
from ikone_events.domain.times import span_page

EFFECTS = {
    ("REQUEST", True): N_("Adds the event to the calendar and asks for an answer."),
    ("REQUEST", False): N_("Updates the event that is in the calendar."),
    ("CANCEL", False): N_("Removes the event from the calendar."),
    ("CANCEL", True): N_("Removes the event from the calendar."),
}


def calendar_words(content: bytes, *, locale: str, zone: str) -> list[tuple[str, str]]:
    """Pairs of a label (a message id) and a value; the value of "Effect" is a message id too."""
    calendar = Calendar.from_ical(content)
    event = calendar.events[0]
    sequence = int(event.get("SEQUENCE", 0))
    effect = EFFECTS.get((str(calendar.get("METHOD", "")), sequence == 0), N_("A calendar entry."))
    words = [
        (N_("Effect"), effect),
        (N_("Title"), str(event.get("SUMMARY", ""))),
        (N_("When"), _when(event.start, event.end, locale, zone)),
        (N_("Where"), str(event.get("LOCATION", ""))),
        (N_("Organiser"), _mailbox(event.get("ORGANIZER"))),
        (N_("Invited"), _mailbox(event.get("ATTENDEE"))),
        (N_("Link"), str(event.get("URL", ""))),
        (N_("Version"), str(sequence)),
    ]
    return [(label, value) for label, value in words if value]


def _when(start: object, end: object, locale: str, zone: str) -> str:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return span_page(start, end, locale=locale, zone=zone)
    return f"{start} – {end}"


def _mailbox(address: object) -> str:
    return str(address or "").removeprefix("mailto:")
