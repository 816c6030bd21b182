"""When people can be checked in, and which of several presses counts."""

from datetime import date, timedelta
from itertools import product

import pytest

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.check_in import (
    LONGEST_WAIT,
    EntryOutcome,
    closed_because,
    entry_outcome,
    moment_of_press,
    without_place_because,
)
from tests.factories import NOW

DAY = date(2026, 12, 10)
EARLIER, LATER = NOW - timedelta(minutes=4), NOW + timedelta(minutes=4)


def opens(state: str = "open", event_format: str = "on_site", day: date = DAY) -> bool:
    last = DAY + timedelta(days=1)
    return not closed_because(
        state=state, event_format=event_format, first_day=DAY, last_day=last, day=day
    )


def test_entrance_is_open_on_the_days_of_an_event_that_takes_place() -> None:
    days = {shift: opens(day=DAY + timedelta(days=shift)) for shift in range(-1, 3)}
    assert days == {-1: False, 0: True, 1: True, 2: False}
    opened = {state for state in State if opens(state=state)}
    assert opened == {"announced", "open", "closed", "dispatched", "followed_up"}
    assert {kind: opens(event_format=kind) for kind in ("online", "on_site", "hybrid")} == {
        "online": False,
        "on_site": True,
        "hybrid": True,
    }


def test_only_confirmed_people_come_in_and_all_others_get_their_own_words() -> None:
    said = {status: without_place_because(status) for status in Status}
    assert [status for status, words in said.items() if words is None] == [Status.CONFIRMED]
    assert len({str(words) for words in said.values()}) == len(Status)


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (0, NOW),
        (9.9, NOW),
        (60, NOW - timedelta(minutes=1)),
        (-3600, NOW),
        (1e300, NOW - LONGEST_WAIT),
    ],
)
def test_press_that_waited_is_never_in_the_future(seconds: float, wanted: object) -> None:
    assert moment_of_press(NOW, seconds_ago=seconds) == wanted


def test_earlier_press_counts_and_later_words_stay() -> None:
    said = {
        (stated, stated_at, undone_at): entry_outcome(
            NOW, stated=stated, stated_at=stated_at if stated else None, undone_at=undone_at
        )
        for stated, stated_at, undone_at in product(
            ("", "attended", "missed"), (EARLIER, LATER), (None, EARLIER, LATER)
        )
    }
    not_undone = {key[:2]: each for key, each in said.items() if key[2] != LATER}
    assert not_undone == {
        ("", EARLIER): EntryOutcome.ENTERED,
        ("", LATER): EntryOutcome.ENTERED,
        ("attended", EARLIER): EntryOutcome.ALREADY_IN,
        ("attended", LATER): EntryOutcome.ENTERED,
        ("missed", EARLIER): EntryOutcome.ENTERED,
        ("missed", LATER): EntryOutcome.MARKED_ABSENT,
    }
    undone = {key[0]: each for key, each in said.items() if key[2] == LATER}
    assert undone == {
        "": EntryOutcome.TAKEN_BACK,
        "attended": EntryOutcome.ALREADY_IN,
        "missed": EntryOutcome.TAKEN_BACK,
    }
