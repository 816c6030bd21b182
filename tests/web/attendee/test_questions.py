"""Questions from the personal page while the event runs."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ikone_events.config import Settings
from ikone_events.services.rooms.questions import tick
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import Question
from tests.factories import (
    NOW,
    FixedClock,
    door_path,
    make_event,
    make_registration,
    make_settings,
    personal_path,
)
from tests.rows import count
from tests.web.visitor import everything, token_of


def running_event(app: Flask, **values: object) -> Event:
    """An event whose door opens now."""
    begins = NOW + timedelta(minutes=15)
    times = {"starts_at": begins, "ends_at": begins + timedelta(hours=2), "state": "dispatched"}
    return make_event(app, **{**times, **values})


def ask(app: Flask, client: FlaskClient, person: Registration, text: str) -> TestResponse:
    """Type a question into the form of the own page."""
    path = personal_path(app, person)
    form = {"csrf_token": token_of(client.get(path)), "question": text}
    return client.post(f"{path}/questions", data=form)


def texts(app: Flask) -> list[str]:
    with app.app_context():
        return [row.text for row in db.session.query(Question).order_by(Question.id)]


@pytest.mark.parametrize("format_", ["online", "on_site", "hybrid"])
def test_question_reaches_the_office_and_is_shown_to_the_asker(
    app: Flask, client: FlaskClient, format_: str
) -> None:
    person = make_registration(app, running_event(app, format=format_, place="Rathaus"))
    answer = ask(app, client, person, "  Was <kostet> das?\r\nUnd wann? ")
    assert answer.status_code == 303
    assert answer.location.endswith("#questions")
    page = client.get(answer.location.partition("#")[0] + "?lang=de")
    assert "Ihre Frage ist beim Organisationsteam angekommen." in page.text
    assert "Was &lt;kostet&gt; das?\nUnd wann?" in page.text
    assert "Gestellt um 10:00" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert texts(app) == ["Was <kostet> das?\nUnd wann?"]
    assert "Asked at 10:00" in client.get(personal_path(app, person) + "?lang=en").text


def test_form_is_there_from_the_door_to_the_end(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = running_event(app)
    person = make_registration(app, event, question="Vorab?")
    path = personal_path(app, person)
    for moment, there in (
        (NOW - timedelta(minutes=1), False),
        (NOW, True),
        (event.ends_at - timedelta(seconds=1), True),
        (event.ends_at, False),
    ):
        clock.moment = moment
        page = client.get(path)
        assert (f'action="{path}/questions"' in page.text) == there
        assert ("Set-Cookie" in page.headers) == (there and moment == NOW)
    # The question of the form is changed until the start, as before.
    clock.moment = event.starts_at - timedelta(minutes=1)
    assert "Vorab?" in client.get(f"{path}/change").text


@pytest.mark.parametrize(
    "values", [{"status": "waitlisted"}, {"status": "cancelled"}, {"status": "pending"}]
)
def test_people_without_a_place_ask_nothing(
    app: Flask, client: FlaskClient, values: dict[str, str]
) -> None:
    event = running_event(app)
    guest, person = make_registration(app, event), make_registration(app, event, **values)
    token = token_of(client.get(personal_path(app, guest)))
    path = personal_path(app, person)
    assert f'action="{path}/questions"' not in client.get(path).text
    answer = client.post(f"{path}/questions", data={"csrf_token": token, "question": "Wann?"})
    assert answer.status_code == 409
    assert count(app, Question) == 0


def test_refused_question_is_kept_in_the_form(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = running_event(app)
    person = make_registration(app, event)
    for text in ("", "x" * 2001, "\x07"):
        page = ask(app, client, person, text)
        assert page.status_code == 422
        assert 'id="error-summary"' in page.text
    path = personal_path(app, person)
    page = client.post(f"{path}/questions", data={"question": "Ohne Schlüssel?"})
    assert page.status_code == 422
    assert "Ohne Schlüssel?" in page.text
    token = token_of(client.get(path))
    clock.moment = event.ends_at
    late = client.post(f"{path}/questions", data={"csrf_token": token, "question": "Zu spät?"})
    assert late.status_code == 409
    assert "Zu spät?" in late.text
    assert count(app, Question) == 0


def test_second_press_asks_once(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, running_event(app))
    assert [ask(app, client, person, "Wann?").status_code for _ in range(2)] == [303, 303]
    assert texts(app) == ["Wann?"]


def test_open_question_is_withdrawn_and_no_other(app: Flask, client: FlaskClient) -> None:
    event = running_event(app)
    person, other = make_registration(app, event), make_registration(app, event)
    ask(app, client, person, "Wann?")
    ask(app, client, other, "Fremd?")
    path = personal_path(app, person)
    [key] = re.findall(r'name="question" value="([\w-]+)"', client.get(path).text)
    [theirs] = re.findall(
        r'name="question" value="([\w-]+)"', client.get(personal_path(app, other)).text
    )

    def withdraw(question: str) -> TestResponse:
        form = {"csrf_token": token_of(client.get(path)), "question": question}
        return client.post(f"{path}/questions/withdraw", data=form)

    for wrong in (theirs, "x", ""):
        assert withdraw(wrong).status_code == 303
    assert texts(app) == ["Wann?", "Fremd?"]
    with app.app_context(), transaction():
        tick(event.slug, key, answered=True, now=NOW, by="Eva")
    assert key not in client.get(path).text
    withdraw(key)
    assert texts(app) == ["Wann?", "Fremd?"]
    with app.app_context(), transaction():
        tick(event.slug, key, answered=False, now=NOW, by="Eva")
    withdraw(key)
    assert texts(app) == ["Fremd?"]


def test_answer_of_the_office_is_not_shown_before_the_follow_up(
    app: Flask, client: FlaskClient
) -> None:
    person = make_registration(app, running_event(app))
    ask(app, client, person, "Wann?")
    with app.app_context(), transaction():
        row = db.session.query(Question).one()
        row.answer, row.answered_at = "Intern: nachfragen", NOW
    page = client.get(personal_path(app, person) + "?lang=en").text
    assert "Answered" in page
    assert "Intern" not in page


def test_shared_door_and_wrong_links_ask_nothing(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, running_event(app))
    ask(app, client, person, "Geheim?")
    token = token_of(client.get(personal_path(app, person)))
    door = door_path(app, person)
    assert "Geheim?" not in client.get(door).text
    before = everything(app)
    form = {"csrf_token": token, "question": "Fremd?"}
    assert client.post(f"{door}/questions", data=form).status_code in (404, 405)
    code = door.rpartition("/")[2]
    for wrong in (f"/r/{code}/questions", "/r/x/questions", f"/r/{code}/questions/withdraw"):
        assert client.post(wrong, data=form).status_code in (403, 404, 410)
    assert everything(app) == before


class TestRates:
    """With limits of rates."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return make_settings(data_dir, rate_limits=True)

    def test_sixth_question_within_a_minute_waits_and_is_kept(
        self, app: Flask, client: FlaskClient
    ) -> None:
        event = running_event(app)
        person, other = make_registration(app, event), make_registration(app, event)
        for number in range(5):
            assert ask(app, client, person, f"Frage {number}?").status_code == 303
        page = ask(app, client, person, "Eine zu viel?")
        assert page.status_code == 429
        assert int(page.headers["Retry-After"]) > 0
        assert "Eine zu viel?" in page.text
        assert ask(app, client, other, "Von jemand anderem?").status_code == 303
        assert len(texts(app)) == 6

    def test_one_person_cannot_use_up_the_limit_of_a_town_hall(
        self, app: Flask, client: FlaskClient
    ) -> None:
        event = running_event(app)
        person, other = make_registration(app, event), make_registration(app, event)
        path = personal_path(app, person)
        form = {"csrf_token": token_of(client.get(path)), "question": "x"}
        for part in ("/questions/withdraw", "/questions"):
            status = [client.post(path + part, data=form).status_code for _ in range(61)]
            assert status[-1] == 429
        assert ask(app, client, other, "Von jemand anderem?").status_code == 303
