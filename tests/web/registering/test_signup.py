"""Signing up: outcomes, refusals with everything kept, and what strangers can not find out."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_organisation,
    make_registration,
    make_settings,
    personal_path,
)
from tests.rows import count
from tests.web.visitor import PERSON, everything, outcome_of, sign_up, token_of


def stored(app: Flask) -> list[Registration]:
    with app.app_context():
        return list(db.session.scalars(select(Registration).order_by(Registration.id)))


def test_sign_up_is_confirmed_stored_and_mailed(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    answer = sign_up(client, event.slug)
    assert answer.status_code == 303
    assert answer.location == f"/events/{event.slug}/registered"
    page = client.get(answer.location)
    assert (page.status_code, outcome_of(page)) == (200, "confirmed")
    assert "Dr. Jördis Beispiel" in page.text
    assert "joerdis.beispiel@example.org" in page.text
    assert "15.\u00a0März\u00a02026" in page.text, "the day of the access link"
    assert page.headers["Cache-Control"] == "no-store"
    [person] = stored(app)
    for name in PERSON.keys() - {"organisation", "website"}:
        assert getattr(person, name) == PERSON[name]
    assert person.organisation_text == PERSON["organisation"]
    assert (person.status, person.locale, person.registered_at) == ("confirmed", "de", NOW)
    with app.app_context():
        assert db.session.scalars(select(OutboxMail.kind)).all() == ["confirmation"]


def test_mails_speak_the_language_of_the_form(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    client.get("/?lang=en")
    sign_up(client, event.slug)
    assert stored(app)[0].locale == "en"
    assert "You are registered" in client.get(f"/events/{event.slug}/registered").text


def test_full_event_leads_to_the_waiting_list(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    make_registration(app, event)
    path = f"/events/{event.slug}/register"
    assert "Alle Plätze sind vergeben." in client.get(path).text
    answer = sign_up(client, event.slug)
    page = client.get(answer.location)
    assert outcome_of(page) == "waitlisted"
    assert "Warteliste" in page.text
    assert stored(app)[1].status == "waitlisted"


CLOSED = [
    ({"state": "announced"}, "Die Anmeldung ist noch nicht geöffnet."),
    ({"state": "closed"}, "Die Anmeldung ist geschlossen."),
    ({"state": "cancelled"}, "abgesagt"),
    ({"state": "postponed"}, "noch nicht geöffnet"),
    ({"deadline": NOW}, "Die Anmeldung ist geschlossen."),
    ({"state": "dispatched", "accepts_late": False}, "Die Anmeldung ist geschlossen."),
    ({"capacity": 0, "waiting_list": False}, "Alle Plätze sind vergeben."),
]


@pytest.mark.parametrize(("values", "words"), CLOSED)
def test_closed_form_shows_why(
    app: Flask, client: FlaskClient, values: dict[str, object], words: str
) -> None:
    event = make_event(app, **values)
    path = f"/events/{event.slug}/register"
    for answer in (client.get(path), client.post(path, data=PERSON)):
        assert (answer.status_code, outcome_of(answer)) == (409, "closed")
        assert words in answer.text
    assert stored(app) == []


def test_late_registration_is_accepted_until_the_end(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    clock.moment = event.ends_at - timedelta(minutes=1)
    assert sign_up(client, event.slug).status_code == 303
    clock.moment = event.ends_at
    assert client.get(f"/events/{event.slug}/register").status_code == 409


def test_form_that_closes_while_it_is_filled_shows_it(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, deadline=NOW + timedelta(hours=1))
    path = f"/events/{event.slug}/register"
    token = token_of(client.get(path))
    clock.move(hours=1)
    answer = client.post(path, data={**PERSON, "csrf_token": token})
    assert (answer.status_code, outcome_of(answer)) == (409, "closed")


REFUSED = [
    ("first_name", ""),
    ("first_name", "   "),
    ("last_name", "x" * 101),
    ("last_name", "Muster\r\nBcc: x@example.org"),
    ("last_name", "Mu\0ster"),
    ("first_name", "=?utf-8?q?Hi=0D=0ABcc:_x@y?="),
    ("first_name", "Jetzt gewinnen www.example.com"),
    ("last_name", "http://evil.example/"),
    ("last_name", "evil.example.com/login"),
    ("title", "Dr.\u2028Dr."),
    ("email", ""),
    ("email", "jutta.beispiel"),
    ("email", "a@b"),
    ("email", "a@example.org, b@example.org"),
    ("email", "a b@example.org"),
    ("email", "x@example.org\r\nBcc: y@example.org"),
    ("email", '"a b"@example.org'),
    ("email", f"{'x' * 250}@example.org"),
    ("organisation", ""),
    ("organisation", "x" * 201),
    ("position", "x" * 201),
    ("question", "x" * 2001),
    ("question", "Was\x07?"),
    ("salutation", "majestaet"),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_refused_form_keeps_everything(
    app: Flask, client: FlaskClient, field: str, value: str
) -> None:
    event = make_event(app)
    answer = sign_up(client, event.slug, **{field: value})
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert "<title>Fehler:" in answer.text
    assert f'href="#{field}"' in answer.text, "the summary leads to the field"
    assert f'id="{field}-error"' in answer.text
    for name in {"first_name", "last_name", "email", "organisation", "position"} - {field}:
        assert PERSON[name] in answer.text
    assert stored(app) == []
    assert count(app, OutboxMail) == 0


ACCEPTED = [
    ("last_name", "O'Neill-Ünal"),
    ("last_name", "d’Estaing"),
    ("title", "Dipl.-Ing. (FH), M. A."),
    ("title", "Prof. Dr.med."),
    ("email", "Jutta.Beispiel+smart@EXAMPLE.org"),
    ("email", "jutta@bürgermeister.example.org"),
    ("organisation", "Verbandsgemeindeverwaltung Landstuhl & Co. „Eifel“"),
    ("question", "Eins\r\nZwei"),
    ("question", "x" * 2000),
]


@pytest.mark.parametrize(("field", "value"), ACCEPTED)
def test_unusual_people_may_come_too(
    app: Flask, client: FlaskClient, field: str, value: str
) -> None:
    answer = sign_up(client, make_event(app).slug, **{field: value})
    assert answer.status_code == 303
    assert count(app, Registration) == 1


def test_expired_session_keeps_the_input_and_needs_one_more_press(
    app: Flask, client: FlaskClient
) -> None:
    path = f"/events/{make_event(app).slug}/register"
    client.get(path)
    for token in ({}, {"csrf_token": "stale"}):
        answer = client.post(path, data={**PERSON, **token})
        assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
        assert "Die Seite war lange offen." in answer.text
        assert PERSON["last_name"] in answer.text
    again = client.post(path, data={**PERSON, "csrf_token": token_of(answer)})
    assert again.status_code == 303


def test_filled_hidden_field_is_asked_about_and_stores_nothing(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    before = everything(app)
    for _again in range(2):
        answer = sign_up(client, event.slug, website="https://spam.example")
        assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
        assert "Ein nicht sichtbares Feld wurde ausgefüllt" in answer.text
        assert PERSON["last_name"] in answer.text
        assert "spam.example" not in answer.text
    assert everything(app) == before
    path = f"/events/{event.slug}/register"
    again = client.post(path, data={**PERSON, "csrf_token": token_of(answer)})
    assert again.status_code == 303


@pytest.mark.parametrize("part", ["/events/{}/register", "/subscribe"])
def test_blocked_cookies_are_explained_and_entries_kept(app: Flask, part: str) -> None:
    path = part.format(make_event(app).slug)
    browser = app.test_client(use_cookies=False)
    token = token_of(browser.get(path))
    answer = browser.post(path, data={**PERSON, "csrf_token": token})
    assert answer.status_code == 422
    assert "Ihr Browser hat das Cookie nicht zurückgegeben" in answer.text
    assert PERSON["email"] in answer.text


def test_button_explains_that_cookies_are_blocked(app: Flask) -> None:
    person = make_registration(app, make_event(app))
    path = personal_path(app, person, "/cancel")
    browser = app.test_client(use_cookies=False)
    answer = browser.post(path, data={"csrf_token": token_of(browser.get(path))})
    assert (answer.status_code, "Das Cookie fehlt" in answer.text) == (400, True)


def test_nobody_can_probe_who_is_registered(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event, email="bekannt@example.org")
    answers = []
    for address in ("bekannt@example.org", "BEKANNT@Example.org", "fremd@example.org"):
        visitor = app.test_client()
        answer = sign_up(visitor, event.slug, email=address)
        page = visitor.get(answer.location)
        shown = page.text.replace(address.split("@")[0] + "@example.org", "X")
        answers.append((answer.status_code, answer.location, sorted(answer.headers.keys()), shown))
    assert answers[0] == answers[1] == answers[2]
    assert count(app, Registration) == 2
    with app.app_context():
        kinds = db.session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id)).all()
    assert kinds == ["repeat", "confirmation"], "one reminder an hour, however often it is tried"


def test_success_page_belongs_to_its_session(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    other = make_event(app)
    sign_up(client, event.slug)
    path = f"/events/{event.slug}/registered"
    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200, "reloading shows it again"
    stranger = app.test_client().get(path)
    assert (stranger.status_code, stranger.location) == (303, f"/events/{event.slug}")
    assert client.get(f"/events/{other.slug}/registered").status_code == 303


def test_form_offers_the_known_administrations(app: Flask, client: FlaskClient) -> None:
    organisation = make_organisation(app, "Verbandsgemeinde Göllheim & Umland")
    event = make_event(app)
    assert (
        "Verbandsgemeinde Göllheim &amp; Umland"
        in client.get(f"/events/{event.slug}/register").text
    )
    sign_up(client, event.slug, organisation="verbandsgemeinde  göllheim & umland")
    assert stored(app)[0].organisation_id == organisation.id


def test_privacy_notice_stands_right_above_the_button(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, retention_days=77)
    text = client.get(f"/events/{event.slug}/register").text
    notice = text[text.rindex("<textarea") : text.rindex('type="submit"')]
    for words in ("datenschutz@example.org", "77 Tage", 'href="/privacy"'):
        assert words in notice


def test_giant_field_is_refused_early(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    answer = sign_up(client, event.slug, question="x" * 1024 * 1024)
    assert answer.status_code == 413
    assert stored(app) == []


def test_too_many_sign_ups_from_one_network_are_slowed_down(
    tmp_path_factory: pytest.TempPathFactory, clock: FixedClock
) -> None:
    from ikone_events.app import create_app

    settings = make_settings(tmp_path_factory.mktemp("limited"), rate_limits=True)
    app = create_app(settings, clock=clock)
    with app.app_context():
        db.create_all()
    client, path = app.test_client(), f"/events/{make_event(app).slug}/register"
    answers = [client.post(path, data={}) for _number in range(61)]
    assert [answer.status_code for answer in answers[:60]] == [422] * 60
    assert (answers[60].status_code, outcome_of(answers[60])) == (429, "busy")
    assert int(answers[60].headers["Retry-After"]) > 0
    assert client.get(path).status_code == 200, "reading is never limited"
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_long_names_do_not_reveal_who_is_registered(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event, email="known@example.org")
    long = {"title": "Dr.", "first_name": "a" * 100, "last_name": "b" * 100}

    answers = [
        sign_up(app.test_client(), event.slug, email=f"{name}@example.org", **long)
        for name in ("known", "unknown")
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "a" * 100 in answers[1].text


def test_domain_with_eszett_stays_its_own(app: Flask) -> None:
    event = make_event(app)

    sign_up(app.test_client(), event.slug, email="anna@straße.de")

    with app.app_context():
        assert db.session.scalar(select(Registration.email)) == "anna@xn--strae-oqa.de"


def test_form_shows_nothing_that_somebody_else_has_typed(app: Flask) -> None:
    """The fields of all forms are made once."""
    event, hers, his = make_event(app), app.test_client(), app.test_client()
    refused = sign_up(hers, event.slug, question="Nur für Sie", last_name="", organisation="")
    answer = sign_up(his, event.slug, email="keine")

    assert (refused.status_code, answer.status_code) == (422, 422)
    assert "Nur für Sie" in refused.text
    assert "Nur für Sie" not in answer.text
    assert "Bitte geben Sie den Nachnamen ein." in refused.text
    assert "Bitte geben Sie den Nachnamen ein." not in answer.text
    assert token_of(refused) != token_of(answer)
