"""One person for several: blocks come and go without a script, and nothing typed is lost."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import make_event
from tests.rows import count
from tests.web.visitor import PERSON, colleague, everything, outcome_of, sign_up


def numbers(text: str) -> list[str]:
    return re.findall(r'name="person" value="(\d+)"', text)


def test_another_person_gets_an_empty_block_and_nothing_is_stored(
    app: Flask, client: FlaskClient
) -> None:
    path = f"/events/{make_event(app).slug}/register"
    before = everything(app)
    page = client.post(path, data={**PERSON, "email": "kein", "add": "1"})
    assert (page.status_code, outcome_of(page)) == (200, None)
    assert numbers(page.text) == ["2"]
    assert "Person 2" in page.text
    assert re.search(r'name="p2-first_name"[^>]* value=""', page.text)
    for typed in ("Jördis", "kein", "Was kostet das?"):
        assert typed in page.text
    assert "kern-error" not in page.text, "nothing is checked before the form is sent"
    assert everything(app) == before


def test_blocks_keep_their_people_when_one_is_removed(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register"
    people = {**PERSON, **colleague(2), **colleague(3), "person": ["2", "3"]}
    page = client.post(path, data={**people, "remove": "2"})
    assert page.status_code == 200
    assert numbers(page.text) == ["3"]
    assert "Kollege3" in page.text
    assert "Kollege2" not in page.text
    more = client.post(path, data={**people, "add": "1"})
    assert numbers(more.text) == ["2", "3", "4"]
    assert "Kollege2" in more.text


def test_button_leads_the_browser_to_the_new_block(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register"
    [target] = re.findall(r'name="add" value="1" formaction="#([^"]+)"', client.get(path).text)
    assert f'id="{target}"' in client.post(path, data={**PERSON, "add": "1"}).text


def test_ten_people_are_the_most(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register"
    many = [str(number) for number in range(2, 20)]
    page = client.post(path, data={**PERSON, "person": many, "add": "1"})
    assert numbers(page.text) == [*many, "20"]
    assert 'name="add"' not in page.text


def test_more_than_ten_people_are_refused_and_kept(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    many = range(2, 12)
    people = {key: value for n in many for key, value in colleague(n).items()}
    answer = sign_up(client, event.slug, person=[str(n) for n in many], **people)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert "Kollege11" in answer.text
    assert "Ein Formular fasst zehn Personen." in answer.text
    assert count(app, Registration) == 0


def test_colleagues_are_kept_when_they_are_switched_off_meanwhile(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, colleagues=False)
    answer = sign_up(client, event.slug, person="2", **colleague(2))
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert "Kollege2" in answer.text
    assert "meldet sich jetzt jede Person selbst an" in answer.text
    assert count(app, Registration) == 0
    entries = {**PERSON, **colleague(2), "person": "2", "remove": "2"}
    page = client.post(f"/events/{event.slug}/register", data=entries)
    assert numbers(page.text) == []


@pytest.mark.parametrize("sent", ["x", "-1", "99999", "²", ""])
def test_odd_numbers_make_no_block(app: Flask, client: FlaskClient, sent: str) -> None:
    path = f"/events/{make_event(app).slug}/register"
    page = client.post(path, data={**PERSON, "person": sent, "remove": "7"})
    assert page.status_code == 200
    assert numbers(page.text) == []


def test_everybody_gets_a_registration_and_mail_of_their_own(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    more = {**colleague(2), **colleague(3, email="drei@Example.org"), "person": ["2", "3"]}
    answer = sign_up(client, event.slug, **more)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert outcome_of(page) == "confirmed"
    for words in ("Dr. Jördis Beispiel", "Kollege2 Muster", "drei@example.org"):
        assert words in page.text
    with app.app_context():
        people = db.session.scalars(select(Registration).order_by(Registration.id)).all()
        mails = db.session.scalars(select(OutboxMail.recipient)).all()
    assert [person.organisation_text for person in people] == [PERSON["organisation"]] * 3
    assert [person.question for person in people] == [PERSON["question"], "", ""]
    assert [person.salutation for person in people] == ["frau", "herr", "herr"]
    assert sorted(mails) == sorted(person.email for person in people)


def test_fault_of_a_colleague_is_named_and_stores_nobody(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    more = {**colleague(2, email="kein"), **colleague(3, last_name=""), "person": ["2", "3"]}
    answer = sign_up(client, event.slug, **more)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert 'href="#p2-email">Person 2, Dienstliche E-Mail-Adresse' in answer.text
    assert 'href="#p3-last_name">Person 3, Nachname' in answer.text
    assert "Kollege3" in answer.text
    assert count(app, Registration) == 0


def test_two_people_can_not_share_an_address(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    more = {**colleague(2, email=PERSON["email"].upper()), "person": "2"}
    answer = sign_up(client, event.slug, **more)
    assert answer.status_code == 422
    assert 'href="#p2-email"' in answer.text
    assert count(app, Registration) == 0


def test_event_may_take_one_person_a_form(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, colleagues=False)
    path = f"/events/{event.slug}/register"
    assert 'name="add"' not in client.get(path).text
    assert sign_up(client, event.slug).status_code == 303
    assert count(app, Registration) == 1


def test_ten_long_names_do_not_lose_the_success_page(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=None)
    more: dict[str, object] = {"person": [str(n) for n in range(2, 11)]}
    for number in range(2, 11):
        host = ".".join(["ä" * 20, f"verwaltung-{number}", "x" * 60, "example.org"])
        more |= colleague(number, first_name="ü" * 60, last_name="ß" * 30, email=f"a@{host}")
    answer = sign_up(client, event.slug, **more)
    assert answer.status_code == 303
    cookie = next(v for n, v in answer.headers if n == "Set-Cookie" and v.startswith("session="))
    assert len(cookie.partition(";")[0]) < 4000
    page = client.get(answer.location)
    assert page.text.count("kern-badge ") == 10


def test_field_of_programs_undoes_all(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    before = everything(app)
    answer = sign_up(client, event.slug, website="x", person="2", **colleague(2))
    assert answer.status_code == 422
    assert "Kollege2" in answer.text
    assert everything(app) == before
