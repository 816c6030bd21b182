"""A preview of calendar objects: what they show and do, two side by side, and hints."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event

from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.mails.kinds import CANCEL, REQUEST
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.times import span_page, to_local

# Lists of appointments on phones cut titles at about this length.
SHOWN_ON_PHONES = 60
UPDATES = N_("Updates the event that is in the calendar.")
_ADDS = N_("Adds the event to the calendar and asks for an answer.")
_REMOVES = N_("Removes the event from the calendar.")
STATES = {"CONFIRMED": N_("Takes place"), "CANCELLED": N_("Cancelled")}
# Labels whose values are message ids.
TRANSLATED = ("Effect", "State")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One property in two objects; the label is a message id."""

    label: str
    now: str
    after: str

    @property
    def differs(self) -> bool:
        """Whether people see a change; a new version alone is none."""
        return self.now != self.after and self.label != "Version"


def calendar_words(
    content: bytes, *, updates: bool, locale: str, zone: str
) -> list[tuple[str, str]]:
    """Pairs of a label and a value; labels and the value of "Effect" are message ids.

    `updates`: an earlier mail brought the entry.
    """
    calendar = Calendar.from_ical(content)
    event = calendar.events[0]
    sequence = int(event.get("SEQUENCE", 0))
    words = [
        (N_("Effect"), effect_of(calendar, updates=updates)),
        *_seen(event, locale, zone),
        (N_("Organiser"), _mailbox(event.get("ORGANIZER"))),
        (N_("Invited"), _mailbox(event.get("ATTENDEE"))),
        (N_("Link"), str(event.get("URL", ""))),
        (N_("Version"), str(sequence)),
    ]
    return [(label, value) for label, value in words if value]


def compared(
    now: bytes | None, after: bytes | None, *, locale: str, zone: str, before_zone: str = ""
) -> list[EntryRow]:
    """The properties of two objects side by side; `before_zone` is the zone of `now`."""
    old, new = _shown(now, locale, before_zone or zone), _shown(after, locale, zone)
    rows = [EntryRow(label, old.get(label, ""), new.get(label, "")) for label in {**old, **new}]
    return [row for row in rows if row.now or row.after]


def effect_of(calendar: Calendar, *, updates: bool) -> str:
    """What a calendar program does with the object (a message id)."""
    method = str(calendar.get("METHOD", ""))
    if method == REQUEST:
        return UPDATES if updates else _ADDS
    return _REMOVES if method == CANCEL else N_("A calendar entry.")


def _shown(content: bytes | None, locale: str, zone: str) -> dict[str, str]:
    if content is None:
        return {}
    event = Calendar.from_ical(content).events[0]
    return {
        **dict(_seen(event, locale, zone)),
        N_("Link"): str(event.get("URL", "")),
        N_("Text"): str(event.get("DESCRIPTION", "")),
        N_("Status"): STATES.get(str(event.get("STATUS", "")), ""),
        N_("Version"): str(event.get("SEQUENCE", 0)),
    }


def _seen(event: Event, locale: str, zone: str) -> list[tuple[str, str]]:
    """What every calendar program shows first."""
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


def hints_on(event: EventSummary, *, contact_known: bool, now: datetime) -> tuple[Complaint, ...]:
    """Hints on an entry before its invitation is sent; they forbid nothing."""
    if event.ends_at <= now:
        return (Complaint(N_("The event is over: no calendar is changed any more.")),)
    return tuple(_hints(event, contact_known))


def _hints(event: EventSummary, contact_known: bool) -> Iterator[Complaint]:
    if len(event.title) > SHOWN_ON_PHONES:
        text = N_(
            "The title has %(number)d characters. Phones show about %(shown)d of them, so the most"
            " important word should come first."
        )
        yield Complaint(text, {"number": len(event.title), "shown": SHOWN_ON_PHONES}, "title")
    if event.has_room and not event.room_known:
        text = N_("There is no access link yet: calendars say “Online” until it is noted.")
        yield Complaint(text, about="room_url")
    if not event.has_room and not event.place:
        yield Complaint(N_("No place is noted: calendars can't say where it is."), about="place")
    if not contact_known:
        text = N_("No contact is named: questions go to the mailbox that sends the e-mails.")
        yield Complaint(text, about="contact_name")
    if hours := _hours_of_changed_clocks(event):
        text = N_(
            "The clocks change during this event. By the clock it seems longer or shorter; it"
            " lasts %(hours)s hours."
        )
        yield Complaint(text, {"hours": hours}, "ends_at")


def _hours_of_changed_clocks(event: EventSummary) -> str:
    """The real length in hours if the clocks change during the event, else an empty text."""
    try:
        start, end = (to_local(at, event.zone) for at in (event.starts_at, event.ends_at))
    except UnfitInput:
        return ""
    if start.utcoffset() == end.utcoffset():
        return ""
    return f"{(event.ends_at - event.starts_at).total_seconds() / 3600:g}"
