"""Counters of seats, kept by the database whoever writes registrations."""

from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from ikone_events.config import Settings
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.registration import Status
from ikone_events.services.operating.verification import counters
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.operating.triggers import drop_triggers, install_triggers
from ikone_events.store.registering.models import Registration, SeatCount
from tests.effort import by_night
from tests.factories import NOW, make_event, make_registration, make_settings

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


class Undone(Exception):
    """The transaction is rolled back."""


def faults() -> list[str]:
    return [*counters.miscounted_seats(NOW), *counters.missing_triggers(NOW)]


_STATUSES = st.sampled_from([each.value for each in Status])
_EVENTS, _MODES = st.integers(0, 1), st.sampled_from([each.value for each in Mode])
_WRITES = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), _EVENTS, _STATUSES, _MODES),
        st.tuples(st.just("status"), _EVENTS, _STATUSES, _MODES),
        st.tuples(st.just("mode"), _EVENTS, _STATUSES, _MODES),
        st.tuples(st.just("move"), _EVENTS, _STATUSES, _MODES),
        st.tuples(st.just("delete"), _EVENTS, _STATUSES, _MODES),
    ),
    max_size=12,
)
_numbers = iter(range(10**9))


def write(what: str, event: int, other: int, status: str, mode: str) -> None:
    """One raw statement, most of them about several rows."""
    of_event, by_mode = Registration.event_id == event, Registration.mode == mode
    match what:
        case "insert":
            number = f"raw-{next(_numbers)}"
            names = ("public_id", "first_name", "last_name", "email", "email_key", "calendar_uid")
            row = dict.fromkeys(names, number)
            moments = {"status_at": NOW, "registered_at": NOW}
            values = {"event_id": event, "status": status, "mode": mode, "waiting_order": 0}
            db.session.execute(insert(Registration).values(**row, **moments, **values))
        case "status":
            db.session.execute(update(Registration).where(of_event, by_mode).values(status=status))
        case "mode":
            of_status = Registration.status == status
            db.session.execute(update(Registration).where(of_event, of_status).values(mode=mode))
        case "move":
            moved = update(Registration).where(of_event, by_mode)
            db.session.execute(moved.values(event_id=other, status=status))
        case "delete":
            of_status = Registration.status == status
            db.session.execute(delete(Registration).where(of_event, of_status))


@pytest.mark.slow
def test_counters_follow_any_raw_write(app: Flask) -> None:
    ids = [make_event(app, format="hybrid", place="Rathaus").id for _ in range(2)]

    @effort(
        max_examples=by_night(200, 25),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(writes=_WRITES)
    def hold(writes: list[tuple[str, int, str, str]]) -> None:
        with app.app_context():
            for what, event, status, mode in writes:
                with transaction():
                    write(what, ids[event], ids[1 - event], status, mode)
            assert faults() == []

    hold()


def test_a_rolled_back_registration_is_not_counted(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    with app.app_context():
        with suppress(Undone), transaction():
            write("insert", event.id, 0, "confirmed", "online")
            raise Undone
        assert db.session.execute(select(SeatCount.seated)).all() == [(1,)]


def test_deleted_event_takes_its_counters_along(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    with app.app_context():
        with transaction():
            db.session.execute(delete(Event).where(Event.id == event.id))
        assert db.session.execute(select(SeatCount)).all() == []
        assert faults() == []


def test_verify_finds_a_wrong_counter_and_a_missing_trigger(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    with app.app_context():
        with transaction():
            drop_triggers(db.session.connection())
            write("insert", event.id, 0, "waitlisted", "on_site")
            db.session.execute(update(SeatCount).values(seated=7))
        found = faults()
        wrong, rows = "people with a seat and 0 who wait", "the rows are"
        assert [fault for fault in found if fault.startswith("seats")] == [
            f"seats: {event.slug}: counted “on_site” are 0 {wrong}, {rows} 0 and 1",
            f"seats: {event.slug}: counted “online” are 7 {wrong}, {rows} 1 and 0",
        ]
        assert sum("trigger" in fault for fault in found) > 20
        with transaction():
            install_triggers(db.session.connection())
        assert faults() == []
