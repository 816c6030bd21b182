"""Direct POSTs to the form in every state of an event, and in every way of being full."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.domain.events.facts import State
from ikone_events.store.db import db
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, make_event, make_organisation, make_registration
from tests.own_fields import make_field
from tests.web.visitor import PERSON, colleague, everything, outcome_of, sign_up, token_of

ANSWERS = {
    State.DRAFT: (404, "not-found"),
    State.ANNOUNCED: (409, "closed"),
    State.OPEN: (303, None),
    State.CLOSED: (409, "closed"),
    State.DISPATCHED: (303, None),
    State.FOLLOWED_UP: (409, "closed"),
    State.ARCHIVED: (409, "closed"),
    State.POSTPONED: (409, "closed"),
    State.CANCELLED: (409, "closed"),
}
PRESSES: dict[str, dict[str, Any]] = {
    "send": {},
    "add": {"add": "1"},
    "remove": {"remove": "2", "person": "2", **colleague(2)},
    "switch": {"switch_language": "en"},
    "unfit": {"email": "kein"},
}


def test_every_state_is_named() -> None:
    assert set(ANSWERS) == set(State)


def token(app: Flask, client: FlaskClient) -> str:
    return token_of(client.get(f"/events/{make_event(app).slug}/register"))


@pytest.mark.parametrize("state", ANSWERS)
def test_direct_post_answers_as_the_state_says(
    app: Flask, client: FlaskClient, state: State
) -> None:
    event = make_event(app, state=state.value)
    known = token(app, client)
    before = everything(app)
    answer = client.post(f"/events/{event.slug}/register", data={**PERSON, "csrf_token": known})
    assert (answer.status_code, outcome_of(answer)) == ANSWERS[state]
    assert (everything(app) == before) == (answer.status_code != 303)


@pytest.mark.parametrize("press", PRESSES)
@pytest.mark.parametrize("state", [s for s, (code, _) in ANSWERS.items() if code != 303])
def test_no_press_opens_a_closed_form(
    app: Flask, client: FlaskClient, state: State, press: str
) -> None:
    event = make_event(app, state=state.value)
    answer = client.post(f"/events/{event.slug}/register", data={**PERSON, **PRESSES[press]})
    assert (answer.status_code, outcome_of(answer)) == ANSWERS[state]
    assert 'id="register"' not in answer.text


@pytest.mark.parametrize(
    "values", [{"deadline": NOW}, PAST, {"state": "dispatched", "accepts_late": False}]
)
def test_open_event_is_closed_when_its_time_has_passed(
    app: Flask, client: FlaskClient, values: dict[str, object]
) -> None:
    event = make_event(app, **values)
    answer = client.post(
        f"/events/{event.slug}/register", data={**PERSON, "csrf_token": token(app, client)}
    )
    assert (answer.status_code, outcome_of(answer)) == (409, "closed")


def refused_with_all_kept(app: Flask, slug: str, words: str, **changes: Any) -> str:
    """The event stays open for others, so the form stays, with everything that was typed."""
    before = count_of(app)
    answer = sign_up(app.test_client(), slug, **changes)
    assert (answer.status_code, outcome_of(answer)) == (409, "closed")
    assert words in answer.text
    assert 'id="register"' in answer.text
    for name in ("first_name", "email", "organisation", "question"):
        assert PERSON[name] in answer.text
    assert count_of(app) == before
    return answer.text


def count_of(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Registration.id)).all())


def test_full_mode_keeps_the_form(app: Flask) -> None:
    event = make_event(app, format="hybrid", capacity=None, capacity_on_site=1, waiting_list=False)
    make_registration(app, event, mode="on_site")
    text = refused_with_all_kept(
        app, event.slug, "Vor Ort sind alle Plätze vergeben.", mode="on_site"
    )
    assert 'href="#mode-0"' in text
    assert re.search('<input[^>]* disabled [^>]*id="mode-0"', text)
    assert sign_up(app.test_client(), event.slug, mode="online").status_code == 303


def test_full_administration_keeps_the_form(app: Flask) -> None:
    event = make_event(app, per_administration=1, waiting_list=False)
    assert sign_up(app.test_client(), event.slug, email="erste@example.org").status_code == 303
    refused_with_all_kept(app, event.slug, "Verwaltung hat schon alle Plätze")
    other = sign_up(app.test_client(), event.slug, organisation="Stadtverwaltung Anderswo")
    assert other.status_code == 303


def test_members_first_keeps_the_form_of_others(app: Flask) -> None:
    make_organisation(app, "Stadtverwaltung Mitglied")
    until = NOW + timedelta(days=1)
    event = make_event(app, members_until=until, waiting_list=False)
    refused_with_all_kept(app, event.slug, "Zuerst sind die Plätze für Mitglieder")
    member = sign_up(app.test_client(), event.slug, organisation="Stadtverwaltung Mitglied")
    assert member.status_code == 303


def test_event_that_fills_up_meanwhile_is_closed(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1, waiting_list=False)
    known = token_of(client.get(f"/events/{event.slug}/register"))
    make_registration(app, event)
    answer = client.post(f"/events/{event.slug}/register", data={**PERSON, "csrf_token": known})
    assert (answer.status_code, outcome_of(answer)) == (409, "closed")
    assert "Alle Plätze sind vergeben." in answer.text


def test_hybrid_form_asks_how_people_come(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, format="hybrid", capacity_on_site=1)
    make_registration(app, event, mode="on_site")
    text = client.get(f"/events/{event.slug}/register").text
    assert "Vor Ort – Alle Plätze vergeben – Warteliste" in text
    assert "Online – Plätze frei" in text
    assert "checked" not in text, "nobody is guessed"
    none = sign_up(client, event.slug, mode_asked="1")
    assert 'name="mode_asked" value="1"' in text
    assert none.status_code == 422
    assert 'href="#mode-0"' in none.text
    assert sign_up(client, event.slug, mode="nirgends").status_code == 422
    answer = sign_up(client, event.slug, mode="on_site")
    assert outcome_of(client.get(answer.location)) == "waitlisted"
    with app.app_context():
        assert db.session.scalars(select(Registration.mode)).all() == ["on_site", "on_site"]


def test_program_that_knows_no_modes_registers_for_online(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, format="hybrid")
    assert sign_up(client, event.slug).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Registration.mode)).all() == ["online"]


def test_mode_counts_at_hybrid_events_only(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    assert 'name="mode"' not in client.get(f"/events/{event.slug}/register").text
    assert sign_up(client, event.slug, mode="on_site").status_code == 303


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"confirm_hours": 24}, ["Bitte bestätigen Sie Ihre E-Mail-Adresse", "3.\u00a0März"]),
        ({"approval": True}, ["Ihre Anmeldung ist eingegangen", "Organisationsteam entscheidet"]),
        (
            {"approval": True, "confirm_hours": 1},
            ["Bitte bestätigen Sie", "11:00", "Danach entscheidet das Organisationsteam"],
        ),
    ],
)
def test_pending_shows_what_is_to_be_done(
    app: Flask, client: FlaskClient, values: dict[str, object], words: list[str]
) -> None:
    event = make_event(app, **values)
    page = client.get(sign_up(client, event.slug).location)
    assert outcome_of(page) == "pending"
    for each in words:
        assert each in page.text


def test_choice_without_places_stands_at_its_field_of_the_right_person(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    choices = [{"value": "a", "label": "Besichtigung", "places": 1}, {"value": "b", "label": "B"}]
    make_field(app, event, key="was", kind="one_choice", choices=choices)
    both = {"f_was": "a", **colleague(2, f_was="a"), "person": "2"}
    answer = sign_up(client, event.slug, **both)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert 'id="p2-f_was-error"' in answer.text
    assert 'id="f_was-error"' not in answer.text
    assert count_of(app) == 0


def test_own_fields_are_asked_of_everybody_and_consents_of_oneself(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    make_field(app, event, key="essen", required=True)
    versions = [{"version": 1, "label": "Ja, gern.", "label_en": ""}]
    make_field(app, event, key="liste", kind="consent", versions=versions)
    page = client.post(f"/events/{event.slug}/register", data={**PERSON, "add": "1"})
    for name in ("f_essen", "f_liste", "p2-f_essen"):
        assert f'name="{name}"' in page.text
    assert 'name="p2-f_liste"' not in page.text
    refused = sign_up(client, event.slug, person="2", **colleague(2), f_liste="yes")
    assert 'href="#f_essen"' in refused.text
    assert 'href="#p2-f_essen"' in refused.text
    more = {"f_essen": "Suppe", **colleague(2, f_essen="Brot", f_liste="yes"), "person": "2"}
    assert sign_up(client, event.slug, **more).status_code == 303
    stored = {row for table, rows in everything(app).items() if table == "answer" for row in rows}
    assert len(stored) == 2
