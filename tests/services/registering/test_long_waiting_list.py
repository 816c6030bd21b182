"""A line of very many: who gets a free seat is found without looking at everybody who waits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as hooks
from sqlalchemy import insert

from ikone_events.services.registering.seating import promote_waiting
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.waiting_list import BATCH
from tests.factories import NOW, make_event, make_organisation
from tests.services.registering.seats import sign_up, statuses, write

pytestmark = pytest.mark.both_databases

LONG = 2 * BATCH + 50


def wait(app: Flask, event: Event, of: Callable[[int], Mapping[str, Any]], people: int) -> None:
    """So many join the line, one after the other, as w0, w1 and so on."""
    rows = [
        {
            "event_id": event.id,
            "public_id": f"waiting-{number}",
            "status": "waitlisted",
            "status_at": NOW,
            "registered_at": NOW,
            "waiting_order": number,
            "first_name": "W",
            "last_name": f"{number}",
            "email": f"w{number}@example.org",
            "email_key": f"w{number}@example.org",
            "organisation_id": None,
            "calendar_uid": f"waiting-{number}",
            **of(number),
        }
        for number in range(people)
    ]
    with app.app_context(), transaction():
        db.session.execute(insert(Registration), rows)


@contextmanager
def loaded() -> Iterator[list[int]]:
    """The registrations that are read from the database meanwhile."""
    rows: list[int] = []

    def note(registration: Registration, _context: object) -> None:
        rows.append(registration.id)

    hooks.listen(Registration, "load", note)
    try:
        yield rows
    finally:
        hooks.remove(Registration, "load", note)


def fill_free_seats(app: Flask, event: Event) -> list[str]:
    """Who moves up, by the name before the @."""
    moved = write(app, lambda: promote_waiting(lock_event(event.slug), now=NOW))
    return [registration.email.partition("@")[0] for registration in moved]


def test_one_free_seat_on_site_loads_a_part_of_the_line(app: Flask) -> None:
    event = make_event(app, format="hybrid", place="Rathaus", capacity=None, capacity_on_site=1)
    wait(app, event, lambda _number: {"mode": "on_site"}, LONG)
    with loaded() as rows:
        assert fill_free_seats(app, event) == ["w0"]
    assert len(set(rows)) <= BATCH
    with loaded() as rows:
        assert sign_up(app, event, "new", mode="online") == "confirmed"
    assert rows == []


def test_line_that_waits_for_members_is_not_loaded_at_a_sign_up(app: Flask) -> None:
    event = make_event(app, capacity=None, members_until=NOW + timedelta(days=1))
    guest = make_organisation(app, "Stadt Gast", member=False).id
    make_organisation(app, "Stadt Trier")
    wait(app, event, lambda number: {"organisation_id": guest if number % 2 else None}, LONG)
    with loaded() as rows:
        assert sign_up(app, event, "new", organisation="Stadt Trier") == "confirmed"
    assert rows == []


def test_line_of_a_full_administration_is_not_loaded_at_a_sign_up(app: Flask) -> None:
    event = make_event(app, capacity=None, per_administration=1)
    guest = make_organisation(app, "Stadt Gast").id
    wait(app, event, lambda _number: {"organisation_id": guest}, LONG)
    assert fill_free_seats(app, event) == ["w0"]
    with loaded() as rows:
        assert sign_up(app, event, "new", organisation="Stadt Trier") == "confirmed"
    assert rows == []


def test_everybody_who_may_moves_up_in_order_however_long_the_line(app: Flask) -> None:
    """The first part of the line belongs to one administration, behind it each to another."""
    event = make_event(app, capacity=LONG, per_administration=1)
    guest = make_organisation(app, "Stadt Gast").id
    behind = BATCH + 20

    def of(number: int) -> dict[str, Any]:
        if number < behind:
            return {"organisation_id": guest}
        return {"organisation_key": f"stadt {number}"}

    wait(app, event, of, LONG)
    assert fill_free_seats(app, event) == ["w0", *(f"w{number}" for number in range(behind, LONG))]
    waits = [name for name, status in statuses(app, event).items() if status == "waitlisted"]
    assert waits == [f"w{number}" for number in range(1, behind)]
