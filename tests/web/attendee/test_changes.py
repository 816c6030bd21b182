"""Correcting details and answers, switching the mode, handing over: forms that lose nothing."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.app import create_app
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import answers_of
from ikone_events.store.registering.models import Registration
from tests.factories import (
    FixedClock,
    make_event,
    make_registration,
    make_settings,
    personal_path,
)
from tests.own_fields import make_answer, make_field
from tests.rows import reload
from tests.web.visitor import everything, outcome_of, token_of

DETAILS = {
    "salutation": "divers",
    "title": "Prof.",
    "first_name": "Marie",
    "last_name": "Muster-Neu",
    "position": "Bauamt",
    "question": "Was dann?",
}
DEPUTY = {
    "salutation": "herr",
    "title": "",
    "first_name": "Dora",
    "last_name": "Deputy",
    "email": "Dora.Deputy@example.org",
    "position": "Hauptamt",
}


def send(client: FlaskClient, path: str, entries: dict[str, Any]) -> TestResponse:
    return client.post(path, data={**entries, "csrf_token": token_of(client.get(path))})


def mails(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        rows = db.session.execute(select(OutboxMail.kind, OutboxMail.recipient))
        return sorted((kind, recipient) for kind, recipient in rows)


def test_form_shows_what_is_stored_and_stores_what_is_sent(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, position="Altes Amt", question="Alte Frage")
    meal = make_field(app, event, key="essen", label="Essen")
    make_answer(app, person, meal, "Altes Essen")
    path = personal_path(app, person, "/change")
    page = client.get(path).text
    for words in (person.last_name, "Altes Amt", "Alte Frage", "Altes Essen", person.email):
        assert words in page
    assert 'name="email"' not in page

    answer = send(client, path, {**DETAILS, "f_essen": "Neues Essen", "email": "x@example.org"})
    assert (answer.status_code, answer.location) == (303, personal_path(app, person))
    assert "Ihre Änderungen sind gespeichert" in client.get(answer.location).text
    stored = reload(app, person)
    assert {name: getattr(stored, name) for name in DETAILS} == DETAILS
    assert stored.email == person.email
    with app.app_context():
        assert answers_of(stored) == {"essen": ["Neues Essen"]}


def test_consent_is_taken_back_on_the_page(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    texts = [{"version": 1, "label": "Ja, auf die Liste.", "label_en": "", "since": "2026-01-01"}]
    field = make_field(app, event, key="liste", kind="consent", versions=texts)
    make_answer(app, person, field, "yes", version=1)
    path = personal_path(app, person, "/change")
    assert "checked" in client.get(path).text
    assert send(client, path, DETAILS).status_code == 303
    with app.app_context():
        assert answers_of(reload(app, person)) == {}


WRONG = [
    {"first_name": ""},
    {"last_name": "Kauft auf www.example.org"},
    {"last_name": "=?utf-8?q?x?="},
    {"title": "x" * 51},
    {"f_alter": "viele"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_entries_are_shown_and_nothing_typed_is_lost(
    app: Flask, client: FlaskClient, wrong: dict[str, str]
) -> None:
    event = make_event(app)
    make_field(app, event, key="alter", kind="number")
    person = make_registration(app, event)
    before = everything(app)
    answer = send(client, personal_path(app, person, "/change"), {**DETAILS, **wrong})
    assert answer.status_code == 422
    assert outcome_of(answer) == "invalid"
    assert "<title>Fehler:" in answer.text
    for name, value in {**DETAILS, **wrong}.items():
        assert value in answer.text, name
    assert everything(app) == before


def test_expired_token_keeps_what_was_typed(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    for part, entries in (("/change", DETAILS), ("/hand-over", DEPUTY)):
        client.get(personal_path(app, person, part))
        answer = client.post(personal_path(app, person, part), data=entries)
        assert answer.status_code == 422
        assert "Die Seite war lange offen" in answer.text
        assert entries["last_name"] in answer.text
    assert reload(app, person).first_name == "Maria"


def test_choice_without_places_is_refused_at_its_field(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    choices = [{"value": "a", "label": "Werkstatt A", "places": 1}, {"value": "b", "label": "B"}]
    field = make_field(app, event, key="werkstatt", kind="one_choice", choices=choices)
    make_answer(app, make_registration(app, event), field, "a")
    person = make_registration(app, event)
    answer = send(client, personal_path(app, person, "/change"), {**DETAILS, "f_werkstatt": "a"})
    assert answer.status_code == 422
    assert 'href="#f_werkstatt-0"' in answer.text
    assert "Muster-Neu" in answer.text
    assert reload(app, person).first_name == "Maria"


def hybrid(app: Flask, **values: Any) -> Event:
    return make_event(
        app, format="hybrid", place="Rathaus, Saal 2",
        **{"capacity_online": 1, "capacity_on_site": 1, **values},
    )  # fmt: skip


def test_mode_is_switched_while_there_is_room(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, hybrid(app), mode="on_site")
    path = personal_path(app, person, "/mode")
    page = client.get(path)
    assert "Ihr Platz vor Ort wird für jemand anderen frei" in page.text
    data = {"csrf_token": token_of(page), "mode": "online"}
    for _press in range(2):
        assert client.post(path, data=data).location == personal_path(app, person)
    assert reload(app, person).mode == "online"
    assert mails(app) == [("changed", person.email)]
    assert "Sie nehmen online teil." in client.get(personal_path(app, person)).text


def test_mode_stays_when_the_other_one_is_full(app: Flask, client: FlaskClient) -> None:
    event = hybrid(app)
    make_registration(app, event, mode="online")
    person = make_registration(app, event, mode="on_site")
    path = personal_path(app, person, "/mode")
    page = client.get(path)
    assert "Zurzeit sind online alle Plätze vergeben" in page.text
    assert '<form class="post"' not in page.text
    assert path not in client.get(personal_path(app, person)).text
    token = token_of(client.get(personal_path(app, person, "/cancel")))
    before = everything(app)
    answer = client.post(path, data={"csrf_token": token, "mode": "online"})
    assert answer.status_code == 409
    assert "Sie behalten Ihren Platz" in answer.text
    assert client.post(path, data={"csrf_token": token, "mode": "fern"}).status_code == 422
    assert everything(app) == before


def test_people_on_site_see_the_place_and_others_the_door(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = hybrid(app, state="dispatched")
    on_site = make_registration(app, event, mode="on_site")
    online = make_registration(app, event, mode="online")
    clock.moment = event.starts_at
    there, here = (client.get(personal_path(app, p, "/room")).text for p in (on_site, online))
    assert 'data-door="on_site"' in there
    assert "Rathaus, Saal 2" in there
    assert 'data-door="open"' in here
    pages = [client.get(personal_path(app, p)).text for p in (on_site, online)]
    assert "Sie nehmen vor Ort teil: Rathaus, Saal 2." in pages[0]
    assert ["Zum Videoraum" in page for page in pages] == [False, True]
    entries = [client.get(personal_path(app, p, "/calendar.ics")).text for p in (on_site, online)]
    assert ["/door/" in entry for entry in entries] == [False, True]


def test_deputy_takes_over_and_the_old_link_shows_it(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    person = make_registration(app, event, calendar_sequence=0)
    path = personal_path(app, person, "/hand-over")
    page = client.get(path)
    assert "bleibt bei Ihrer Verwaltung" in page.text
    data = {**DEPUTY, "csrf_token": token_of(page)}
    for _press in range(2):
        answer = client.post(path, data=data)
        assert (answer.status_code, answer.location) == (303, personal_path(app, person))
    page = client.get(personal_path(app, person))
    assert page.status_code == 200
    assert "Sie haben Ihre Anmeldung übergeben" in page.text
    assert "Deputy" not in page.text
    assert mails(app) == [
        ("handed_over", person.email),
        ("taken_over", "Dora.Deputy@example.org"),
    ]
    with app.app_context():
        wanted = select(Registration).where(Registration.predecessor_id == person.id)
        heir = db.session.scalars(wanted).one()
    assert (heir.status, heir.organisation_text) == ("confirmed", person.organisation_text)
    assert "Sie haben einen Platz" in client.get(personal_path(app, heir)).text


def test_nobody_learns_whether_the_deputy_is_registered(app: Flask, client: FlaskClient) -> None:
    pages = []
    for known in (False, True):
        event = make_event(app, title="Immer gleich", slug=f"gleich-{known}")
        if known:
            make_registration(app, event, email=DEPUTY["email"])
        person = make_registration(app, event, first_name="Eva", last_name="Eins", email="e@x.org")
        answer = send(client, personal_path(app, person, "/hand-over"), DEPUTY)
        assert answer.status_code == 303
        text = client.get(answer.location).text
        pages.append(text.replace(event.slug, "SLUG").replace(answer.location, "LINK"))
    assert pages[0] == pages[1]


WRONG_DEPUTIES = [({"email": "kein"}, "email"), ({"last_name": ""}, "last_name")]


@pytest.mark.parametrize(("wrong", "name"), WRONG_DEPUTIES)
def test_wrong_deputy_is_shown_and_nothing_typed_is_lost(
    app: Flask, client: FlaskClient, wrong: dict[str, str], name: str
) -> None:
    person = make_registration(app, make_event(app))
    answer = send(client, personal_path(app, person, "/hand-over"), {**DEPUTY, **wrong})
    assert answer.status_code == 422
    assert f'href="#{name}"' in answer.text
    for value in {**DEPUTY, **wrong}.values():
        assert value in answer.text
    assert reload(app, person).status == "confirmed"
    assert mails(app) == []


def test_own_address_is_no_deputy(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    entries = {**DEPUTY, "email": person.email.upper()}
    answer = send(client, personal_path(app, person, "/hand-over"), entries)
    assert answer.status_code == 422
    assert "Bitte geben Sie die Adresse der Vertretung an" in answer.text
    assert reload(app, person).status == "confirmed"


@pytest.mark.parametrize("part", ["confirm", "accept", "change", "mode", "hand-over", "cancel"])
def test_presses_are_slowed_down_and_looking_is_not(
    tmp_path_factory: pytest.TempPathFactory, clock: FixedClock, part: str
) -> None:
    settings = make_settings(tmp_path_factory.mktemp("limited"), rate_limits=True)
    app = create_app(settings, clock=clock)
    with app.app_context():
        db.create_all()
    client, path = app.test_client(), f"/r/forged/{part}"
    data = {"csrf_token": token_of(client.get("/subscribe"))}
    codes = [client.post(path, data=data).status_code for _press in range(61)]
    assert 429 not in codes[:60]
    assert codes[60] == 429
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("seats", "words"), [(1, "Zurzeit sind auch dort alle Plätze vergeben"), (2, "noch Platz.")]
)
def test_who_waits_learns_whether_the_other_way_has_room(
    app: Flask, client: FlaskClient, seats: int, words: str
) -> None:
    event = hybrid(app, capacity_online=seats)
    for mode in ("online", "on_site"):
        make_registration(app, event, mode=mode)
    person = make_registration(app, event, status="waitlisted", waiting_order=1, mode="on_site")
    page = client.get(personal_path(app, person)).text
    assert words in page
    assert personal_path(app, person, "/mode") in page
