"""An event for search engines, as schema.org's `Event` (JSON-LD)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, State
from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.registering.seating import SeatAvailability, closed_because
from ikone_events.domain.times import to_local

_SCHEMA = "https://schema.org/"
_STATUS = {State.CANCELLED: "EventCancelled", State.POSTPONED: "EventPostponed"}
_ATTENDANCE = {
    EventFormat.ONLINE: "OnlineEventAttendanceMode",
    EventFormat.ON_SITE: "OfflineEventAttendanceMode",
    EventFormat.HYBRID: "MixedEventAttendanceMode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicFacts:
    """What search engines read besides the summary of an event.

    `state` is cancelled also for an archived event that had been. `seats`: None when nobody needs
    one any more. `opens_at`: when registration opens, if that is planned.
    """

    state: State
    language: str
    text: str
    homepage: str
    former_starts: tuple[datetime, ...] = ()
    seats: SeatAvailability | None = None
    opens_at: datetime | None = None


def structured_data(event: EventSummary, facts: PublicFacts) -> Mapping[str, object] | None:
    """The event as JSON-LD; None without a place, because an event needs one.

    The virtual place is the page of the event, never the room.
    """
    places = _places(event)
    if not places:
        return None
    organiser = {"@type": "Organization", "name": event.organisation, "url": facts.homepage}
    found: dict[str, object] = {
        "@context": _SCHEMA.rstrip("/"),
        "@type": "Event",
        "name": one_line(event.title),
        "description": clean_text(facts.text) or one_line(event.title),
        "url": event.public_url,
        "startDate": _moment(event.starts_at, event),
        "endDate": _moment(event.ends_at, event),
        "eventStatus": _SCHEMA + _status(facts),
        "eventAttendanceMode": _SCHEMA + _ATTENDANCE[EventFormat(event.format)],
        "location": places[0] if len(places) == 1 else places,
        "organizer": organiser,
        "isAccessibleForFree": True,
        "inLanguage": facts.language,
    }
    if _status(facts) == "EventRescheduled":
        former = [_moment(start, event) for start in facts.former_starts]
        found["previousStartDate"] = former[0] if len(former) == 1 else former
    if facts.seats is not None:
        found["offers"] = _offer(event, facts, facts.seats)
    return found


def _status(facts: PublicFacts) -> str:
    usual = "EventRescheduled" if facts.former_starts else "EventScheduled"
    return _STATUS.get(facts.state, usual)


def _places(event: EventSummary) -> list[dict[str, object]]:
    """The place, whose name is what stands before the first comma, and the page."""
    found: list[dict[str, object]] = []
    if address := one_line(event.place):
        name = address.partition(",")[0].strip()
        found.append({"@type": "Place", "name": name or address, "address": address})
    if event.has_room:
        found.append({"@type": "VirtualLocation", "url": event.public_url})
    return found


def _offer(event: EventSummary, facts: PublicFacts, seats: SeatAvailability) -> dict[str, object]:
    offer: dict[str, object] = {
        "@type": "Offer",
        "url": event.public_url,
        "price": "0",
        "priceCurrency": "EUR",
        "availability": _SCHEMA + _availability(seats),
    }
    if facts.opens_at is not None:
        offer["validFrom"] = _moment(facts.opens_at, event)
    return offer


def _availability(seats: SeatAvailability) -> str:
    """A place on the waiting list is none; what can't be had any more is sold out, also unsold."""
    if seats.state is State.ANNOUNCED:
        return "PreOrder"
    return "InStock" if closed_because(seats) is None and seats.free != 0 else "SoldOut"


def _moment(moment: datetime, event: EventSummary) -> str:
    return to_local(moment, event.zone).isoformat(timespec="seconds")
