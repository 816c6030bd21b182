"""Figures of several events together: what nobody recorded is no 0, and 0 is recorded."""

from datetime import date

import pytest

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.domain.figures.periods import add_up, quarter_of


def test_share_of_events_that_nobody_attended_is_nothing_and_not_unknown() -> None:
    empty = EventFigures(took_place=True, confirmed=4, attended_people=0, bodies=())
    assert add_up([empty]).attendance_share == 0.0


def test_share_is_unknown_without_records_or_seats() -> None:
    assert add_up([EventFigures(took_place=True, confirmed=4)]).attendance_share is None
    assert add_up([EventFigures(took_place=True, attended_people=0)]).attendance_share is None


@pytest.mark.parametrize(("month", "quarter"), [(1, 1), (3, 1), (4, 2), (12, 4)])
def test_quarter_of_a_day(month: int, quarter: int) -> None:
    assert quarter_of(date(2021, month, 1)) == quarter
