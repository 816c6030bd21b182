from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.self_service import (
    SelfServiceAction,
    SelfServiceFacts,
    complaint,
    wishes,
)
from ikone_events.domain.registering.status import RegistrationStatus

START = datetime(2021, 1, 11, 9, 0, tzinfo=UTC)
END, DEADLINE = START + timedelta(hours=2), START - timedelta(days=3)
MINUTE = timedelta(minutes=1)
SITUATION = SelfServiceFacts(
    now=DEADLINE - MINUTE,
    status=RegistrationStatus.CONFIRMED,
    state=State.OPEN,
    starts_at=START,
    ends_at=END,
    deadline=DEADLINE,
    reserved_until=None,
    hybrid=True,
    contact="jutta@example.org",
)


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (RegistrationStatus.ADDRESS, "confirm_address change claim switch_mode withdraw delete"),
        (RegistrationStatus.APPROVAL, "change claim switch_mode withdraw delete"),
        (RegistrationStatus.WAITING, "change claim switch_mode hand_over withdraw delete"),
        (RegistrationStatus.OFFERED, "accept change claim withdraw delete"),
        (RegistrationStatus.CONFIRMED, "change claim switch_mode hand_over withdraw delete"),
        (RegistrationStatus.CANCELLED, "delete"),
        (RegistrationStatus.DECLINED, "delete"),
        (RegistrationStatus.EXPIRED, "delete"),
    ],
)
def test_page_offers_what_the_table_allows(status: RegistrationStatus, offered: str) -> None:
    assert set(wishes(replace(SITUATION, status=status))) == {
        SelfServiceAction(name) for name in offered.split()
    }


def test_nobody_switches_where_all_come_the_same_way() -> None:
    assert SelfServiceAction.SWITCH_MODE not in wishes(replace(SITUATION, hybrid=False))


# The last moment at which each is possible.
LIMITS = [
    (SelfServiceAction.WITHDRAW, END),
    (SelfServiceAction.HAND_OVER, END),
    (SelfServiceAction.CHANGE, START),
    (SelfServiceAction.CLAIM, DEADLINE),
    (SelfServiceAction.SWITCH_MODE, DEADLINE),
]


@pytest.mark.parametrize(("wish", "limit"), LIMITS)
def test_each_wish_has_its_deadline_and_then_names_the_way_out(
    wish: SelfServiceAction, limit: datetime
) -> None:
    assert complaint(wish, replace(SITUATION, now=limit - MINUTE)) is None
    late = complaint(wish, replace(SITUATION, now=limit))
    assert late is not None
    assert "jutta@example.org" in str(late)


def test_without_a_deadline_places_are_claimed_until_the_start() -> None:
    without = replace(SITUATION, deadline=None)
    assert complaint(SelfServiceAction.SWITCH_MODE, replace(without, now=START - MINUTE)) is None
    assert complaint(SelfServiceAction.SWITCH_MODE, replace(without, now=START)) is not None


@pytest.mark.parametrize("wish", [SelfServiceAction.CONFIRM_ADDRESS, SelfServiceAction.ACCEPT])
def test_what_is_kept_is_kept_until_its_time(wish: SelfServiceAction) -> None:
    kept = replace(SITUATION, reserved_until=DEADLINE)
    assert complaint(wish, kept) is None
    assert complaint(wish, replace(kept, now=DEADLINE)) is not None


@pytest.mark.parametrize("state", State)
def test_nothing_moves_at_an_event_that_is_called_off(state: State) -> None:
    situation = replace(SITUATION, state=state)
    moving = state in (State.OPEN, State.CLOSED, State.DISPATCHED)
    assert (complaint(SelfServiceAction.ACCEPT, situation) is None) == moving
    takes_place = moving or state is State.ANNOUNCED
    assert (complaint(SelfServiceAction.HAND_OVER, situation) is None) == takes_place
    assert complaint(SelfServiceAction.WITHDRAW, situation) is None


def test_details_are_deleted_after_a_withdrawal_or_the_end() -> None:
    assert complaint(SelfServiceAction.DELETE, SITUATION) is not None
    assert (
        complaint(SelfServiceAction.DELETE, replace(SITUATION, status=RegistrationStatus.CANCELLED))
        is None
    )
    assert complaint(SelfServiceAction.DELETE, replace(SITUATION, now=END)) is None
