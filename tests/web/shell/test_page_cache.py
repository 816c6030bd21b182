"""Pages that are kept between visits say what a page made afresh would say, whatever happens."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_material,
    make_organisation,
    make_registration,
)


def sign_up(app: Flask, slug: str, number: int) -> None:
    """Through the form, as a stranger does."""
    visitor = app.test_client()
    page = visitor.get(f"/events/{slug}/register")
    if page.status_code != 200:
        return
    token = token_of(page.text)
    person = {"first_name": "Eva", "last_name": f"Muster {number}", "organisation": "Trier"}
    form = {**person, "email": f"eva.{number}@example.org", "mode": "online", "csrf_token": token}
    assert visitor.post(f"/events/{slug}/register", data=form).status_code in (303, 409)


def assert_fresh(client: FlaskClient, path: str) -> str:
    """A page asked for with an idle query is never a kept one."""
    kept, fresh = client.get(path), client.get(f"{path}?x=1")
    assert kept.status_code == fresh.status_code
    assert kept.text == fresh.text.replace("x=1&amp;", "")
    return kept.text


@pytest.mark.parametrize("waiting_list", [True, False])
@pytest.mark.parametrize(
    "limits",
    [
        {"capacity": 5},
        {"capacity": None},
        {"format": "hybrid", "capacity": 9, "capacity_online": 3, "capacity_on_site": 6},
    ],
)
def test_event_page_follows_every_sign_up(
    app: Flask, client: FlaskClient, limits: dict[str, object], waiting_list: bool
) -> None:
    event = make_event(app, waiting_list=waiting_list, **limits)
    pages = [assert_fresh(client, f"/events/{event.slug}")]
    for number in range(7):
        sign_up(app, event.slug, number)
        pages.append(assert_fresh(client, f"/events/{event.slug}"))
    assert (len(set(pages)) > 1) == (limits["capacity"] is not None)


def test_event_page_follows_every_edit_and_every_moment(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, deadline=NOW + timedelta(days=3), members_until=NOW + timedelta(days=1))
    path = f"/events/{event.slug}"
    pages = [assert_fresh(client, path)]
    for name, value in (("title", "Neu"), ("summary", "Anders"), ("state", "followed_up")):
        with app.app_context(), transaction():
            setattr(lock_event(event.slug), name, value)
        pages.append(assert_fresh(client, path))
    make_material(app, event, visibility="public")
    with app.app_context(), transaction():
        lock_event(event.slug)
    pages.append(assert_fresh(client, path))
    with app.app_context(), transaction():
        lock_event(event.slug).state = "open"
    for _ in range(3):  # members first, then everybody, then nobody
        pages.append(assert_fresh(client, path))
        clock.move(days=2)
    assert len(set(pages)) == len(pages) - 1  # open again it is what it was


def token_of(text: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text)
    assert found is not None
    return found[1]


def assert_fresh_form(app: Flask, path: str) -> str:
    """The empty form with a code in its address is never a kept one; the code is not asked here."""
    kept, fresh = app.test_client().get(path), app.test_client().get(f"{path}?code=")
    assert kept.status_code == fresh.status_code
    if kept.status_code != 200:
        return kept.text
    pages = [page.text.replace(token_of(page.text), "TOKEN") for page in (kept, fresh)]
    assert pages[0] == pages[1]
    return pages[0]


def test_form_follows_every_sign_up_and_edit(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, capacity=4, deadline=NOW + timedelta(days=3))
    path = f"/events/{event.slug}/register"
    pages = [assert_fresh_form(app, path)]
    for number in range(6):
        sign_up(app, event.slug, number)
        pages.append(assert_fresh_form(app, path))
    assert len(set(pages)) == 3  # places, few places, the waiting list
    with app.app_context(), transaction():
        lock_event(event.slug).question_label = "Was wollten Sie immer schon fragen?"
    pages.append(assert_fresh_form(app, path))
    make_organisation(app, "Verbandsgemeinde Neuland")
    pages.append(assert_fresh_form(app, path))
    clock.move(days=4)
    pages.append(assert_fresh_form(app, path))
    assert len(set(pages)) == 6


def test_each_visitor_gets_a_token_of_their_own(app: Flask) -> None:
    path = f"/events/{make_event(app).slug}/register"
    visitors = [app.test_client() for _ in range(3)]

    tokens = [token_of(visitor.get(path).text) for visitor in visitors]

    assert len(set(tokens)) == 3
    form = {"first_name": "Eva", "last_name": "Muster", "organisation": "Trier"}
    for number, (visitor, token) in enumerate(zip(visitors, tokens, strict=True)):
        data = {**form, "email": f"eva.{number}@example.org", "csrf_token": token}
        assert visitor.post(path, data=data).status_code == 303
    stolen = {**form, "email": "other@example.org", "csrf_token": tokens[0]}
    assert visitors[1].post(path, data=stolen).status_code == 422


def test_page_that_stayed_the_same_is_not_made_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=None)
    before = client.get(f"/events/{event.slug}").headers["ETag"]
    make_registration(app, event)
    with app.app_context(), transaction():
        lock_event(event.slug)

    again = client.get(f"/events/{event.slug}", headers={"If-None-Match": before})

    assert again.status_code == 304
