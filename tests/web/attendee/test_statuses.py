"""The own page in every status: its texts, its main button, and the effect of the POST."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.mails.values import links_of
from ikone_events.store.db import db
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mail,
    make_registration,
    make_subscriber,
    personal_path,
    subscription_path,
)
from tests.own_fields import make_answer, make_change, make_field
from tests.rows import count, kinds_of_mails, reload
from tests.web.visitor import everything, press, token_of

HOLD = NOW + timedelta(hours=24)
UNTIL = "Di., 3.\u00a0März\u00a02026, 10:00\u00a0Uhr"
ADDRESS = {"status": "pending", "awaits": "address", "reserved_until": HOLD}
BEGUN = {"starts_at": NOW, "ends_at": HOLD, "accepts_late": False}
OFFER = {"status": "offered", "reserved_until": HOLD, "waiting_order": 1}


WORDS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, ADDRESS, ["Bitte bestätigen Sie Ihre E-Mail-Adresse", f"bis {UNTIL} für Sie vorgemerkt"]),
    ({}, {"status": "pending", "awaits": "approval"}, ["wird geprüft", "Noch zu entscheiden"]),
    ({}, {"status": "waitlisted"}, ["Position 1 auf der Warteliste", "in dieser Reihenfolge"]),
    ({"offer_hours": 24}, {"status": "waitlisted"}, ["Sie haben dann 24 Stunden Zeit"]),
    ({"per_administration": 2}, {"status": "waitlisted"}, ["Jede Verwaltung kann 2 Plätze haben"]),
    ({"members_until": HOLD}, {"status": "waitlisted"}, [f"Bis {UNTIL} gehen die Plätze zuerst"]),
    (BEGUN, {"status": "waitlisted"}, ["Die Veranstaltung hat begonnen", "rückt niemand mehr"]),
    ({}, OFFER, ["Ein Platz ist für Sie frei", f"bis {UNTIL} an"]),
    ({}, {"status": "expired"}, ["Ihre Anmeldung ist verfallen", "noch einmal anmelden"]),
    ({"state": "closed"}, {"status": "expired"}, ["Bitte wenden Sie sich an die Ansprechperson"]),
    ({}, {"registered_by": "Bernd Kollege"}, ["Angemeldet von", "Bernd Kollege"]),
]


@pytest.mark.parametrize(("values", "kind"), [(ADDRESS, "confirm_address"), (OFFER, "offer")])
def test_time_begins_when_the_mail_is_delivered(
    app: Flask, client: FlaskClient, values: dict[str, Any], kind: str
) -> None:
    event = make_event(app)
    eva = make_registration(app, event, **values)
    make_mail(app, eva, kind=kind)

    page = client.get(personal_path(app, eva)).text

    assert "Ihre Frist beginnt, sobald sie zugestellt ist" in page
    assert UNTIL not in page
    part = "/confirm" if kind == "confirm_address" else "/accept"
    assert client.get(personal_path(app, eva, part)).status_code == 200


@pytest.mark.parametrize(("event_values", "values", "words"), WORDS)
def test_page_shows_the_status_in_words(
    app: Flask,
    client: FlaskClient,
    event_values: dict[str, Any],
    values: dict[str, Any],
    words: list[str],
) -> None:
    person = make_registration(app, make_event(app, **event_values), **values)
    page = client.get(personal_path(app, person))
    assert page.status_code == 200
    for each in words:
        assert each in page.text, each
    assert page.text.count("kern-btn--primary") <= 1


def test_declined_person_is_shown_why(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app), status="declined")
    change = {"action": "decline", "source": "pending", "actor": "wilma@example.org"}
    make_change(app, person, reason="Nur für <Ämter>", **change)
    text = client.get(personal_path(app, person)).text
    assert "Der Grund: Nur für &lt;Ämter&gt;" in text
    assert "wilma@example.org" not in text


@pytest.mark.parametrize(
    ("source", "words"), [("pending", "nicht rechtzeitig bestätigt"), ("offered", "angenommen")]
)
def test_expired_person_is_shown_what_was_missed(
    app: Flask, client: FlaskClient, source: str, words: str
) -> None:
    person = make_registration(app, make_event(app), status="expired")
    make_change(app, person, action="expire", source=source, actor="system")
    assert words in client.get(personal_path(app, person)).text


def test_address_is_confirmed_by_a_press_and_a_second_one_is_a_success(
    app: Flask, client: FlaskClient
) -> None:
    person = make_registration(app, make_event(app, confirm_hours=24), **ADDRESS)
    path = personal_path(app, person, "/confirm")
    assert person.email in client.get(path).text
    data = {"csrf_token": token_of(client.get(path))}
    for _press in range(2):
        answer = client.post(path, data=data)
        assert (answer.status_code, answer.location) == (303, personal_path(app, person))
    assert "Ihre E-Mail-Adresse ist bestätigt" in client.get(answer.location).text
    assert reload(app, person).status == "confirmed"
    assert kinds_of_mails(app) == ["confirmation"]
    assert client.get(path).location == personal_path(app, person)


def test_offered_place_is_accepted_by_a_press_and_a_second_one_is_a_success(
    app: Flask, client: FlaskClient
) -> None:
    person = make_registration(app, make_event(app, offer_hours=24, capacity=1), **OFFER)
    path = personal_path(app, person, "/accept")
    data = {"csrf_token": token_of(client.get(path))}
    for _press in range(2):
        assert client.post(path, data=data).location == personal_path(app, person)
    assert reload(app, person).status == "confirmed"
    assert kinds_of_mails(app) == ["confirmation"]


def test_own_page_has_the_buttons_of_the_mails(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, offer_hours=24, confirm_hours=24)
    known = {**OFFER, "address_confirmed_at": NOW}
    for values, part in ((ADDRESS, "/confirm"), (known, "/accept")):
        person = make_registration(app, event, **values)
        press(client, personal_path(app, person), personal_path(app, person, part))
        assert reload(app, person).status == "confirmed"


@pytest.mark.parametrize(("values", "part"), [(ADDRESS, "/confirm"), (OFFER, "/accept")])
def test_late_press_is_refused_with_the_way_out(
    app: Flask, client: FlaskClient, clock: FixedClock, values: dict[str, Any], part: str
) -> None:
    event = make_event(app, offer_hours=24, confirm_hours=24)
    person = make_registration(app, event, **values)
    form = client.get(personal_path(app, person, part))
    clock.moment = HOLD
    before = everything(app)
    answer = client.post(personal_path(app, person, part), data={"csrf_token": token_of(form)})
    assert answer.status_code == 409
    assert event.contact_email in answer.text
    assert everything(app) == before


PRESSES = ["/confirm", "/accept", "/mode", "/change", "/hand-over", "/cancel", "/delete"]
# Where a POST finds its work done, or changes no status.
FINE = {
    *(("confirmed", "/confirm"), ("confirmed", "/accept"), ("offered", "/confirm")),
    *(("confirmed", "/change"), ("waitlisted", "/change"), ("offered", "/change")),
    *(("confirmed", "/hand-over"), ("waitlisted", "/hand-over"), ("waitlisted", "/mode")),
    *(("confirmed", "/mode"), ("cancelled", "/cancel"), ("cancelled", "/delete")),
    *((status, "/cancel") for status in ("confirmed", "waitlisted", "offered")),
    *((status, "/delete") for status in ("declined", "expired")),
    ("offered", "/accept"),
}


@pytest.mark.parametrize("part", PRESSES)
@pytest.mark.parametrize(
    "status", ["confirmed", "waitlisted", "offered", "cancelled", "declined", "expired"]
)
def test_what_a_standing_does_not_allow_is_409_without_a_mail(
    app: Flask, client: FlaskClient, status: str, part: str
) -> None:
    event = make_event(app, format="hybrid", place="Rathaus", offer_hours=24, confirm_hours=24)
    person = make_registration(app, event, status=status, reserved_until=HOLD, waiting_order=1)
    token = token_of(client.get("/events/" + event.slug + "/register"))
    data = {
        "csrf_token": token,
        "mode": "on_site",
        "first_name": "Dora",
        "last_name": "Deputy",
        "email": "dora@example.org",
    }
    before = everything(app)
    answer = client.post(personal_path(app, person, part), data=data)
    if (status, part) in FINE:
        assert answer.status_code == 303
    else:
        assert answer.status_code == 409
        assert everything(app) == before
        assert personal_path(app, person) in answer.text


def test_after_its_deadline_each_wish_names_the_way_out(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, format="hybrid", place="Rathaus", deadline=NOW + timedelta(days=1))
    person = make_registration(app, event)
    page = client.get(personal_path(app, person)).text
    for part in ("/change", "/mode", "/hand-over", "/cancel"):
        assert personal_path(app, person, part) in page
    assert page.count("Möglich bis") == 4
    clock.moment = NOW + timedelta(days=2)
    page = client.get(personal_path(app, person)).text
    assert personal_path(app, person, "/mode") not in page
    assert (
        f"Der Anmeldeschluss ist vorbei. Änderungen nimmt {event.contact_email} entgegen." in page
    )
    clock.moment = event.ends_at
    page = client.get(personal_path(app, person)).text
    for part in ("/change", "/mode", "/hand-over", "/cancel"):
        assert personal_path(app, person, part) not in page
    assert "Was Sie tun können" not in page
    assert personal_path(app, person, "/calendar.ics") not in page


def test_answers_to_own_fields_stand_on_the_page(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    meal = make_field(
        app, event, kind="one_choice", label="Essen", keep_days=7,
        choices=[{"value": "v", "label": "Vegetarisch"}],
    )  # fmt: skip
    consent = make_field(
        app, event, kind="consent", label="Neu",
        versions=[{"version": 1, "label": "Liste <ja>", "label_en": "", "since": "2026"}],
    )  # fmt: skip
    make_answer(app, person, meal, "v")
    make_answer(app, person, consent, "yes", version=1)
    text = client.get(personal_path(app, person)).text
    assert "Vegetarisch – wird am Mo., 23.\u00a0März\u00a02026 gelöscht" in text
    assert "Liste &lt;ja&gt;" in text
    assert "Ja (Mo., 2.\u00a0März\u00a02026, 10:00\u00a0Uhr)" in text


def test_link_of_another_purpose_opens_no_personal_page(app: Flask, client: FlaskClient) -> None:
    token = subscription_path(app, make_subscriber(app)).rpartition("/")[2]
    person = make_registration(app, make_event(app))
    own = personal_path(app, person).removeprefix("/r/")
    for part in ("", *PRESSES, "/data.json", "/room", "/materials"):
        assert client.get(f"/r/{token}{part}").status_code == 404
    assert client.get(f"/subscribe/{own}").status_code == 404
    assert count(app, Registration) == 1


def test_mails_link_to_no_button_that_is_not_there(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, confirm_hours=24, offer_hours=24)
    for values in (
        ADDRESS,
        OFFER,
        {"status": "waitlisted", "waiting_order": 2},
        {"status": "confirmed"},
    ):
        person = make_registration(app, event, **values)
        with app.app_context():
            links = links_of(event, db.session.get_one(Registration, person.id))
        for link in filter(None, (links.confirm, links.accept)):
            assert client.get(link.removeprefix("http://localhost")).status_code == 200
        assert bool(links.confirm) == (values is ADDRESS)
        assert bool(links.accept) == (values is OFFER)


def test_waiting_person_is_promised_no_place_to_pass_on(app: Flask, client: FlaskClient) -> None:
    event, kept = make_event(app, format="hybrid", place="Rathaus"), "bleibt bei Ihrer Verwaltung"
    for status, values in (
        ("confirmed", {}),
        ("waitlisted", {"waiting_order": 2}),
        ("cancelled", {}),
    ):
        person = make_registration(app, event, status=status, mode="online", **values)
        page = client.get(personal_path(app, person)).text
        assert (kept in page) is (status == "confirmed")
        assert ("rücken andere auf" in page) is (status == "waitlisted")
        assert ("Sie nehmen teil" in page) is (status != "cancelled")
