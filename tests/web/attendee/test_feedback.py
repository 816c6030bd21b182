"""The page on which people give feedback: once, kept while it is wrong, naming nobody."""

import logging
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ikone_events.store.db import db, transaction
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, FixedClock, make_event, make_registration, personal_path
from tests.feedback import LIKED, RATING, TOPICS, give, past_event, stored_values, who_answered
from tests.own_fields import make_field
from tests.web.visitor import outcome_of, token_of


def send(app: Flask, client: FlaskClient, person: Registration, **answers: str) -> TestResponse:
    """Open the form and send it; redirects are not followed."""
    path = personal_path(app, person, "/feedback")
    form = {"csrf_token": token_of(client.get(path)), **answers}
    return client.post(path, data=form)


def test_feedback_is_stored_once_and_thanked_for(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, past_event(app))
    path = personal_path(app, person, "/feedback")
    token = token_of(client.get(f"{path}?lang=de"))
    form = {"csrf_token": token, f"f_{RATING}": "4", f"f_{LIKED}": " Der <b>Kaffee</b>\r\nim Saal "}
    answer = client.post(path, data=form)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert (page.status_code, outcome_of(page)) == (200, "confirmed")
    assert "Ihre Rückmeldung ist eingegangen." in page.text
    assert page.headers["Cache-Control"] == "no-store"
    again = client.post(path, data={**form, f"f_{RATING}": "1"})
    assert again.status_code == 303
    assert "Ihre Rückmeldung ist bereits eingegangen." in client.get(again.location).text
    assert stored_values(app) == ["4", "Der <b>Kaffee</b>\nim Saal"]


def test_second_press_is_a_success_whatever_it_brings(app: Flask, client: FlaskClient) -> None:
    """The form of another tab is sent after the first one, empty or when the event is archived."""
    person = make_registration(app, past_event(app))
    path = personal_path(app, person, "/feedback")
    token = token_of(client.get(path))
    give(app, person, {RATING: "5"})
    for answers in ({}, {f"f_{RATING}": "9"}):
        again = client.post(path, data={"csrf_token": token, **answers})
        assert again.status_code == 303
        assert again.location.endswith("/feedback?again=1")


def test_opening_the_page_stores_nothing(app: Flask, client: FlaskClient) -> None:
    """Mail gateways open every link before people do."""
    person = make_registration(app, past_event(app))
    for method in (client.get, client.head):
        assert method(personal_path(app, person, "/feedback")).status_code == 200
    assert (stored_values(app), who_answered(app)) == ([], set())


def test_page_names_nobody(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, past_event(app), first_name="Jördis", last_name="Quitte")
    page = client.get(personal_path(app, person, "/feedback"))
    assert not [word for word in ("Jördis", "Quitte", person.email) if word in page.text]


def test_refused_feedback_keeps_everything(app: Flask, client: FlaskClient) -> None:
    event = past_event(app)
    make_field(app, event, form="feedback", key="wieder", kind="yes_no", required=True)
    person = make_registration(app, event)
    answers = {f"f_{RATING}": "2", f"f_{TOPICS}": "Mehr <Daten>"}
    refused = send(app, client, person, **answers)
    assert (refused.status_code, outcome_of(refused)) == (422, "invalid")
    assert "Mehr &lt;Daten&gt;" in refused.text
    chosen = re.search(r'<input checked [^>]*name="f_bewertung"[^>]*>', refused.text)
    assert chosen is not None
    assert 'value="2"' in chosen[0]
    assert stored_values(app) == []


def test_empty_feedback_is_refused(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, past_event(app))
    refused = send(app, client, person)
    assert refused.status_code == 422
    assert "Bitte beantworten Sie mindestens eine Frage." in refused.text


def test_feedback_without_a_token_of_the_form_is_refused(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, past_event(app))
    path = personal_path(app, person, "/feedback")
    refused = client.post(path, data={f"f_{LIKED}": "Alles"})
    assert refused.status_code == 422
    assert "Alles" in refused.text
    assert stored_values(app) == []


@pytest.mark.parametrize(
    ("event", "of_person", "words"),
    [
        ({"ends_at": NOW + timedelta(hours=1)}, {}, "Die Veranstaltung ist noch nicht vorbei."),
        ({"state": "cancelled"}, {}, "die teilgenommen haben"),
        ({}, {"attendance": "missed"}, "die teilgenommen haben"),
        ({}, {"status": "cancelled"}, "die teilgenommen haben"),
    ],
)
def test_closed_feedback_shows_why(
    app: Flask,
    client: FlaskClient,
    event: dict[str, object],
    of_person: dict[str, object],
    words: str,
) -> None:
    person = make_registration(app, past_event(app, **event), **of_person)
    path = personal_path(app, person, "/feedback")
    other = make_registration(app, past_event(app))
    token = token_of(client.get(personal_path(app, other, "/feedback")))
    form = {"csrf_token": token, f"f_{LIKED}": "Alles"}
    for page in (client.get(path), client.post(path, data=form)):
        assert (page.status_code, outcome_of(page)) == (409, "closed")
        assert words in page.text
    assert stored_values(app) == []


def test_wrong_links_are_answered_like_others(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, past_event(app))
    path = personal_path(app, person)
    assert client.get(f"{path}x/feedback").status_code == 404
    plain = make_registration(app, make_event(app, **PAST, state="followed_up"))
    assert client.get(personal_path(app, plain, "/feedback")).status_code == 404
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).link_epoch += 1
    assert client.get(f"{path}/feedback").status_code == 410


def test_own_page_and_materials_lead_to_the_feedback(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = past_event(app)
    person = make_registration(app, event)
    path = personal_path(app, person)
    link = f'href="{path}/feedback"'
    assert all(link in client.get(f"{path}{part}").text for part in ("", "/materials"))
    clock.moment = event.ends_at - timedelta(minutes=1)
    assert link not in client.get(path).text
    clock.moment = NOW
    give(app, person, {RATING: "5"})
    assert link not in client.get(path).text


def test_nothing_of_a_feedback_is_logged(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    person = make_registration(app, past_event(app))
    with caplog.at_level(logging.DEBUG):
        send(app, client, person, **{f"f_{LIKED}": "Stachelbeere"})
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "feedback" not in logged
    assert "Stachelbeere" not in logged
