"""What is locked and read anew keeps what was changed on it before, or says that it can't."""

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.refusals import NotFound
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event, lock_event
from ikone_events.store.registering.models import Registration
from tests.attending import attendance_of_person
from tests.factories import NOW, make_event, make_registration


def stored(app: Flask, slug: str) -> Event:
    with app.app_context():
        found = find_event(slug)
        assert found is not None
        return found


def test_event_locked_twice_keeps_what_was_changed_in_between(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        first = lock_event(event.slug)
        first.title = "Neuer Titel"
        assert lock_event(event.slug) is first

    found = stored(app, event.slug)
    assert (found.title, found.lock_version) == ("Neuer Titel", 1)


def test_event_changed_before_it_was_locked_is_refused(app: Flask) -> None:
    event = make_event(app)

    def change_too_early() -> None:
        with transaction():
            found = find_event(event.slug)
            assert found is not None
            found.title = "Zu früh"
            lock_event(event.slug)

    with app.app_context(), pytest.raises(RuntimeError, match="before it was locked"):
        change_too_early()
    assert stored(app, event.slug).title == event.title


def test_lock_lasts_for_its_transaction_only(app: Flask) -> None:
    event = make_event(app)
    with app.app_context():
        for _ in range(3):
            with transaction():
                lock_event(event.slug)
    assert stored(app, event.slug).lock_version == 3


def test_lock_is_taken_anew_after_a_savepoint_was_rolled_back(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        savepoint = db.session.begin_nested()
        lock_event(event.slug).title = "verworfen"
        savepoint.rollback()
        assert lock_event(event.slug).title == event.title
    assert stored(app, event.slug).lock_version == 1


def test_event_that_was_deleted_is_not_found_again(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        db.session.delete(lock_event(event.slug))
        db.session.flush()
        with pytest.raises(NotFound):
            lock_event(event.slug)


def test_second_note_in_one_transaction_keeps_the_first(app: Flask) -> None:
    eva = make_registration(app, make_event(app))
    with app.app_context(), transaction():
        state_attendance(eva.public_id, Attendance.ATTENDED, now=NOW, by="X").note = "kam später"
        state_attendance(eva.public_id, Attendance.MISSED, now=NOW, by="X")
    with app.app_context():
        found = db.session.get_one(Registration, eva.id)
        assert found.note == "kam später"
    assert attendance_of_person(app, eva) == "missed"


@pytest.mark.parametrize("by_key", [True, False])
def test_row_that_is_read_anew_keeps_what_was_changed(app: Flask, by_key: bool) -> None:
    eva = make_registration(app, make_event(app))
    with app.app_context(), transaction():
        found = db.session.get_one(Registration, eva.id)
        found.note = "Rollstuhl"
        if by_key:
            db.session.get_one(Registration, eva.id, populate_existing=True)
        else:
            anew = select(Registration).execution_options(populate_existing=True)
            db.session.scalars(anew).all()
        assert found.note == "Rollstuhl"
