"""What people take along: all that is stored about them, nothing of others, no secret."""

import json
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.followup.materials import release_to
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_material,
    make_organisation,
    make_registration,
    make_subscriber,
    personal_path,
)
from tests.own_fields import make_answer, make_change, make_field
from tests.received import bounce, calendar_answer, receive


def data_of(app: Flask, client: FlaskClient, person: Registration) -> dict[str, Any]:
    answer = client.get(personal_path(app, person, "/data.json"))
    assert answer.status_code == 200
    assert answer.content_type == "application/json; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found: dict[str, Any] = json.loads(answer.data)
    return found


def test_file_holds_everything_that_is_stored(app: Flask, client: FlaskClient) -> None:
    body = make_organisation(app, "Stadtverwaltung Bendorf", kind="stadt")
    event = make_event(app, format="hybrid", place="Rathaus")
    person = make_registration(
        app, event, organisation_id=body.id, question="Was kostet „das“?", note="kommt später",
        registered_by="Bernd Kollege", mode="on_site", attendance="attended", attended_at=NOW,
    )  # fmt: skip
    meal = make_field(app, event, key="essen", label="Essen", keep_days=7)
    make_answer(app, person, meal, "Suppe")
    versions = [
        {"version": 1, "label": "Alter Text", "label_en": "", "since": "2025-01-01"},
        {"version": 2, "label": "Neuer Text", "label_en": "", "since": "2026-01-01"},
    ]
    consent = make_field(app, event, key="liste", kind="consent", versions=versions)
    make_answer(app, person, consent, "yes", version=1)
    make_change(app, person, source="", target="waitlisted", actor="person")
    make_change(app, person, action="move_up", actor="wilma@example.org", reason="Nachgerückt")
    slides = make_material(app, event, visibility="chosen")
    with app.app_context(), transaction():
        release_to(event.slug, slides.public_id, [person.public_id])
    make_mail(app, person, kind="promotion", state="sent", sent_at=NOW, subject="Nachgerückt!")

    data = data_of(app, client, person)

    details = data["details"]
    assert (details["email"], details["question"]) == (person.email, "Was kostet „das“?")
    assert (details["note"], details["registered_by"]) == ("kommt später", "Bernd Kollege")
    assert data["administration"]["matched_name"] == "Stadtverwaltung Bendorf"
    assert data["materials_released_to_you"] == [slides.title]
    assert data["standing"]["takes_part"] == "on_site"
    assert data["attendance"] == {
        **dict.fromkeys(("door_at", "joined_at", "left_at", "seen_at", "minutes")),
        "attended": "attended",
        "known_from": "person",
        "id_in_the_room": None,
        "noted": "attended",
        "noted_at": NOW.isoformat(),
    }
    soup, listed = data["answers"]
    assert (soup["label"], soup["values"]) == ("Essen", ["Suppe"])
    assert soup["deleted_at"] == (event.ends_at + timedelta(days=7)).isoformat()
    assert (listed["label"], listed["version_of_the_text"]) == ("Alter Text", 1)
    assert listed["answered_at"] == NOW.isoformat()
    assert [(step["to"], step["by"]) for step in data["history"]] == [
        ("waitlisted", "you"),
        ("confirmed", "organiser"),
    ]
    [mail] = data["mails"]
    assert (mail["kind"], mail["sent_at"]) == ("promotion", NOW.isoformat())
    assert data["deletion"]["details_are_deleted_at"] == (
        (event.ends_at + timedelta(days=90)).isoformat()
    )


def test_file_holds_the_subscriptions_of_the_address(app: Flask, client: FlaskClient) -> None:
    coming = make_event(app, state="announced")
    person = make_registration(app, make_event(app))
    make_subscriber(app, email=person.email)
    make_subscriber(app, coming, email=person.email, confirmed_at=None)
    make_subscriber(app)

    news, opening = data_of(app, client, person)["subscriptions"]

    assert (news["opening_of"], opening["opening_of"]) == (None, coming.title)
    assert news["confirmed_at"] is not None
    assert (opening["confirmed_at"], opening["email"]) == (None, person.email)


def test_file_holds_no_secret_and_nobody_else(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    other = make_registration(app, event, last_name="Fremd", question="Geheime Frage")
    make_mail(app, other, subject="An jemand anderen")
    person = make_registration(app, event, predecessor_id=other.id, thread_id="<faden@x>")
    make_change(app, person, actor="wilma@example.org")
    path = personal_path(app, person, "/data.json")
    text = client.get(path).text
    token = path.split("/")[2]
    for word in ("Fremd", other.email, "Geheime", "jemand anderen", "wilma@", "faden@x"):
        assert word not in text, word
    for secret in (token, person.public_id, person.calendar_uid, event.room_url):
        assert secret not in text


def test_waiting_person_reads_place_and_earlier_deletion(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_registration(app, event, status="waitlisted", waiting_order=1)
    person = make_registration(app, event, status="waitlisted", waiting_order=2)
    data = data_of(app, client, person)
    assert data["standing"]["place_in_the_waiting_list"] == 2
    month = (event.ends_at + timedelta(days=30)).isoformat()
    assert data["deletion"]["details_are_deleted_at"] == month


def test_file_holds_the_answers_and_not_who_else_wrote(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)
    mail = make_mail(app, person, state="sent", sent_at=NOW)
    receive(app, calendar_answer(person, "TENTATIVE", comment="Vielleicht später."))
    other = "vorzimmer@example.com"
    odd = calendar_answer(person, "DECLINED", sender=other, attendee=other, comment="Geheim")
    receive(app, odd)
    receive(app, bounce(mail, lost=False, words="mailbox full"))

    data = data_of(app, client, person)

    assert data["calendar"]["answer_of_your_calendar"] == "TENTATIVE"
    mine, theirs, returned = data["mails_about_you"]
    assert (mine["answer"], mine["words"]) == ("TENTATIVE", "Vielleicht später.")
    assert (theirs["outcome"], theirs["words"]) == ("other_address", None)
    assert returned["words"] == "mailbox full"
    assert other not in json.dumps(data)


def test_page_shows_what_the_calendar_answered(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)
    path = personal_path(app, person)
    assert "Antwort Ihres Kalenders" not in client.get(path).text
    receive(app, calendar_answer(person, "DECLINED"))
    page = client.get(path).text
    assert "Ihr Kalender hat uns gemeldet, dass Sie nicht kommen." in page
    assert "Ihr Platz bleibt reserviert, bis Sie sich hier abmelden." in page
