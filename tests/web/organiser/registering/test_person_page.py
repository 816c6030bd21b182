"""A person's page: the mail again, an extra place, and somebody who comes instead."""

import re

from flask import Flask

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.factories import PAST, make_event, make_mail, make_registration
from tests.rows import kinds_of_mails
from tests.web.organiser.conftest import Browser


def path_of(event: Event, person: Registration, part: str = "") -> str:
    return f"/organise/events/{event.slug}/registrations/{person.public_id}{part}"


def status_of(app: Flask, person: Registration) -> str:
    with app.app_context():
        return db.session.get_one(Registration, person.id).status


def test_confirmation_is_sent_again_by_one_press(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    make_mail(app, person, state="sent")
    page = team.get(path_of(event, person, "?lang=en")).text
    assert f'action="{path_of(event, person, "/resend")}"' in page
    assert "Send the confirmation again" in page

    answer = team.post(path_of(event, person, "/resend?lang=en"), follow_redirects=True)

    assert f"is sent again to {person.email}." in answer.text
    assert "E-mail about the registration sent again" in answer.text
    again = team.post(path_of(event, person, "/resend?lang=en"))
    assert again.location.endswith("#actions"), "out of sight on a phone"
    again = team.get(path_of(event, person, "?lang=en"))
    assert "No second e-mail is sent" in again.text
    assert kinds_of_mails(app)[-1:] == ["confirmation"]
    assert len(kinds_of_mails(app)) == 2


def test_message_to_one_person_is_written_from_their_page(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event, draft = make_event(app), make_event(app, state="draft")
    person = make_registration(app, event, last_name="Ahorn")
    link = f"/organise/events/{event.slug}/registrations/write?person={person.public_id}"
    assert link in team.get(path_of(event, person)).text
    assert "To one person from the list" in team.get(f"{link}&lang=en").text
    assert "/registrations/write" not in viewer.get(path_of(event, person)).text
    early = make_registration(app, draft)
    assert "/registrations/write" not in team.get(path_of(draft, early)).text


def test_who_waits_gets_the_mail_that_fits(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="waitlisted")
    page = team.get(path_of(event, person, "?lang=en")).text
    assert "Send the last e-mail again" in page
    assert team.post(path_of(event, person, "/resend")).status_code == 303
    assert kinds_of_mails(app) == ["waitlist"]


def test_mail_again_is_refused_with_the_reason(
    app: Flask, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    gone = make_registration(app, make_event(app), status="cancelled")
    event = make_event(app, **PAST)
    over = make_registration(app, event)
    assert "/resend" not in team.get(path_of(event, over)).text
    for person, of in ((gone, db_event(app, gone)), (over, event)):
        answer = team.post(path_of(of, person, "/resend?lang=en"))
        assert (answer.status_code, "Nothing was changed" in answer.text) == (409, True)
    assert viewer.post(path_of(event, over, "/resend")).status_code == 403
    assert stranger.post(path_of(event, over, "/resend")).status_code == 404
    assert team.post(path_of(event, gone, "/resend")).status_code == 404
    assert kinds_of_mails(app) == []


def db_event(app: Flask, person: Registration) -> Event:
    with app.app_context():
        return db.session.get_one(Event, person.event_id)


def test_extra_place_is_asked_for_with_numbers_and_a_reason(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1)
    make_registration(app, event)
    person = make_registration(app, event, status="waitlisted")
    page = team.get(path_of(event, person)).text
    assert ("do/give_seat" in page, "do/move_up" in page) == (True, False)
    asked = team.get(path_of(event, person, "/do/give_seat?lang=en")).text
    assert "All places are taken. Places taken: 1 of 1, afterwards 2." in asked

    sent = {"expected": "waitlisted", "reason": " "}
    refused = team.post(path_of(event, person, "/do/give_seat?lang=en"), sent)
    assert (refused.status_code, "Please give a reason." in refused.text) == (422, True)
    sent["reason"] = "Hält den Vortrag."
    done = team.post(path_of(event, person, "/do/give_seat?lang=en"), sent, follow_redirects=True)

    assert "Extra place given" in done.text
    assert "Hält den Vortrag." in done.text
    assert status_of(app, person) == "confirmed"
    assert "2 of 1 places" in team.get(f"/organise/events/{event.slug}?lang=en").text


def test_colleague_comes_instead_in_three_presses(app: Flask, team: Browser) -> None:
    """Withdraw; no, a colleague comes; hand over."""
    event = make_event(app, capacity=1)
    person = make_registration(app, event)
    first = re.search(r'href="([^"]+do/withdraw)"', team.get(path_of(event, person)).text)
    assert first is not None
    second = re.search(r'href="([^"]+do/hand_over)"', team.get(first[1]).text)
    assert second is not None
    assert team.get(second[1]).status_code == 200
    deputy = {"first_name": "Dora", "last_name": "Neu", "email": "dora@example.org"}
    assert team.post(second[1], {**deputy, "expected": "confirmed"}).status_code == 303
    assert status_of(app, person) == "cancelled"
    assert kinds_of_mails(app) == ["handed_over", "taken_over"]
    shown = team.get(path_of(event, person)).text.partition("<main")[2]
    assert "Abgemeldet" not in shown, "it was handed over"


def test_added_person_gets_a_place_in_a_full_event_only_with_a_reason(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, capacity=1, waiting_list=False)
    path = f"/organise/events/{event.slug}/registrations/add"
    assert 'name="extra"' not in team.get(path).text
    make_registration(app, event)
    assert 'name="extra"' in team.get(path).text
    sent = {"first_name": "Dora", "last_name": "Neu", "email": "dora@example.org", "locale": "de"}
    assert team.post(path, {**sent, "extra": " "}).status_code == 409
    assert team.post(path, {**sent, "extra": "Spricht das Grußwort."}).status_code == 303
    assert kinds_of_mails(app) == ["confirmation"]
