"""Requests for materials on the organisers' pages: one press each, shown on "Today"."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.followup.requests import MaterialRequest
from tests.factories import NOW, PAST, make_event, make_material, make_request
from tests.rows import kinds_of_mails
from tests.web.organiser.conftest import Browser
from tests.web.visitor import everything


@pytest.fixture
def event(app: Flask) -> Event:
    event = make_event(app, state="followed_up", title="Digitale Dörfer", **PAST)
    make_material(app, event)
    return event


def page_of(event: Event) -> str:
    return f"/organise/events/{event.slug}/materials"


def act(request: MaterialRequest, event: Event, what: str) -> str:
    return f"{page_of(event)}/requests/{request.public_id}/{what}"


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(MaterialRequest.state).order_by(MaterialRequest.id)))


def test_request_is_granted_by_one_press(app: Flask, team: Browser, event: Event) -> None:
    request = make_request(app, event, name="Nora Neu", organisation_text="Stadt Kusel")
    text = team.get(page_of(event)).text
    assert "Nora Neu" in text
    assert "Stadt Kusel" in text
    answer = team.post(act(request, event, "grant"))
    assert (answer.status_code, answer.location) == (303, f"{page_of(event)}#requests")
    assert (states(app), kinds_of_mails(app)) == (["granted"], ["materials_granted"])
    text = team.get(page_of(event)).text
    assert "Die Anfrage ist freigegeben. Der Link ist unterwegs." in text
    assert "Wilma Organisaria" in text
    assert "Bisher angefragt: 1, freigegeben: 1, abgelehnt: 0." in text
    team.post(act(request, event, "grant"))
    assert kinds_of_mails(app) == ["materials_granted"]


def test_all_are_granted_by_one_press(app: Flask, team: Browser, event: Event) -> None:
    make_request(app, event), make_request(app, event), make_request(app, event, state="refused")
    team.post(f"{page_of(event)}/requests/grant")
    assert states(app) == ["granted", "granted", "refused"]
    assert "2 Anfragen sind freigegeben." in team.get(page_of(event)).text
    assert len(kinds_of_mails(app)) == 2


@pytest.mark.parametrize(
    ("notify", "written"), [({}, []), ({"notify": "1"}, ["materials_refused"])]
)
def test_refusal_is_quiet_unless_somebody_wants_a_mail(
    app: Flask, team: Browser, event: Event, notify: dict[str, str], written: list[str]
) -> None:
    request = make_request(app, event)
    team.post(act(request, event, "refuse"), notify)
    assert (states(app), kinds_of_mails(app)) == (["refused"], written)
    team.post(act(request, event, "grant"))  # after all
    assert states(app) == ["granted"]


def test_setting_is_switched_by_one_press(app: Flask, team: Browser, event: Event) -> None:
    def granting() -> bool:
        with app.app_context():
            return db.session.get_one(Event, event.id).grants_materials

    team.post(f"{page_of(event)}/requests/setting", {"granting": "always"})
    assert granting()
    assert "erhält den Link sofort" in team.get(page_of(event)).text
    team.post(f"{page_of(event)}/requests/setting", {"granting": "each"})
    assert not granting()


def test_details_are_deleted_by_one_press(app: Flask, team: Browser, event: Event) -> None:
    request = make_request(app, event, email="nora@example.org")
    team.post(act(request, event, "delete"))
    text = team.get(page_of(event)).text
    assert "nora@example.org" not in text
    assert "Bisher angefragt: 1" in text
    assert team.post(act(request, event, "delete")).status_code == 404


@pytest.mark.parametrize("what", ["grant", "refuse", "delete"])
def test_request_of_another_event_is_not_found(
    app: Flask, team: Browser, event: Event, what: str
) -> None:
    other = make_event(app, state="followed_up", **PAST)
    make_material(app, other)
    request = make_request(app, event)
    before = everything(app)
    assert team.post(act(request, other, what)).status_code == 404
    assert everything(app) == before


def test_only_organisers_of_the_event_decide(
    app: Flask, viewer: Browser, stranger: Browser, event: Event
) -> None:
    request = make_request(app, event)
    paths = [act(request, event, what) for what in ("grant", "refuse", "delete")]
    paths += [f"{page_of(event)}/requests/{what}" for what in ("grant", "setting")]
    assert [stranger.post(path).status_code for path in paths] == [404] * 5
    assert [viewer.post(path).status_code for path in paths] == [403] * 5
    assert (states(app), kinds_of_mails(app)) == (["open"], [])


def test_viewers_see_requests_without_buttons(app: Flask, viewer: Browser, event: Event) -> None:
    make_request(app, event, name="Nora Neu")
    text = viewer.get(page_of(event)).text
    assert "Nora Neu" in text
    assert "/requests/" not in text


def test_request_is_to_do_until_it_is_decided(app: Flask, team: Browser, event: Event) -> None:
    sentence = "Anfragen nach den Unterlagen zu „Digitale Dörfer“: 1."
    request = make_request(app, event)
    today = team.get("/organise/").text
    assert sentence in today
    assert f'href="{page_of(event)}#requests"' in today
    assert '<span class="count todo">1' in team.get(page_of(event)).text
    team.post(act(request, event, "grant"))
    assert sentence not in team.get("/organise/").text


def test_without_materials_and_requests_there_is_no_card(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    assert "Anfragen nach Unterlagen" not in team.get(page_of(event)).text


def test_request_can_be_refused_after_the_materials_are_gone(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    request = make_request(app, event, asked_at=NOW)
    text = team.get(page_of(event)).text
    assert "keine Unterlagen, die Sie anfordern können" in text
    assert team.post(act(request, event, "grant")).status_code == 409
    assert team.post(act(request, event, "refuse")).status_code == 303
    assert (states(app), kinds_of_mails(app)) == (["refused"], [])


def test_decided_request_shows_the_day_on_which_it_was_made(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    make_request(app, event, state="refused", asked_on=date(2026, 2, 20))
    page = team.get(f"/organise/events/{event.slug}/materials?lang=de").text
    assert '<td data-l="Angefragt am">20.02.2026</td>' in page
