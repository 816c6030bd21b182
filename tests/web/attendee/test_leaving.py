"""Withdrawing and deleting: in two steps, with what others learn of it."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.store.db import transaction
from ikone_events.store.mails.models import OutboxMail
from tests.factories import (
    PAST,
    FixedClock,
    make_event,
    make_mail,
    make_registration,
    personal_path,
)
from tests.own_fields import make_answer, make_change, make_field
from tests.rows import count, reload
from tests.web.visitor import everything, press, token_of


def test_deleting_forgets_the_person_and_the_link_shows_it(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="cancelled", question="Privates")
    make_answer(app, person, make_field(app, event), "Vertrauliches")
    make_mail(app, person, state="sent")
    answer = press(client, personal_path(app, person, "/delete"))
    assert (answer.status_code, answer.location) == (303, "/deleted")
    assert "Ihre Angaben sind gelöscht" in client.get("/deleted").text
    for part in ("", "/data.json", "/change", "/cancel", "/room", "/materials"):
        page = client.get(personal_path(app, person, part))
        assert page.status_code == 410
        assert "Die Angaben hinter diesem Link sind gelöscht" in page.text
    assert count(app, OutboxMail) == 0
    remains = repr(everything(app))
    for word in (person.email, person.last_name, "Privates", "Vertrauliches"):
        assert word not in remains


def test_who_has_a_place_is_led_through_both_steps(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    path = personal_path(app, person, "/delete")
    page = client.get(path)
    assert "Schritt 1 von 2" in page.text
    refused = client.post(path, data={"csrf_token": token_of(page)})
    assert refused.status_code == 409
    assert reload(app, person).email == person.email

    form = re.search(r'<form class="post".*?</form>', page.text)
    assert form
    cancel = personal_path(app, person, "/cancel")
    assert f'action="{cancel}"' in form[0]
    data = {"csrf_token": token_of(page), "delete": "1"}
    first = client.post(cancel, data=data)
    assert (first.status_code, first.location) == (303, path)
    assert "Schritt 1 von 2" not in client.get(path).text
    assert press(client, path).location == "/deleted"
    assert reload(app, person).email == ""


def test_after_the_event_everybody_deletes_at_once(app: Flask, client: FlaskClient) -> None:
    guest = make_registration(app, make_event(app, state="dispatched", **PAST))
    assert "/delete" in client.get(personal_path(app, guest)).text
    assert press(client, personal_path(app, guest, "/delete")).location == "/deleted"
    assert (reload(app, guest).email, reload(app, guest).status) == ("", "confirmed")


def test_revoked_link_points_to_the_newer_mail(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app), link_epoch=2)
    assert client.get(personal_path(app, person)).status_code == 200
    person.link_epoch = 1
    page = client.get(personal_path(app, person))
    assert page.status_code == 410
    assert "in der neuesten E-Mail an Sie" in page.text
    assert person.email not in page.text


LEFT = [
    ({"actor": "person", "action": "withdraw"}, "Sie haben sich abgemeldet"),
    ({"actor": "wilma@example.org", "action": "withdraw"}, "von der Liste genommen"),
    ({"actor": "person", "action": "hand_over"}, "Sie haben Ihre Anmeldung übergeben"),
]


@pytest.mark.parametrize(("change", "words"), LEFT)
def test_page_shows_how_the_place_was_given_up(
    app: Flask, client: FlaskClient, change: dict[str, str], words: str
) -> None:
    person = make_registration(app, make_event(app), status="cancelled")
    make_change(app, person, source="confirmed", **change)
    page = client.get(personal_path(app, person))
    assert page.status_code == 200
    assert words in page.text
    assert "wilma@example.org" not in page.text


def test_withdrawing_names_the_deputy_as_a_way(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    page = client.get(personal_path(app, person, "/cancel"))
    assert personal_path(app, person, "/hand-over") in page.text


def test_who_is_in_the_running_event_is_not_asked_whether_they_cannot_come(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app)
    here, away = (make_registration(app, event, partstat="DECLINED") for _ in range(2))
    with app.app_context(), transaction():
        enter_by_door(here.id, event.id, now=event.starts_at)
    for moment, shown in (
        (event.starts_at - timedelta(minutes=1), {here: True, away: True}),
        (event.starts_at, {here: False, away: True}),
        (event.ends_at, {here: False, away: False}),
    ):
        clock.moment = moment
        for person, asked in shown.items():
            page = client.get(personal_path(app, person) + "?lang=en").text
            for words in ("You can't come", "Please withdraw below", "Hand over to a deputy"):
                assert (words in page) is asked, (moment, words)
