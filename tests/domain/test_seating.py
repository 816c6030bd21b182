from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ikone_events.domain.lifecycle import State
from ikone_events.domain.refusals import RegistrationClosed
from ikone_events.domain.registration import (
    Sitting,
    Status,
    admit,
    closed_because,
    seats_for_the_line,
)

NOW = datetime(2021, 1, 4, 9, 0, tzinfo=UTC)
SITTING = Sitting(
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


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.CONFIRMED),
        ({"capacity": None, "seated": 5000}, Status.CONFIRMED),
        ({"seated": 1}, Status.CONFIRMED),
        ({"seated": 2}, Status.WAITLISTED),
        ({"seated": 3}, Status.WAITLISTED),
        ({"seated": 1, "somebody_waits": True}, Status.WAITLISTED),
        ({"state": State.DISPATCHED, "deadline": NOW}, Status.CONFIRMED),
        ({"deadline": None}, Status.CONFIRMED),
    ],
)
def test_new_person_gets_a_seat_or_a_place_in_the_line(
    changes: dict[str, object], status: Status
) -> None:
    assert admit(replace(SITTING, **changes)) is status


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
def test_closed_form_says_why(changes: dict[str, object]) -> None:
    sitting = replace(SITTING, **changes)
    with pytest.raises(RegistrationClosed) as refusal:
        admit(sitting)
    assert refusal.value.complaints == (closed_because(sitting),)


@pytest.mark.parametrize(
    ("changes", "seats"),
    [
        ({}, 0),
        ({"somebody_waits": True}, 2),
        ({"somebody_waits": True, "seated": 2}, 0),
        ({"somebody_waits": True, "seated": 9}, 0),
        ({"somebody_waits": True, "capacity": None}, None),
        ({"somebody_waits": True, "state": State.CLOSED}, 2),
        ({"somebody_waits": True, "state": State.DISPATCHED}, 2),
        ({"somebody_waits": True, "state": State.CANCELLED}, 0),
        ({"somebody_waits": True, "state": State.POSTPONED}, 0),
        ({"somebody_waits": True, "ends_at": NOW}, 0),
    ],
)
def test_line_moves_while_the_event_lies_ahead(
    changes: dict[str, object], seats: int | None
) -> None:
    assert seats_for_the_line(replace(SITTING, **changes)) == seats
