"""Pages that are kept between visits say what a page made afresh would say, whatever happens."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import transaction
from ikone_events.store.queries import hold_event
from tests.factories import NOW, FixedClock, make_event, make_material, make_registration


def sign_up(app: Flask, slug: str, number: int) -> None:
    """Through the form, as a stranger does."""
    visitor = app.test_client()
    page = visitor.get(f"/events/{slug}/register")
    if page.status_code != 200:
        return
    token = page.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
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
            setattr(hold_event(event.slug), name, value)
        pages.append(assert_fresh(client, path))
    make_material(app, event, visibility="public")
    with app.app_context(), transaction():
        hold_event(event.slug)
    pages.append(assert_fresh(client, path))
    with app.app_context(), transaction():
        hold_event(event.slug).state = "open"
    for _ in range(3):  # members first, then everybody, then nobody
        pages.append(assert_fresh(client, path))
        clock.move(days=2)
    assert len(set(pages)) == len(pages) - 1  # open again it is what it was


def test_page_that_stayed_the_same_is_not_made_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=None)
    before = client.get(f"/events/{event.slug}").headers["ETag"]
    make_registration(app, event)
    with app.app_context(), transaction():
        hold_event(event.slug)

    again = client.get(f"/events/{event.slug}", headers={"If-None-Match": before})

    assert again.status_code == 304
