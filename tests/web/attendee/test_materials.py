"""Slides, links and contacts: for confirmed people, after the follow-up, as downloads."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import db
from ikone_events.store.registering.models import Registration
from tests.factories import PAST, make_event, make_material, make_registration, personal_path
from tests.web.visitor import token_of


def test_confirmed_people_get_all_there_is(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event)
    slides = make_material(app, event, accessible=True)
    make_material(
        app, event, kind="link", title="Förderprogramm", url="https://example.org/f", stored_name=""
    )
    make_material(
        app, event, kind="contact", title="Förderung", stored_name="",
        contact_name="Karl Kontakt", contact_email="karl@example.org",
    )  # fmt: skip
    text = client.get(personal_path(app, person, "/materials")).text
    for words in (
        slides.title,
        "PDF, 1\u00a0kB",
        "barrierefrei",
        'href="https://example.org/f"',
        "karl@example.org",
    ):
        assert words in text, words
    path = personal_path(app, person, f"/materials/{slides.public_id}")
    assert path in text
    answer = client.get(path, buffered=True)
    assert answer.data.startswith(b"%PDF")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


CASES = [("dispatched", "confirmed"), ("followed_up", "cancelled"), ("followed_up", "expired")]


@pytest.mark.parametrize(("state", "status"), CASES)
def test_others_get_nothing(app: Flask, client: FlaskClient, state: str, status: str) -> None:
    event = make_event(app, state=state, **PAST)
    person = make_registration(app, event, status=status)
    slides = make_material(app, event)
    page = client.get(personal_path(app, person, "/materials"))
    assert slides.title not in page.text
    path = personal_path(app, person, f"/materials/{slides.public_id}")
    assert client.get(path).status_code == 404


def test_people_who_waited_get_what_is_public(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event, status="waitlisted")
    public = make_material(app, event, visibility="public")
    others = [make_material(app, event, visibility=each) for each in ("registered", "attended")]
    page = client.get(personal_path(app, person, "/materials")).text
    assert public.title in page
    assert not [each for each in others if each.title in page]
    answers = {
        each.visibility: client.get(
            personal_path(app, person, f"/materials/{each.public_id}"), buffered=True
        ).status_code
        for each in (public, *others)
    }
    assert answers == {"public": 200, "registered": 404, "attended": 404}


def test_wish_for_further_materials_is_stored_and_taken_back(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event)
    page = personal_path(app, person, "/materials")
    assert "Über weitere Unterlagen informieren" in client.get(page).text
    for wanted, offered in (("yes", "Keine E-Mail über weitere"), ("no", "informieren</span>")):
        form = {"csrf_token": token_of(client.get(page)), "wanted": wanted}
        answer = client.post(f"{page}/supplement", data=form)
        assert answer.status_code == 303
        with app.app_context():
            stored = db.session.get_one(Registration, person.id)
            assert stored.wants_supplement is (wanted == "yes")
        assert offered in client.get(page).text
    assert client.post(f"{page}/supplement", data={"wanted": "yes"}).status_code == 400


@pytest.mark.parametrize("status", ["cancelled", "pending"])
def test_wish_needs_a_registration(app: Flask, client: FlaskClient, status: str) -> None:
    person = make_registration(app, make_event(app, state="followed_up", **PAST), status=status)
    page = personal_path(app, person, "/materials")
    assert "informieren" not in client.get(page).text
    form = {"csrf_token": token_of(client.get("/login")), "wanted": "yes"}
    assert client.post(f"{page}/supplement", data=form).status_code == 409


@pytest.mark.parametrize("status", ["confirmed", "waitlisted"])
def test_own_page_leads_to_what_is_there_before_the_event(
    app: Flask, client: FlaskClient, status: str
) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event, status=status)
    materials = personal_path(app, person, "/materials")
    assert materials not in client.get(personal_path(app, person)).text
    make_material(app, event, visibility="public", availability="now")
    assert materials in client.get(personal_path(app, person)).text


def test_link_to_one_event_opens_no_other(app: Flask, client: FlaskClient) -> None:
    mine = make_event(app, state="followed_up", **PAST)
    other = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, mine)
    foreign = make_material(app, other)
    for name in (foreign.public_id, foreign.stored_name, "..%2f..%2fikone.db", "missing"):
        answer = client.get(personal_path(app, person, f"/materials/{name}"))
        assert answer.status_code == 404
