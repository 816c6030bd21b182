"""Figures of attendance: not known is null, nobody is 0, and forgetting changes neither."""

import pytest
from flask import Flask

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.services.figures.events import figures_of
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.attending import known_of
from tests.factories import NOW, PAST, make_event, make_registration


@pytest.mark.parametrize(
    ("values", "people", "attended", "unknown"),
    [
        (PAST, [None, None], None, 2),
        (PAST, ["attended", None], 1, 0),
        (PAST, ["missed", "missed"], 0, 0),
        ({**PAST, "attendance_incomplete": True}, ["attended", None], 1, 1),
        ({**PAST, "state": "cancelled"}, [None], 0, 0),
        (PAST, [], 0, 0),
        ({}, [None], 0, 0),
    ],
)
def test_attendance_that_nobody_recorded_is_no_zero(
    app: Flask,
    values: dict[str, object],
    people: list[str | None],
    attended: int | None,
    unknown: int,
) -> None:
    event = make_event(app, **values)
    made = [make_registration(app, event, attendance=each) for each in people]
    with app.app_context():
        figures = figures_of(db.session.get_one(Event, event.id), now=NOW)
    assert (figures.attended_people, figures.attendance_unknown_people) == (attended, unknown)
    assert (figures.administrations_attended is None) is (attended is None)

    before = [known_of(app, each).attendance for each in made]
    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, event.id), now=NOW)
    with app.app_context():
        archived = db.session.get_one(Event, event.id)
        assert EventFigures.from_json(archived.figures) == figures
        assert figures_of(archived, now=NOW) == figures
    assert [known_of(app, each).attendance for each in made] == before
