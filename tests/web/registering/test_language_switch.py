"""The language switch on a form: it sends the form along, checks nothing and stores nothing."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_event
from tests.web.visitor import PERSON, colleague, everything, outcome_of, sign_up

SWITCH = '<button class="language" form="register" type="submit" name="switch_language"'


def test_switch_is_a_button_of_the_form(app: Flask, client: FlaskClient) -> None:
    text = client.get(f"/events/{make_event(app).slug}/register").text
    assert text.count(SWITCH) == 2
    assert "?lang=" not in text.partition("<body")[2]


def test_switch_keeps_everything_typed(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register"
    before = everything(app)
    half = {**PERSON, "email": "halb", "organisation": "", **colleague(2), "person": "2"}
    page = client.post(path, data={**half, "switch_language": "en"})
    assert (page.status_code, outcome_of(page)) == (200, None)
    assert '<html lang="en">' in page.text
    assert "First name" in page.text
    assert "Vorname" not in page.text
    for typed in ("Jördis", "halb", "Digitalisierung", "Was kostet das?", "Kollege2"):
        assert typed in page.text
    assert '<option selected value="frau">' in page.text
    assert "kern-error" not in page.text
    assert everything(app) == before


def test_switch_is_remembered(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app).slug
    page = client.post(f"/events/{slug}/register", data={**PERSON, "switch_language": "en"})
    cookie = next(value for value in page.headers.getlist("Set-Cookie") if value.startswith("lang"))
    assert re.fullmatch(r"lang=en;.*HttpOnly.*SameSite=Lax", cookie)
    answer = sign_up(client, slug)
    assert "You are registered" in client.get(answer.location).text


def test_switch_in_an_address_with_a_language_wins(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register?lang=de"
    page = client.post(path, data={**PERSON, "switch_language": "en"})
    assert '<html lang="en">' in page.text


@pytest.mark.parametrize("wish", ["xx", "", "en\r\nSet-Cookie: a=b"])
def test_unknown_language_changes_nothing(app: Flask, client: FlaskClient, wish: str) -> None:
    path = f"/events/{make_event(app).slug}/register"
    page = client.post(path, data={**PERSON, "switch_language": wish})
    assert page.status_code == 200
    assert not any(value.startswith("lang") for value in page.headers.getlist("Set-Cookie"))
    assert '<html lang="de">' in page.text


def test_enter_never_presses_the_switch(app: Flask, client: FlaskClient) -> None:
    """Browsers press the first button of a form: it must send it."""
    text = client.get(f"/events/{make_event(app).slug}/register").text
    first = re.findall(r"<button[^>]*>", text)[0]
    assert 'form="register"' in first
    assert "name=" not in first
