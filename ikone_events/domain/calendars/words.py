"""What a calendar object tells a calendar program, in plain words; and two of them side by side."""

from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event

from ikone_events.domain.refusals import N_
from ikone_events.domain.times import span_page

UPDATES = N_("Updates the event that is in the calendar.")
EFFECTS = {
    ("REQUEST", True): N_("Adds the event to the calendar and asks for an answer."),
    ("REQUEST", False): UPDATES,
    ("CANCEL", False): N_("Removes the event from the calendar."),
    ("CANCEL", True): N_("Removes the event from the calendar."),
}
STATES = {"CONFIRMED": N_("Takes place"), "CANCELLED": N_("Called off")}
# Values that are message ids themselves; all others are as people wrote them.
TRANSLATED = ("Effect", "State")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One fact of two objects; a label and an effect are message ids."""

    label: str
    now: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether the change is seen by people: a version alone is none."""
        return self.now != self.after and self.label != "Version"


def calendar_words(content: bytes, *, locale: str, zone: str) -> list[tuple[str, str]]:
    """Pairs of a label (a message id) and a value; the value of "Effect" is a message id too."""
    calendar = Calendar.from_ical(content)
    event = calendar.events[0]
    sequence = int(event.get("SEQUENCE", 0))
    words = [
        (N_("Effect"), effect_of(calendar, sequence)),
        *_seen(event, locale, zone),
        (N_("Organiser"), _mailbox(event.get("ORGANIZER"))),
        (N_("Invited"), _mailbox(event.get("ATTENDEE"))),
        (N_("Link"), str(event.get("URL", ""))),
        (N_("Version"), str(sequence)),
    ]
    return [(label, value) for label, value in words if value]


def compared(
    now: bytes | None, after: bytes | None, *, locale: str, zone: str, before_zone: str = ""
) -> list[EntryLine]:
    """What two objects show, line by line; None shows nothing. `before_zone` is that of `now`."""
    old, new = _shown(now, locale, before_zone or zone), _shown(after, locale, zone)
    lines = [EntryLine(label, old.get(label, ""), new.get(label, "")) for label in {**old, **new}]
    return [line for line in lines if line.now or line.after]


def effect_of(calendar: Calendar, sequence: int) -> str:
    """What a calendar program does with the object, a message id."""
    method = str(calendar.get("METHOD", ""))
    return EFFECTS.get((method, sequence == 0), N_("A calendar entry."))


def _shown(content: bytes | None, locale: str, zone: str) -> dict[str, str]:
    if content is None:
        return {}
    event = Calendar.from_ical(content).events[0]
    return {
        **dict(_seen(event, locale, zone)),
        N_("Link"): str(event.get("URL", "")),
        N_("Text"): str(event.get("DESCRIPTION", "")),
        N_("State"): STATES.get(str(event.get("STATUS", "")), ""),
        N_("Version"): str(event.get("SEQUENCE", 0)),
    }


def _seen(event: Event, locale: str, zone: str) -> list[tuple[str, str]]:
    """What every calendar program shows at the first look."""
    return [
        (N_("Title"), str(event.get("SUMMARY", ""))),
        (N_("When"), _when(event.start, event.end, locale, zone)),
        (N_("Where"), str(event.get("LOCATION", ""))),
    ]


def _when(start: object, end: object, locale: str, zone: str) -> str:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return span_page(start, end, locale=locale, zone=zone)
    return f"{start} – {end}"


def _mailbox(address: object) -> str:
    return str(address or "").removeprefix("mailto:")
