"""The people on the live board, as both databases return them."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.rooms.check_in import Press, check_in
from ikone_events.store.db import transaction
from ikone_events.store.rooms.attendance import record_door, record_statement
from ikone_events.store.rooms.board import people_on_board, telephones
from tests.factories import (
    NOW,
    TODAY,
    make_event,
    make_organisation,
    make_registration,
    make_settings,
)
from tests.own_fields import make_answer, make_field

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def test_confirmed_people_come_by_name_with_what_is_known(app: Flask) -> None:
    event = make_event(app, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    worms = make_organisation(app, "Stadt Worms")
    ute = make_registration(app, event, last_name="Ärmel", organisation_id=worms.id)
    bea = make_registration(app, event, last_name="Busch", mode="on_site", organisation_text="")
    make_registration(app, event, last_name="Zander")
    for status in ("waitlisted", "cancelled", "pending"):
        make_registration(app, event, status=status)
    make_registration(app, event, anonymised_at=NOW)
    make_registration(app, make_event(app))
    with app.app_context(), transaction():
        record_door(ute.id, event.id, NOW)
        record_statement(bea.id, event.id, Attendance.MISSED, now=NOW, by="Eva")
    with app.app_context():
        people = people_on_board(event, NOW)
    known = [(p.name, p.administration, p.attendance, p.stated_by, p.door_at) for p in people]
    assert known == [
        ("Maria Ärmel", "Stadt Worms", Attendance.ATTENDED, "", NOW),
        ("Maria Busch", "", Attendance.MISSED, "Eva", None),
        ("Maria Zander", "Stadtverwaltung Bendorf", None, "", None),
    ]
    assert {person.mode for person in people} == {Mode.ONLINE}


def test_entrance_shows_when_somebody_came_and_a_later_mark_does_not(app: Flask) -> None:
    event = make_event(app, **TODAY)
    ada, bea = make_registration(app, event), make_registration(app, event)
    late = event.starts_at + timedelta(minutes=9)
    with app.app_context(), transaction():
        check_in(event, ada.public_id, Press(by="Eva"), now=late)
        check_in(event, bea.public_id, Press(by="Eva"), now=event.starts_at)
        record_statement(bea.id, event.id, Attendance.ATTENDED, now=late, by="Eva")
    with app.app_context():
        came = {each.public_id: each.came_at for each in people_on_board(event, late)}
    assert came == {ada.public_id: late, bea.public_id: None}


def test_telephones_are_those_of_the_fields(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    field, other = (make_field(app, event) for _ in range(2))
    make_answer(app, person, field, "0631 1")
    make_answer(app, person, other, "nichts")
    with app.app_context():
        assert telephones([field.id]) == {person.public_id: "0631 1"}
        assert telephones([]) == {}
