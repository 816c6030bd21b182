"""After an event everything is found from its page Materials, at its place in the frame."""

import re

import pytest
from flask import Flask

from ikone_events.store.events.models import Event
from tests.factories import PAST, make_event, make_material, make_registration, make_request
from tests.web.organiser.conftest import Browser

LINK = {"kind": "link", "stored_name": "", "file_name": "", "url": "https://a.test"}


def after(app: Flask, state: str) -> Event:
    """An event that is over, with one person who may see one material."""
    event = make_event(app, state=state, **PAST)
    make_registration(app, event, attendance="attended", wants_supplement=True)
    make_material(app, event, **LINK)
    return event


@pytest.mark.parametrize("state", ["dispatched", "followed_up"])
@pytest.mark.parametrize("page", ["follow-up", "questions", "feedback"])
def test_materials_lead_to_what_comes_after_an_event(
    app: Flask, team: Browser, state: str, page: str
) -> None:
    event = after(app, state)

    shown = team.get(f"/organise/events/{event.slug}/materials").text

    assert f'href="/organise/events/{event.slug}/{page}"' in shown


def test_follow_up_is_reached_before_there_is_a_material(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)

    shown = team.get(f"/organise/events/{event.slug}/materials").text

    assert f'href="/organise/events/{event.slug}/follow-up"' in shown


@pytest.mark.parametrize(
    ("state", "what"), [("dispatched", "attended"), ("followed_up", "supplement")]
)
def test_preview_of_a_follow_up_stays_among_the_materials(
    app: Flask, team: Browser, state: str, what: str
) -> None:
    event = after(app, state)

    shown = team.get(f"/organise/events/{event.slug}/follow-up/{what}").text

    current = re.search(r'<a href="([^"]+)" aria-current="page"', shown.split('class="tabs"')[1])
    assert current
    assert current[1] == f"/organise/events/{event.slug}/materials"


def test_preview_of_one_version_names_its_own_readers(app: Flask, team: Browser) -> None:
    event = after(app, "dispatched")

    shown = team.get(f"/organise/events/{event.slug}/follow-up/attended?lang=en").text

    assert "One person gets this e-mail: Attended" in shown
    assert "and, where chosen, the waiting list" not in shown


def test_requests_stand_on_a_card(app: Flask, team: Browser) -> None:
    event = after(app, "followed_up")

    shown = team.get(f"/organise/events/{event.slug}/materials").text

    assert '<section class="card" aria-labelledby="requests">' in shown


def test_requests_come_first_while_somebody_waits(app: Flask, team: Browser) -> None:
    event = after(app, "followed_up")
    path = f"/organise/events/{event.slug}/materials"

    nobody = team.get(path).text
    make_request(app, event)
    somebody = team.get(path).text

    materials, requests = 'id="materials-caption"', 'id="requests"'
    assert nobody.index(materials) < nobody.index(requests)
    assert somebody.index(requests) < somebody.index(materials)
