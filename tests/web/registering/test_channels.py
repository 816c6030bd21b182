"""The link that leads to a registration: kept over page and form, only by our own names."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.factories import make_event


def send(client: FlaskClient, event: Event, query: str, **more: str) -> int:
    """Follow the link of an event's page to the form, and send it with all its hidden fields."""
    page = client.get(f"/events/{event.slug}{query}").text
    found = re.search(rf'href="(/events/{event.slug}/register[^"]*)"', page)
    assert found is not None
    form = client.get(found[1]).text
    hidden = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*type="hidden" value="([^"]*)"', form))
    typed = {
        "first_name": "Maria",
        "last_name": "Muster",
        "email": "maria@example.org",
        "organisation": "Stadtverwaltung Bendorf",
    }
    return client.post(found[1].partition("?")[0], data={**hidden, **typed, **more}).status_code


def via_of(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Registration.via)))


@pytest.mark.parametrize(
    ("query", "stored"),
    [
        ("", ""),
        ("?via=newsletter", "newsletter"),
        ("?via=LinkedIn&lang=en", "linkedin"),
        ("?via=maria.muster", ""),
        ("?via=%3Cscript%3E", ""),
    ],
)
def test_registration_keeps_the_name_in_its_link(
    app: Flask, client: FlaskClient, query: str, stored: str
) -> None:
    event = make_event(app)
    assert send(client, event, query) == 303
    assert via_of(app) == [stored]


def test_refused_form_keeps_the_name(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    page = client.post(f"/events/{event.slug}/register", data={"via": "press"})
    assert 'name="via" type="hidden" value="press"' in page.text


def test_cached_pages_do_not_give_one_visitors_link_to_another(
    app: Flask, client: FlaskClient
) -> None:
    path = f"/events/{make_event(app).slug}"
    assert "via=newsletter" in client.get(f"{path}?via=newsletter").text
    assert "via=" not in client.get(path).text
    assert "via=website" in client.get(f"{path}?via=website").text
    assert "via=NEWSLETTER" not in client.get(f"{path}?via=newsletter").text
    assert 'value="newsletter"' in client.get(f"{path}/register?via=newsletter").text
    assert 'name="via"' not in client.get(f"{path}/register").text
    assert "Set-Cookie" not in client.get(f"{path}?via=newsletter").headers
