"""How long somebody was in a room, from looks at it."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from ikone_events.domain.rooms.stays import (
    INTERVAL,
    TOLERANCE,
    Stay,
    after_look,
    minutes_of,
    unseen_time,
)
from tests.factories import NOW

ANNA = 1


def _minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def _looks(seen_at: dict[float, bool]) -> Stay:
    """What is known of one person after looks at these minutes."""
    known: dict[int, Stay] = {}
    for minute, there in seen_at.items():
        known |= after_look(known, {ANNA} if there else set(), _minute(minute))
    return known[ANNA]


def test_stay_counts_between_looks_that_saw_the_person() -> None:
    stay = _looks({0: True, 1: True, 2: True, 3: False})
    assert stay == Stay(_minute(0), _minute(2), left_at=_minute(2), seconds=120)


def test_stay_adds_several_visits_and_not_the_time_between() -> None:
    stay = _looks({0: True, 1: True, 2: False, 3: False, 10: True, 11: True, 12: True})
    assert stay == Stay(_minute(0), _minute(12), seconds=180)


def test_stay_counts_a_late_look_up_to_the_tolerance() -> None:
    assert _looks({0: True, 1.4: True}).seconds == 84
    assert _looks({0: True, 12: True}).seconds == (INTERVAL + TOLERANCE).total_seconds()


def test_stay_does_not_move_by_a_look_that_was_overtaken() -> None:
    assert _looks({0: True, 2: True, 1: False}) == _looks({0: True, 2: True, 1.5: True})


def test_look_changes_nobody_who_has_left() -> None:
    gone = Stay(_minute(0), _minute(1), left_at=_minute(1), seconds=60)
    assert after_look({ANNA: gone}, set(), _minute(2)) == {}


@given(some.lists(some.tuples(some.integers(1, 600), some.booleans()), min_size=1))
def test_stay_is_never_longer_than_the_time_from_first_to_last_look(
    looks: list[tuple[int, bool]],
) -> None:
    known: dict[int, Stay] = {}
    moment = NOW
    for distance, there in looks:
        moment += timedelta(seconds=distance)
        known |= after_look(known, {ANNA} if there else set(), moment)
    for stay in known.values():
        assert 0 <= stay.seconds <= (stay.seen_at - stay.joined_at).total_seconds()


def test_unseen_time_begins_beyond_the_usual_distance() -> None:
    assert unseen_time(None, NOW) == timedelta(0)
    assert unseen_time(NOW, _minute(1.5)) == timedelta(0)
    assert unseen_time(NOW, _minute(6)) == timedelta(minutes=5)


def test_minutes_are_rounded() -> None:
    assert [minutes_of(seconds) for seconds in (0, 29, 30, 89, 90)] == [0, 0, 1, 1, 2]
