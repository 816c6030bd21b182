"""After the start nobody moves up by the line, except online where late people are admitted."""

from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.status import (
    RULES,
    RegistrationAction,
    RegistrationStatus,
    StatusRefused,
    check_change,
)
from ikone_events.services.registering.registrations import add_person
from ikone_events.services.registering.seating import (
    Place,
    StatusCause,
    change_status,
    waiting_reasons,
)
from ikone_events.services.registering.status import move_up, withdraw
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration
from tests.services.registering.seats import (
    HOUR,
    applicant,
    faults,
    mails,
    person,
    reasons,
    statuses,
    write,
)

pytestmark = pytest.mark.both_databases

ANNA = "anna@amt.example.org"
RUNS = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR, "place": "Rathaus"}


def full_event(app: Flask, **values: object) -> tuple[Event, Registration]:
    """An event that has begun, with one seat that somebody holds, and somebody who waits for it."""
    event = make_event(app, **{**RUNS, "state": "closed", "capacity": 1, **values})
    on_site = event.format != "online"
    mode = "on_site" if on_site else "online"
    first = make_registration(app, event, email="first@example.org", mode=mode)
    make_registration(app, event, email="eva@example.org", status="waitlisted", mode=mode)
    return event, first


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"format": "on_site"}, "waitlisted"),
        ({"format": "hybrid"}, "waitlisted"),
        ({"format": "online"}, "confirmed"),
        ({"format": "online", "accepts_late": False}, "waitlisted"),
        ({"format": "on_site", "starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}, "confirmed"),
    ],
)
def test_freed_seat_goes_to_the_line_only_where_late_people_are_admitted(
    app: Flask, values: dict[str, object], status: str
) -> None:
    event, first = full_event(app, **values)

    write(app, lambda: withdraw(first.public_id, now=NOW))

    assert statuses(app, event)["eva"] == status
    assert faults(app) == []


def test_line_of_the_online_seats_moves_past_the_one_on_site(app: Flask) -> None:
    event = make_event(
        app, **RUNS, state="dispatched", format="hybrid", capacity_on_site=1, capacity_online=1
    )
    for mode in ("on_site", "online"):
        make_registration(app, event, email=f"old-{mode}@example.org", mode=mode)
        make_registration(app, event, email=f"{mode}@example.org", status="waitlisted", mode=mode)
    leaving = [person(app, "old-on_site"), person(app, "old-online")]

    for each in leaving:
        write(app, lambda each=each: withdraw(each.public_id, now=NOW))

    assert statuses(app, event)["on_site"] == "waitlisted"
    assert statuses(app, event)["online"] == "confirmed"
    assert faults(app) == []


def test_organiser_gives_a_free_seat_to_who_waits_or_comes(app: Flask) -> None:
    event, first = full_event(app, format="on_site", capacity=2)
    write(app, lambda: withdraw(first.public_id, now=NOW))

    write(app, lambda: add_person(event.slug, applicant("ben@example.org"), actor=ANNA, now=NOW))

    assert statuses(app, event)["ben"] == "confirmed"
    assert reasons(app, "ben") == ["The event had begun: nobody moves up automatically any more."]
    eva = person(app, "eva")
    with app.app_context():
        found = waiting_reasons(db.session.get_one(Event, event.id), [eva], now=NOW)
    assert found[eva.id].text == "The event has begun: nobody moves up automatically any more."
    seen = RegistrationStatus.WAITING
    write(app, lambda: move_up(eva.public_id, expected=seen, actor=ANNA, now=NOW))
    assert statuses(app, event)["eva"] == "confirmed"
    assert faults(app) == []


def test_writer_refuses_what_the_table_does_not_name(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event, email="eva@example.org", status="pending", awaits="approval")
    cause = StatusCause(action=RegistrationAction.APPROVE, actor=ANNA, now=NOW)
    back = Place(Status.PENDING, Awaits.ADDRESS, NOW + timedelta(hours=4))

    def step_back() -> None:
        locked = lock_event(event.slug)
        eva = db.session.query(Registration).filter_by(event_id=event.id).one()
        change_status(eva, locked, back, cause)

    with pytest.raises(StatusRefused):
        write(app, step_back)

    assert statuses(app, event) == {"eva": "pending:approval"}
    assert mails(app) == []


def test_switch_of_the_mode_keeps_the_status() -> None:
    switch, pending = RegistrationAction.SWITCH_MODE, RegistrationStatus.APPROVAL
    check_change(switch, pending, pending)
    with pytest.raises(StatusRefused):
        check_change(switch, pending, RegistrationStatus.CONFIRMED)
    keeping = [switch, RegistrationAction.CORRECT, RegistrationAction.RESEND]
    assert [rule.action for rule in RULES if rule.keeps_status] == keeping
