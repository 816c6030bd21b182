"""The office's order of questions, and when new ones can be asked."""

from datetime import timedelta

import pytest

from ikone_events.domain.rooms.questions import (
    AskedQuestion,
    QuestionSource,
    done,
    in_order,
    may_ask,
    moved,
)
from tests.factories import NOW

HOUR = timedelta(hours=1)


def asked(key: str, age: int, **more: object) -> AskedQuestion:
    texts = {"text": key, "person": "", "administration": "", "source": QuestionSource.FORM}
    return AskedQuestion(key=key, asked_at=NOW - age * HOUR, **{**texts, **more})  # type: ignore[arg-type]


def test_placed_questions_come_first_then_the_oldest() -> None:
    questions = [
        asked("new", 1),
        asked("old", 3),
        asked("second", 5, place=2),
        asked("first", 0, place=1),
        asked("answered", 9, answered_at=NOW),
        asked("answered before", 9, answered_at=NOW - HOUR),
    ]
    assert [each.key for each in in_order(questions)] == ["first", "second", "old", "new"]
    assert [each.key for each in done(questions)] == ["answered", "answered before"]


def test_move_names_its_place_so_a_repeat_changes_nothing() -> None:
    keys = ["a", "b", "c", "d"]
    up = moved(keys, "c", "b", below=False)
    assert up == ["a", "c", "b", "d"]
    assert moved(up, "c", "b", below=False) == up
    assert moved(keys, "a", "b", below=True) == ["b", "a", "c", "d"]
    assert moved(keys, "a", "d", below=True) == ["b", "c", "d", "a"]
    for key, neighbour in (("x", "a"), ("a", "x"), ("a", "a")):
        assert moved(keys, key, neighbour, below=False) is None


@pytest.mark.parametrize(
    ("values", "possible"),
    [
        ({}, True),
        ({"now": NOW - timedelta(seconds=1)}, False),
        ({"now": NOW + HOUR}, False),
        ({"state": "open"}, True),
        ({"state": "cancelled"}, False),
        ({"state": "followed_up"}, False),
        ({"status": "waitlisted"}, False),
        ({"status": "cancelled"}, False),
    ],
)
def test_confirmed_people_ask_from_the_door_to_the_end(
    values: dict[str, object], possible: bool
) -> None:
    usual = {"now": NOW, "state": "dispatched", "status": "confirmed"}
    facts = {**usual, "opens_at": NOW, "ends_at": NOW + HOUR, **values}
    assert may_ask(facts.pop("now"), **facts) is possible  # type: ignore[arg-type]
