"""The form with which organisers correct name and address of a person."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import make_event, make_mail, make_organisation, make_registration
from tests.rows import reload
from tests.web.organiser.conftest import Browser


def path_of(event: Event, person: Registration) -> str:
    return f"/organise/events/{event.slug}/registrations/{person.public_id}"


def seen(team: Browser, path: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', team.get(f"{path}/correct").text)
    assert found is not None
    return found[1]


def entries(person: Registration, **changes: str) -> dict[str, str]:
    names = ("salutation", "title", "first_name", "last_name", "email", "position")
    stored = {name: getattr(person, name) for name in (*names, "organisation_text")}
    return {**stored, **{f"was_{name}": value for name, value in stored.items()}, **changes}


def test_address_is_corrected_and_written_to(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event, email="eva@exmaple.org", position="Bauamt")
    make_mail(app, person, state="sent")
    path = path_of(event, person)
    assert f'href="{path}/correct"' in team.get(path).text
    form = team.get(f"{path}/correct?lang=en").text
    assert "eva@exmaple.org" in form
    assert "hand the registration over" in form

    data = entries(person, email="eva@example.org", seen=seen(team, path))
    answer = team.post(f"{path}/correct?lang=en", data, follow_redirects=True)

    assert "The new address gets an e-mail with new links." in answer.text
    assert "Details corrected" in answer.text
    assert "eva@exmaple.org → eva@example.org" in answer.text
    assert (reload(app, person).email, reload(app, person).position) == (
        "eva@example.org", "Bauamt",
    )  # fmt: skip
    with app.app_context():
        mails = db.session.scalars(select(OutboxMail).where(OutboxMail.state == "queued")).all()
        assert sorted((mail.kind, mail.recipient) for mail in mails) == [
            ("address_withdrawn", "eva@exmaple.org"),
            ("confirmation", "eva@example.org"),
        ]


def test_name_alone_states_that_nobody_is_written_to(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    path = path_of(event, person)
    data = entries(person, last_name="Neumann", seen=seen(team, path))
    answer = team.post(f"{path}/correct?lang=en", data, follow_redirects=True)
    assert "No e-mail is sent for this." in answer.text
    assert reload(app, person).last_name == "Neumann"


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("adam@example.org", "Somebody else is registered for this event with this address."),
        ("eva", "error"),
        ("", "error"),
    ],
)
def test_unfit_address_keeps_what_was_typed(
    app: Flask, team: Browser, email: str, words: str
) -> None:
    event = make_event(app)
    make_registration(app, event, email="adam@example.org")
    person = make_registration(app, event)
    path = path_of(event, person)
    data = entries(person, email=email, first_name="Typed", seen=seen(team, path))
    answer = team.post(f"{path}/correct?lang=en", data)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Typed"' in answer.text
    assert reload(app, person).email == person.email
    assert reload(app, person).link_epoch == 1


def test_second_of_two_is_warned_and_changes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    path = path_of(event, person)
    before = seen(team, path)
    assert (
        team.post(f"{path}/correct", entries(person, last_name="Erste", seen=before)).status_code
        == 303
    )
    answer = team.post(f"{path}/correct?lang=en", entries(person, last_name="Zweite", seen=before))
    assert answer.status_code == 409
    assert "Somebody else has corrected this person meanwhile." in answer.text
    assert reload(app, person).last_name == "Erste"


def test_conflict_keeps_what_was_typed_and_takes_over_the_rest(app: Flask, team: Browser) -> None:
    """Nothing of the first correction is overwritten that the second one did not see."""
    event = make_event(app)
    person = make_registration(app, event, first_name="Eva", last_name="Alt")
    path = path_of(event, person)
    before = seen(team, path)
    first = entries(person, last_name="Erste", position="Bauamt", seen=before)
    assert team.post(f"{path}/correct", first).status_code == 303

    second = entries(person, last_name="Zweite", first_name="Ewa", seen=before)
    page = team.post(f"{path}/correct?lang=en", second)

    assert page.status_code == 409
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page.text)
    shown = {label: re.findall(r">([^<]+)</td>", cells) for label, cells in rows}
    assert shown == {
        "Last name": ["Alt", "Erste", "Zweite"],
        "Department or position": ["–", "Bauamt", "Bauamt"],
    }
    for value in ("Ewa", "Zweite", "Bauamt"):
        assert f'value="{value}"' in page.text
    again = dict(re.findall(r'name="((?:was_\w+|seen))" value="([^"]*)"', page.text))
    answer = team.post(f"{path}/correct", {**second, "position": "Bauamt", **again})
    assert answer.status_code == 303
    now = reload(app, person)
    assert (now.first_name, now.last_name, now.position) == ("Ewa", "Zweite", "Bauamt")


def test_second_press_is_a_success_that_writes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    path = path_of(event, person)
    data = entries(person, email="neu@example.org", seen=seen(team, path))
    assert [team.post(f"{path}/correct", data).status_code for _ in range(2)] == [303, 303]
    with app.app_context():
        mails = db.session.scalars(select(OutboxMail.kind)).all()
    assert mails == ["confirmation"]


def test_administration_is_looked_up_in_the_directory(app: Flask, team: Browser) -> None:
    event = make_event(app)
    worms = make_organisation(app, "Stadtverwaltung Worms")
    person = make_registration(app, event, organisation_text="Worms Stadt")
    path = path_of(event, person)
    data = entries(person, organisation_text="Stadtverwaltung Worms", seen=seen(team, path))
    answer = team.post(f"{path}/correct?lang=en", data, follow_redirects=True)
    assert "No e-mail is sent for this." in answer.text
    assert "Worms Stadt → Stadtverwaltung Worms" in answer.text
    assert reload(app, person).organisation_id == worms.id
    form = team.get(f"{path}/correct?lang=en").text
    assert "Now assigned to: Stadtverwaltung Worms." in form
    data = entries(
        reload(app, person), organisation_text="Gemeinde Anderswo", seen=seen(team, path)
    )
    assert team.post(f"{path}/correct", data).status_code == 303
    assert reload(app, person).organisation_id is None


def test_form_is_for_active_people_of_this_event_only(app: Flask, team: Browser) -> None:
    event, other = make_event(app), make_event(app)
    gone = make_registration(app, event, status="cancelled")
    assert "/correct" not in team.get(path_of(event, gone)).text
    data = entries(gone, last_name="Neu", seen=seen(team, path_of(event, gone)))
    assert team.post(f"{path_of(event, gone)}/correct", data).status_code == 409
    assert team.get(f"{path_of(other, gone)}/correct").status_code == 404


def test_confirmation_to_a_wrong_address_is_not_sent_before_the_right_one_is_confirmed(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, confirm_hours=24)
    person = make_registration(app, event, email="eva@exmaple.org")
    failed = make_mail(app, person, state="failed")
    answer = team.post(
        f"/organise/events/{event.slug}/mail/{failed.id}/correct?lang=en",
        {"email": "eva@example.org"},
        follow_redirects=True,
    )
    assert "This e-mail is not sent: it is no longer true." in answer.text
    now = reload(app, person)
    assert (now.email, now.status, now.awaits) == ("eva@example.org", "pending", "address")
    with app.app_context():
        mails = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        assert [(mail.kind, mail.state) for mail in mails] == [
            ("confirmation", "failed"),
            ("confirm_address", "queued"),
        ]
