"""Choosing the mails to the office, and the private calendar of an account."""

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.services.accounts import changes
from ikone_events.services.plan import plans
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from tests.accounts import stored_account
from tests.calendar_oracle import checked_feed
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.libical import read as read_by_libical
from tests.web.organiser.accounts.conftest import OWN
from tests.web.organiser.conftest import Browser, Person

CHOICES = ("alarm_mails", "digest_mails", "registration_mails")
ADDRESS = re.compile(r">http://localhost(/feeds/office/[^<\s]+)<")


def checked(browser: Browser) -> list[str]:
    page = browser.get(OWN).text
    return [
        name for name in CHOICES if re.search(rf'<input[^>]*\bchecked\b[^>]*name="{name}"', page)
    ]


def address(browser: Browser) -> str:
    """Press for an address; its path."""
    assert browser.post(f"{OWN}/calendar").status_code == 303
    found = ADDRESS.search(browser.get(OWN).text)
    assert found
    return found[1]


def test_alarms_and_digest_are_on_until_somebody_chooses(app: Flask, own: Browser) -> None:
    assert checked(own) == ["alarm_mails", "digest_mails"]
    answer = own.post(f"{OWN}/mails", data={"registration_mails": "y"})
    assert (answer.status_code, answer.location) == (303, f"{OWN}#mails")
    assert "Ihre Auswahl ist gespeichert." in own.get(OWN).text
    assert checked(own) == ["registration_mails"]


@pytest.mark.parametrize("role", ["viewer", "door"])
def test_others_are_offered_no_mails_and_can_choose_none(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    role: str,
) -> None:
    person = make_person(role=role)
    browser = browser_of(person)
    assert "alarm_mails" not in browser.get(OWN).text
    assert browser.post(f"{OWN}/mails", data={"digest_mails": "y"}).status_code == 303
    assert stored_account(app, person.id).digest_mails is None
    offered = browser.post(f"{OWN}/calendar").status_code
    assert offered == (403 if role == "door" else 303)


def test_calendar_shows_events_drafts_and_what_goes_out_to_foreign_programs(
    app: Flask, own: Browser, client: FlaskClient
) -> None:
    event = make_event(app, title="Dörfer; Städte, Kreise", starts_at=NOW + timedelta(days=3))
    draft = make_event(app, title="Neues", state="draft")
    make_event(app, title="Ausgefallen", state="cancelled")
    make_registration(app, event, last_name="Geheimnis", organisation_text="Stadt Geheim")
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    path = address(own)

    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    checked_feed(answer.data)
    reading = read_by_libical(answer.data)
    assert (reading.errors, reading.keeps_rules) == (0, True)
    entries = {e.summary.value: e for e in vobject.readOne(answer.text).vevent_list}
    assert {"Dörfer; Städte, Kreise", "Entwurf: Neues", "Abgesagt: Ausgefallen"} <= set(entries)
    dispatch = entries["Zugangslink versenden: Dörfer; Städte, Kreise"]
    assert dispatch.dtend.value - dispatch.dtstart.value == timedelta(minutes=15)
    assert f"/organise/events/{event.slug}/mail#step-" in dispatch.url.value
    assert entries["Entwurf: Neues"].url.value.endswith(f"/organise/events/{draft.slug}")
    assert entries["Entwurf: Neues"].status.value == "TENTATIVE"
    assert not re.search("Geheim|Maria|video.example|/r/", answer.text)
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_calendar_ends_with_its_address_and_with_the_account(
    app: Flask, own: Browser, person: Person, client: FlaskClient
) -> None:
    first = address(own)
    second = address(own)
    assert (client.get(first).status_code, client.get(second).status_code) == (410, 200)
    with app.app_context(), transaction():
        changes.set_active(person.id, active=False)
    assert client.get(second).status_code == 410
    with app.app_context(), transaction():
        changes.set_active(person.id, active=True)
        changes.set_role(person.id, "door")
    assert client.get(second).status_code == 410
    assert client.get("/feeds/office/nonsense.ics").status_code == 404


def test_withdrawn_calendar_shows_nothing_and_a_new_one_has_another_address(
    own: Browser, client: FlaskClient
) -> None:
    path = address(own)
    assert own.post(f"{OWN}/calendar/withdraw").status_code == 303
    assert client.get(path).status_code == 410
    assert ADDRESS.search(own.get(OWN).text) is None
    assert address(own) != path
    assert client.get(path).status_code == 410


def test_calendar_shows_what_the_account_may_see(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    client: FlaskClient,
) -> None:
    mine = make_event(app, title="Meine")
    make_event(app, title="Andere")
    browser = browser_of(make_person(only=(mine.slug,)))
    feed = client.get(address(browser)).text
    assert "SUMMARY:Meine" in feed
    assert "Andere" not in feed


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, room_url="", starts_at=NOW + timedelta(hours=20))


def test_link_of_a_mail_leads_to_the_button_after_the_login(
    app: Flask, own: Browser, event: Event, client: FlaskClient, clock: FixedClock
) -> None:
    path = f"/organise/events/{event.slug}/to-do/link_missing"
    login = client.get(path)
    assert (login.status_code, unquote(login.location)) == (303, f"/login?next={path}")
    assert own.get(path).location == f"/organise/events/{event.slug}#room"


def test_link_to_what_is_done_states_it(app: Flask, own: Browser, event: Event) -> None:
    answer = own.get(f"/organise/events/{event.slug}/to-do/mails_failed")
    assert (answer.status_code, answer.location) == (303, f"/organise/events/{event.slug}")
    assert "Das ist inzwischen erledigt" in own.get(answer.location).text


def test_link_to_an_event_that_one_does_not_see_is_none(stranger: Browser, event: Event) -> None:
    path = f"/organise/events/{event.slug}/to-do/link_missing"
    assert stranger.get(path).status_code == 404
    assert stranger.get("/organise/events/gibtsnicht/to-do/link_missing").status_code == 404
