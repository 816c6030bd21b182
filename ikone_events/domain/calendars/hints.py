"""What is worth a second look before an invitation leaves: true and useful, never a rule."""

from collections.abc import Iterator
from datetime import datetime

from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.times import to_local

# Lists of appointments on phones cut titles about here.
SHOWN_ON_PHONES = 60


def hints_on(event: EventSummary, *, contact_known: bool, now: datetime) -> tuple[Complaint, ...]:
    """Hints on one entry, in words."""
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
    if event.has_room and not event.room_mark:
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
    """How long it really lasts, where the clocks say otherwise."""
    try:
        start = to_local(event.starts_at, event.zone)
        end = to_local(event.ends_at, event.zone)
    except UnfitInput:
        return ""
    if start.utcoffset() == end.utcoffset():
        return ""
    return f"{(event.ends_at - event.starts_at).total_seconds() / 3600:g}"
