from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.refusals import RegistrationClosed
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.seating import (
    Candidate,
    Place,
    Pool,
    SeatAvailability,
    admit,
    admit_by_hand,
    closed_because,
    next_place,
    not_addable_because,
    obstacle,
    place_for,
)

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
AVAILABILITY = SeatAvailability(
    now=NOW,
    state=State.OPEN,
    starts_at=NOW + timedelta(days=8),
    ends_at=NOW + timedelta(days=8, hours=2),
    deadline=NOW + timedelta(days=4),
    capacity=2,
    waiting_list=True,
    accepts_late=True,
    seated=0,
    somebody_waits=False,
)
ONLINE, ON_SITE = Candidate(mode=Mode.ONLINE), Candidate(mode=Mode.ON_SITE)
MEMBER = replace(ONLINE, member=True)


def pools(online: Pool, on_site: Pool) -> dict[Mode, Pool]:
    return {Mode.ONLINE: online, Mode.ON_SITE: on_site}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.CONFIRMED),
        ({"capacity": None, "seated": 5000}, Status.CONFIRMED),
        ({"seated": 1}, Status.CONFIRMED),
        ({"seated": 2}, Status.WAITLISTED),
        ({"seated": 3}, Status.WAITLISTED),
        # The line has been served: whoever waits still can't have the seat that is left.
        ({"seated": 1, "somebody_waits": True}, Status.CONFIRMED),
        ({"state": State.DISPATCHED, "deadline": NOW}, Status.CONFIRMED),
        ({"deadline": None}, Status.CONFIRMED),
        ({"confirm_hours": 4}, Status.PENDING),
        ({"approval": True}, Status.PENDING),
        ({"offer_hours": 4}, Status.CONFIRMED),
        ({"members_until": NOW + timedelta(days=1)}, Status.WAITLISTED),
        ({"members_until": NOW}, Status.CONFIRMED),
        ({"per_administration": 1}, Status.CONFIRMED),
    ],
)
def test_new_person_gets_a_seat_or_a_place_in_the_line(
    changes: dict[str, object], status: Status
) -> None:
    assert admit(replace(AVAILABILITY, **changes), ONLINE).status is status


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": s} for s in State if s not in (State.OPEN, State.DISPATCHED)),
        {"deadline": NOW},
        {"deadline": None, "starts_at": NOW},
        {"seated": 2, "waiting_list": False},
        {"state": State.DISPATCHED, "accepts_late": False},
        {"state": State.DISPATCHED, "ends_at": NOW},
        {"state": State.DISPATCHED, "seated": 2, "waiting_list": False},
    ],
)
def test_closed_form_shows_why(changes: dict[str, object]) -> None:
    availability = replace(AVAILABILITY, **changes)
    with pytest.raises(RegistrationClosed) as refusal:
        admit(availability, ONLINE)
    assert refusal.value.complaints == (closed_because(availability),)


@pytest.mark.parametrize("state", State)
def test_organisers_add_people_once_the_event_has_a_date_that_holds(state: State) -> None:
    refused = not_addable_because(replace(AVAILABILITY, state=state)) is not None
    has_date = {State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED}
    assert refused == (state not in has_date)


def test_organisers_are_bound_by_seats_not_by_the_deadline() -> None:
    closed = replace(AVAILABILITY, state=State.CLOSED, deadline=NOW)
    assert admit_by_hand(closed, ONLINE) == Place(Status.CONFIRMED)
    assert admit_by_hand(replace(closed, seated=2), ONLINE) == Place(Status.WAITLISTED)
    with pytest.raises(RegistrationClosed, match="All places are taken"):
        admit_by_hand(replace(closed, seated=2, waiting_list=False), ONLINE)


@pytest.mark.parametrize(
    ("capacity", "online", "on_site", "free", "free_online", "free_on_site"),
    [
        (None, Pool(None, 0), Pool(None, 0), None, None, None),
        (10, Pool(None, 3), Pool(None, 2), 5, 5, 5),
        (10, Pool(4, 3), Pool(None, 2), 5, 1, 5),
        (None, Pool(4, 3), Pool(2, 2), 1, 1, 0),
        (None, Pool(4, 3), Pool(None, 2), None, 1, None),
        (5, Pool(9, 3), Pool(9, 2), 0, 0, 0),
        (4, Pool(2, 3), Pool(9, 0), 1, 0, 1),
    ],
)
def test_seats_of_a_hybrid_event(  # noqa: PLR0917 - columns of a table
    capacity: int | None,
    online: Pool,
    on_site: Pool,
    free: int | None,
    free_online: int | None,
    free_on_site: int | None,
) -> None:
    seated = online.seated + on_site.seated
    availability = replace(
        AVAILABILITY, capacity=capacity, seated=seated, pools=pools(online, on_site)
    )
    assert availability.free == free
    assert availability.free_for(Mode.ONLINE) == free_online
    assert availability.free_for(Mode.ON_SITE) == free_on_site


def test_full_mode_names_the_other_one() -> None:
    availability = replace(AVAILABILITY, capacity=9, pools=pools(Pool(None, 0), Pool(1, 1)))
    complaint = obstacle(availability, ON_SITE)
    assert complaint is not None
    assert "Online there are still some" in str(complaint)
    assert complaint.about == "mode"
    assert obstacle(availability, ONLINE) is None


def test_full_event_does_not_point_to_the_other_mode() -> None:
    availability = replace(AVAILABILITY, capacity=1, seated=1, pools=pools(Pool(9, 0), Pool(1, 1)))
    assert str(obstacle(availability, ON_SITE)) == "All places are taken."


def test_members_come_first() -> None:
    availability = replace(AVAILABILITY, members_until=NOW + timedelta(hours=1))
    assert obstacle(availability, MEMBER) is None
    assert obstacle(availability, ONLINE) is not None


@pytest.mark.parametrize(("colleagues", "free"), [(0, True), (1, True), (2, False), (3, False)])
def test_administration_has_no_more_than_its_places(colleagues: int, free: bool) -> None:
    availability = replace(AVAILABILITY, per_administration=2)
    found = obstacle(availability, replace(ONLINE, colleagues=colleagues))
    assert (found is None) == free


HOLD = NOW + timedelta(hours=3)
APPROVAL = Place(Status.PENDING, Awaits.APPROVAL)
OFFER = Place(Status.OFFERED, reserved_until=NOW + timedelta(hours=5))
ALL_DOORS = {"confirm_hours": 3, "approval": True, "offer_hours": 5}


@pytest.mark.parametrize(
    ("passed", "place"),
    [
        ({}, Place(Status.PENDING, Awaits.ADDRESS, HOLD)),
        ({"address_confirmed": True}, APPROVAL),
        ({"address_confirmed": True, "approved": True}, OFFER),
        ({"address_confirmed": True, "approved": True, "accepted": True}, Place(Status.CONFIRMED)),
        ({"approved": True, "accepted": True}, Place(Status.PENDING, Awaits.ADDRESS, HOLD)),
    ],
)
def test_doors_are_passed_in_order(passed: dict[str, bool], place: Place) -> None:
    candidate = replace(ONLINE, from_line=True, **passed)
    assert next_place(replace(AVAILABILITY, **ALL_DOORS), candidate) == place


def test_only_who_waited_is_made_an_offer() -> None:
    availability = replace(AVAILABILITY, offer_hours=5)
    assert next_place(availability, ONLINE) == Place(Status.CONFIRMED)
    assert next_place(availability, replace(ONLINE, from_line=True)) == OFFER


def test_seat_is_kept_no_longer_than_the_event() -> None:
    availability = replace(AVAILABILITY, confirm_hours=1000)
    assert next_place(availability, ONLINE).reserved_until == AVAILABILITY.ends_at


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, True),
        ({"state": State.CLOSED}, True),
        ({"state": State.DISPATCHED}, True),
        ({"state": State.ANNOUNCED}, False),
        ({"state": State.CANCELLED}, False),
        ({"state": State.POSTPONED}, False),
        ({"ends_at": NOW}, False),
    ],
)
def test_line_moves_while_the_event_lies_ahead(changes: dict[str, object], moves: bool) -> None:
    assert replace(AVAILABILITY, **changes).moves == moves


@pytest.mark.parametrize(
    ("mode", "late", "hours", "promotes"),
    [
        (Mode.ON_SITE, True, -1, True),
        (Mode.ON_SITE, True, 0, False),
        (Mode.ONLINE, True, 0, True),
        (Mode.ONLINE, False, 0, False),
        (Mode.ONLINE, True, 2, False),
    ],
)
def test_only_late_online_seats_are_filled_after_the_start(
    mode: Mode, late: bool, hours: int, promotes: bool
) -> None:
    now = AVAILABILITY.starts_at + timedelta(hours=hours)
    assert replace(AVAILABILITY, now=now, accepts_late=late).promotes(mode) is promotes


def test_organisers_fill_free_seats_after_the_start_although_somebody_waits() -> None:
    begun = replace(AVAILABILITY, now=AVAILABILITY.starts_at, somebody_waits=True)
    assert admit_by_hand(begun, ON_SITE).status is Status.CONFIRMED
    off = replace(begun, state=State.POSTPONED)
    assert admit_by_hand(off, ON_SITE).status is Status.WAITLISTED


@given(
    capacity=st.none() | st.integers(0, 5),
    online=st.none() | st.integers(0, 5),
    on_site=st.none() | st.integers(0, 5),
    wishes=st.lists(st.sampled_from(Mode), max_size=15),
)
def test_seats_given_one_by_one_never_exceed_a_limit(
    capacity: int | None, online: int | None, on_site: int | None, wishes: list[Mode]
) -> None:
    availability = replace(
        AVAILABILITY, capacity=capacity, pools=pools(Pool(online, 0), Pool(on_site, 0))
    )
    for mode in wishes:
        if place_for(availability, Candidate(mode=mode)) is not None:
            availability = availability.taking(mode)
    assert capacity is None or availability.seated <= capacity
    for pool in availability.pools.values():
        assert pool.capacity is None or pool.seated <= pool.capacity
    assert availability.seated == sum(pool.seated for pool in availability.pools.values())
