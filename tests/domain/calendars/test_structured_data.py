"""Events for search engines: schema.org's `Event` in every state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ikone_events.domain.calendars.structured_data import PublicFacts, structured_data
from ikone_events.domain.events.facts import State
from ikone_events.domain.mails.facts import EventSummary
from ikone_events.domain.registering.seating import SeatAvailability
from tests.factories import NOW

START = NOW + timedelta(days=14)
SUMMARY = EventSummary(
    title="Sensornetze",
    starts_at=START,
    ends_at=START + timedelta(hours=2),
    zone="Europe/Berlin",
    format="online",
    organisation="IKONE DS",
    contact_email="a@example.org",
    public_url="https://events.example.org/events/sensornetze",
    register_url="https://events.example.org/events/sensornetze/register",
)
FACTS = PublicFacts(
    state=State.OPEN, language="de", text="Kurz gesagt.", homepage="https://events.example.org/"
)


def seats(**values: Any) -> SeatAvailability:
    usual: dict[str, Any] = {
        "now": NOW,
        "state": State.OPEN,
        "starts_at": SUMMARY.starts_at,
        "ends_at": SUMMARY.ends_at,
        "capacity": 2,
        "seated": 0,
        "somebody_waits": False,
    }
    return SeatAvailability(**{**usual, **values})


def data(summary: EventSummary = SUMMARY, **facts: Any) -> Any:
    return structured_data(summary, replace(FACTS, **facts))


def test_event_has_what_search_engines_require() -> None:
    assert data() == {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": "Sensornetze",
        "description": "Kurz gesagt.",
        "url": SUMMARY.public_url,
        "startDate": "2026-03-16T10:00:00+01:00",
        "endDate": "2026-03-16T12:00:00+01:00",
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": SUMMARY.public_url},
        "organizer": {
            "@type": "Organization",
            "name": "IKONE DS",
            "url": "https://events.example.org/",
        },
        "isAccessibleForFree": True,
        "inLanguage": "de",
    }


def test_status_follows_state_and_history() -> None:
    before = (START - timedelta(days=7),)
    cases = {
        (State.ANNOUNCED, ()): "EventScheduled",
        (State.DISPATCHED, ()): "EventScheduled",
        (State.FOLLOWED_UP, before): "EventRescheduled",
        (State.OPEN, before): "EventRescheduled",
        (State.POSTPONED, ()): "EventPostponed",
        (State.POSTPONED, before): "EventPostponed",
        (State.CANCELLED, before): "EventCancelled",
    }
    found = {case: data(state=case[0], former_starts=case[1])["eventStatus"] for case in cases}
    assert found == {case: f"https://schema.org/{status}" for case, status in cases.items()}


def test_former_dates_are_named_of_moved_events_alone() -> None:
    first, second = START - timedelta(days=70), START - timedelta(days=7)
    assert data(former_starts=(second,))["previousStartDate"] == "2026-03-09T10:00:00+01:00"
    assert data(former_starts=(second, first))["previousStartDate"][1].startswith("2026-01-05T10")
    assert "previousStartDate" not in data(state=State.CANCELLED, former_starts=(second,))


def test_place_is_the_address_and_never_the_room() -> None:
    place = "Rathaus, Musterstraße 1, 67655 Kaiserslautern"
    hybrid = data(replace(SUMMARY, format="hybrid", place=place, dial_in="+49 631 1"))
    on_site = data(replace(SUMMARY, format="on_site", place=place))
    there = {"@type": "Place", "name": "Rathaus", "address": place}
    assert hybrid["location"] == [there, {"@type": "VirtualLocation", "url": SUMMARY.public_url}]
    assert hybrid["eventAttendanceMode"].endswith("/MixedEventAttendanceMode")
    assert on_site["location"] == there
    assert on_site["eventAttendanceMode"].endswith("/OfflineEventAttendanceMode")
    assert data(replace(SUMMARY, format="on_site")) is None


@pytest.mark.parametrize(
    ("found", "availability"),
    [
        (seats(), "InStock"),
        (seats(capacity=None), "InStock"),
        (seats(seated=2), "SoldOut"),
        (seats(seated=2, waiting_list=False), "SoldOut"),
        (seats(state=State.CLOSED), "SoldOut"),
        (seats(deadline=NOW), "SoldOut"),
        (seats(state=State.ANNOUNCED), "PreOrder"),
    ],
)
def test_offer_states_whether_a_place_can_be_had(
    found: SeatAvailability, availability: str
) -> None:
    offer = data(seats=found)["offers"]
    assert offer["availability"] == f"https://schema.org/{availability}"
    assert (offer["price"], offer["priceCurrency"], offer["url"]) == (
        "0",
        "EUR",
        SUMMARY.public_url,
    )


def test_offer_names_the_opening_that_is_planned() -> None:
    offer = data(seats=seats(state=State.ANNOUNCED), opens_at=NOW + timedelta(days=1))["offers"]
    assert offer["validFrom"] == "2026-03-03T10:00:00+01:00"
