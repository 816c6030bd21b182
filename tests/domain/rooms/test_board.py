"""Groups of the live board: who is in, has left, came late; by administration; its hours."""

from datetime import date, timedelta

import pytest

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.form_fields import FieldKind, OwnField
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.board import (
    Board,
    BoardPerson,
    BoardPhase,
    asks_for_telephone,
    board_phase,
)
from tests.factories import NOW

CAME, MISSED = Attendance.ATTENDED, Attendance.MISSED


def person(name: str, attendance: Attendance | None = None, **more: object) -> BoardPerson:
    values: dict[str, object] = {
        "public_id": name,
        "administration": "Kusel",
        "email": f"{name}@example.org",
        "mode": Mode.ONLINE,
    }
    return BoardPerson(name=name, attendance=attendance, **{**values, **more})  # type: ignore[arg-type]


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def test_who_is_checked_in_late_came_late() -> None:
    late, later = NOW + minutes(9), NOW + minutes(50)
    said = {"stated": "attended", "stated_by": "Eva"}
    board = Board(
        [
            person("entrance", CAME, **said, stated_at=late, checked_in_at=late),
            person("list", CAME, **said, stated_at=later),
        ],
        NOW,
    )
    assert [each.name for each in board.late] == ["entrance"]


def test_people_are_in_one_group_each() -> None:
    left = {"joined_at": NOW, "left_at": NOW + minutes(9), "stated": "attended"}
    board = Board(
        [
            person("door", CAME, door_at=NOW),
            person("open"),
            person("absent", MISSED, stated="missed", stated_at=NOW),
            person("gone", CAME, joined_at=NOW, left_at=NOW + minutes(9)),
            person("seen since", CAME, **left, stated_at=NOW + minutes(10)),
            person("seen before", CAME, **left, stated_at=NOW + minutes(8)),
        ],
        NOW,
    )
    groups = {
        name: [each.name for each in getattr(board, name)]
        for name in ("present", "missing", "left", "came")
    }
    assert groups == {
        "present": ["door", "seen since"],
        "missing": ["open", "absent"],
        "left": ["gone", "seen before"],
        "came": ["door", "gone", "seen since", "seen before"],
    }


def test_late_is_whoever_came_more_than_five_minutes_after_the_start() -> None:
    board = Board(
        [
            person("in time", CAME, door_at=NOW + minutes(5)),
            person("late", CAME, door_at=NOW + minutes(6)),
            person("later", CAME, joined_at=NOW + minutes(20)),
            person("door first", CAME, door_at=NOW, joined_at=NOW + minutes(20)),
            person("by hand", CAME, stated="attended", stated_at=NOW + minutes(30)),
            person("was not there", MISSED, stated="missed", door_at=NOW + minutes(9)),
        ],
        NOW,
    )
    assert [each.name for each in board.late] == ["later", "late"]


def test_administrations_and_modes_are_counted() -> None:
    site = {"mode": Mode.ON_SITE}
    board = Board(
        [
            person("a", CAME),
            person("b", administration="Bendorf", **site),
            person("c", CAME, administration="", **site),
            person("d"),
        ],
        NOW,
    )
    rows = [(each.name, each.present, each.expected) for each in board.by_administration]
    assert rows == [("Bendorf", 0, 1), ("Kusel", 1, 2), ("", 1, 1)]
    assert {each.name: (each.present, each.expected) for each in board.by_mode} == {
        "online": (1, 2),
        "on_site": (1, 2),
    }


@pytest.mark.parametrize(
    ("state", "days", "over", "phase"),
    [
        ("open", -1, False, BoardPhase.BEFORE),
        ("open", 0, False, BoardPhase.OPEN),
        ("dispatched", 0, False, BoardPhase.OPEN),
        ("dispatched", 0, True, BoardPhase.OVER),
        ("dispatched", 3, True, BoardPhase.OVER),
        ("followed_up", 1, True, BoardPhase.OVER),
        ("archived", 90, True, BoardPhase.FORGOTTEN),
        ("draft", 0, False, BoardPhase.CALLED_OFF),
        ("cancelled", 0, False, BoardPhase.CALLED_OFF),
        ("postponed", 0, False, BoardPhase.CALLED_OFF),
    ],
)
def test_board_has_hours(state: str, days: int, over: bool, phase: BoardPhase) -> None:
    day = date(2026, 3, 2)
    assert board_phase(state, today=day + timedelta(days=days), day=day, over=over) is phase


def test_fields_that_ask_for_a_number_to_call_are_known_by_their_words() -> None:
    labels = {
        "Telefon am Tag": True,
        "Mobilnummer": True,
        "Handy (für Rückfragen)": True,
        "Phone": True,
        "Dienststelle": False,
        "Anzahl": False,
    }
    found = {
        label: asks_for_telephone(OwnField(kind=FieldKind.SHORT_TEXT, label=label))
        for label in labels
    }
    assert found == labels
    assert not asks_for_telephone(OwnField(kind=FieldKind.YES_NO, label="Telefon?"))
