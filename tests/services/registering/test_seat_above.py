"""A seat above the limit: with a reason, counted, and nobody moves up until there is room."""

from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.refusals import SomebodyWasFaster, UnfitInput
from ikone_events.domain.registering.status import registration_status
from ikone_events.services.registering.registrations import add_person
from ikone_events.services.registering.status import give_seat, withdraw
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.queries import status_history
from tests.factories import NOW, make_event, make_organisation
from tests.services.registering.seats import (
    applicant,
    chain,
    faults,
    mails,
    person,
    sign_up,
    statuses,
    write,
)

ANNA = "anna@amt.example.org"


def give(app: Flask, name: str, reason: str = "Hält den Vortrag.", **changes: Any) -> None:
    found = person(app, name)
    expected = registration_status(found.status, found.awaits)
    words = {"expected": expected, "reason": reason, "actor": ANNA, "now": NOW, **changes}
    write(app, lambda: give_seat(found.public_id, **words))


def leave(app: Flask, name: str) -> None:
    write(app, lambda: withdraw(person(app, name).public_id, now=NOW))


def seats(app: Flask, event: Event) -> tuple[int, int | None]:
    """People with a seat, and free seats."""
    with app.app_context():
        found = get_availability(db.session.get_one(Event, event.id), NOW)
        return found.seated, found.free


@pytest.mark.both_databases
def test_seat_is_given_although_all_are_taken(app: Flask) -> None:
    event = make_event(app, capacity=2)
    for name in ("a", "b", "c", "d"):
        sign_up(app, event, name)

    give(app, "d")

    assert statuses(app, event) == {
        "a": "confirmed", "b": "confirmed", "c": "waitlisted", "d": "confirmed",
    }  # fmt: skip
    assert seats(app, event) == (3, 0)
    assert mails(app)[-1] == ("d", "promotion")
    assert chain(app, "d")[-1] == ("give_seat", "waitlisted", "confirmed", ANNA)
    assert faults(app) == []


@pytest.mark.both_databases
def test_nobody_moves_up_before_there_are_fewer_people_than_seats(app: Flask) -> None:
    event = make_event(app, capacity=2)
    for name in ("a", "b", "c", "d", "e"):
        sign_up(app, event, name)
    give(app, "c")
    give(app, "d")
    leave(app, "a")
    leave(app, "b")
    assert seats(app, event) == (2, 0)
    assert statuses(app, event)["e"] == "waitlisted"
    assert faults(app) == []
    leave(app, "c")
    assert statuses(app, event)["e"] == "confirmed"
    assert seats(app, event) == (2, 0)
    assert faults(app) == []


def test_full_mode_of_a_hybrid_event_is_exceeded_alone(app: Flask) -> None:
    event = make_event(
        app, format="hybrid", place="Rathaus", capacity=None, capacity_on_site=1, capacity_online=5
    )
    for name in ("a", "b"):
        sign_up(app, event, name, mode="on_site")
    give(app, "b")
    assert statuses(app, event) == {"a": "confirmed", "b": "confirmed"}
    assert faults(app) == []


def test_limit_of_an_administration_is_passed_too(app: Flask) -> None:
    make_organisation(app, "Stadt Trier")
    event = make_event(app, capacity=9, per_administration=1)
    for name in ("a", "b", "c"):
        sign_up(app, event, name)
    give(app, "b")
    assert statuses(app, event) == {"a": "confirmed", "b": "confirmed", "c": "waitlisted"}
    assert faults(app) == []


def test_admission_steps_are_still_to_be_passed(app: Flask) -> None:
    event = make_event(app, capacity=1, offer_hours=24)
    for name in ("a", "b"):
        sign_up(app, event, name)
    give(app, "b")
    assert statuses(app, event)["b"] == "offered"
    assert mails(app)[-1] == ("b", "offer")
    assert faults(app) == []


def test_reason_is_needed_and_the_status_that_was_shown(app: Flask) -> None:
    event = make_event(app, capacity=1)
    for name in ("a", "b"):
        sign_up(app, event, name)
    with pytest.raises(UnfitInput, match="give a reason"):
        give(app, "b", reason=" ")
    with pytest.raises(SomebodyWasFaster):
        give(app, "b", expected="confirmed")
    assert statuses(app, event)["b"] == "waitlisted"


def add_vip(app: Flask, event: Event) -> None:
    words = {"actor": ANNA, "now": NOW, "extra": "Spricht das Grußwort."}
    write(app, lambda: add_person(event.slug, applicant("vip@example.org"), **words))


@pytest.mark.both_databases
def test_added_person_gets_an_extra_place_with_a_reason(app: Flask) -> None:
    """Also where there is no waiting list, and past somebody who waits."""
    for waiting_list in (False, True):
        event = make_event(app, capacity=1, waiting_list=waiting_list)
        sign_up(app, event, "a")
        if waiting_list:
            sign_up(app, event, "b")
        add_vip(app, event)
        assert statuses(app, event)["vip"] == "confirmed"
        assert seats(app, event) == (2, 0)
        assert mails(app)[-1] == ("vip", "confirmation")
        with app.app_context():
            last = status_history(person(app, "vip"))[-1]
        assert (last.action, last.reason) == ("add", "Spricht das Grußwort.")
    assert faults(app) == []
