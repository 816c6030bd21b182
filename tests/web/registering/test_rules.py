"""What the public page says of the rules of registration, and that it says it in time."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.plan.plans import create_plan, steps_of
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.factories import NOW, FixedClock, make_event
from tests.web.visitor import sign_up

SAID = [
    ({"by_code": True}, "brauchen Sie eine Einladung"),
    ({"members_until": NOW + timedelta(days=1)}, "10:00\u00a0Uhr sind die Plätze für Mitglieder"),
    ({"per_administration": 1}, "Jede Verwaltung kann 1 Platz bekommen."),
    ({"per_administration": 4}, "Jede Verwaltung kann 4 Plätze bekommen."),
    ({"approval": True}, "Organisationsteam entscheidet über jede Anmeldung"),
    ({"confirm_hours": 24}, "Dafür ist Ihr Platz 24 Stunden lang reserviert."),
    ({"capacity": 5}, "gibt es eine Warteliste."),
    ({"capacity": 5, "waiting_list": False}, "Es gibt keine Warteliste."),
]


@pytest.mark.parametrize(("values", "words"), SAID)
@pytest.mark.parametrize("state", ["announced", "open"])
def test_rule_is_shown_before_anybody_types(
    app: Flask, client: FlaskClient, values: dict[str, object], words: str, state: str
) -> None:
    event = make_event(app, **{"state": state, "capacity": None, **values})
    assert words in client.get(f"/events/{event.slug}").text


def test_event_without_rules_shows_none(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=None)
    assert "So melden Sie sich an" not in client.get(f"/events/{event.slug}").text


def test_page_shows_when_registration_opens(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="announced")
    path = f"/events/{event.slug}"
    assert "Anmeldung ab" not in client.get(path).text, "no plan, no promise"
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        create_plan(held, now=NOW - timedelta(days=90))
        opening = next(step for step in steps_of(held) if step.action == "open")
        opening.due_at = NOW + timedelta(days=2)
    assert "Anmeldung ab" in client.get(path).text
    assert "Mi., 4.\u00a0März\u00a02026, 10:00\u00a0Uhr" in client.get(path).text
    clock.move(days=2)
    assert "Anmeldung ab" not in client.get(path).text, "a promise whose time has passed"
    clock.move(days=-2)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        next(step for step in steps_of(held) if step.action == "open").active = False
    assert "Anmeldung ab" not in client.get(path).text


def test_page_ends_the_time_of_the_members_by_the_clock(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, members_until=NOW + timedelta(hours=1))
    path = f"/events/{event.slug}"
    assert "für Mitglieder des Netzwerks" in client.get(path).text
    clock.move(hours=1)
    assert "für Mitglieder des Netzwerks" not in client.get(path).text


def test_others_wait_while_members_come_first(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, members_until=NOW + timedelta(hours=1))
    page = client.get(sign_up(client, event.slug).location)
    assert 'data-outcome="waitlisted"' in page.text
    assert "Danach rückt die Warteliste nach." in page.text


@pytest.mark.parametrize(("hours", "offered"), [(24, True), (None, False)])
def test_line_is_described_as_it_moves(
    app: Flask, client: FlaskClient, hours: int | None, offered: bool
) -> None:
    """Who has to accept a place must not read that they get it."""
    event = make_event(app, capacity=0, offer_hours=hours)
    page = client.get(f"/events/{event.slug}/register").text
    assert "auf die Warteliste setzen lassen" in page
    assert ("24 Stunden" in page) is offered
