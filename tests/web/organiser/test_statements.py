"""How many SQL statements the organisers' pages and actions need."""

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.plan.plans import create_plan
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.access import MaterialRelease
from tests.factories import (
    NOW,
    PAST,
    make_event,
    make_material,
    make_registration,
    make_request,
)
from tests.standing import ANNA, SERIES, SLUG, make_series, make_standing
from tests.web.organiser.conftest import Browser
from tests.web.visitor import Queries


@pytest.fixture
def event(app: Flask) -> Event:
    """An event with a plan and people."""
    event = make_event(app)
    with app.app_context(), transaction():
        create_plan(lock_event(event.slug), now=NOW)
    for _ in range(3):
        make_registration(app, event)
    return event


# Of these two are for whoever is signed in and for the event, one for the numbers of the tabs.
PAGES = [
    ("", 17),
    ("/history", 4),
    ("/mail/sent", 9),
    ("/do/cancel", 5),
    ("/edit", 7),
    ("/registrations", 10),
    ("/mail", 9),
]


@pytest.mark.parametrize(("page", "most"), PAGES)
def test_page_of_an_event_asks_for_what_it_shows(
    app: Flask, team: Browser, event: Event, page: str, most: int
) -> None:
    with Queries(app) as queries:
        assert team.get(f"/organise/events/{event.slug}{page}").status_code == 200
    assert len(queries.statements) <= most, "\n".join(queries.statements)
    assert len(set(queries.statements)) == len(queries.statements), "asked twice"


@pytest.mark.parametrize(("page", "most"), [("/", 20), ("/events", 4), ("/search?q=bald", 13)])
def test_lists_of_all_events_ask_for_what_they_show(
    app: Flask, team: Browser, event: Event, page: str, most: int
) -> None:
    with Queries(app) as queries:
        assert team.get(f"/organise{page}").status_code == 200
    assert len(queries.statements) <= most, "\n".join(queries.statements)


@pytest.mark.parametrize(
    ("action", "state", "numbers"),
    [
        (Action.CLOSE, "open", 0),
        (Action.REOPEN, "closed", 0),
        (Action.DISPATCH, "closed", 1),
        (Action.CANCEL, "open", 0),
        (Action.FOLLOW_UP, "dispatched", 1),
    ],
)
def test_transition_counts_only_what_its_needs_read(
    app: Flask, action: Action, state: str, numbers: int
) -> None:
    over = PAST if action is Action.FOLLOW_UP else {}
    event = make_event(app, state=state, **over)
    make_registration(app, event)
    make_material(app, event)
    with app.app_context(), Queries(app) as queries, transaction():
        perform(event.slug, Request(action=action, actor="team", reason="Krank"), now=NOW)
    locked = [statement for statement in queries.statements if "count(" in statement]
    # Whether people may move up is a question to the seats; reopening asks it.
    counted = [statement for statement in locked if "EXISTS" not in statement]
    assert len(counted) == numbers, "\n".join(counted)


def _grow(app: Flask, event: Event) -> None:
    """People, materials released one by one, requests, standing sign-ups, events of a series."""
    for number in range(3):
        person = make_registration(app, event)
        make_registration(app, event, status="waitlisted", waiting_order=number)
        chosen = make_material(app, event, visibility="chosen")
        make_material(app, event)
        with app.app_context(), transaction():
            db.session.add(MaterialRelease(material_id=chosen.id, registration_id=person.id))
        make_request(app, event)
        make_request(app, event, state="granted")
        make_standing(app, **{**ANNA, "email": f"anna{person.id}@example.org"})
        other = make_event(app, series=SERIES, state="followed_up", **PAST)
        make_material(app, other, visibility="public")
        make_registration(app, other)


GROWING = [
    "/events/{slug}/materials",
    "/events/{slug}/follow-up",
    "/events/{slug}/figures",
    f"/series/{SLUG}",
    f"/series/{SLUG}/standing",
    "/figures/2026",
    f"/figures/series/{SLUG}",
    "/figures/report",
]


def test_pages_after_events_ask_no_more_for_more_of_everything(app: Flask, team: Browser) -> None:
    make_series(app)
    event = make_event(app, series=SERIES, state="dispatched", **PAST)

    def asked(page: str) -> list[str]:
        team.get(page)  # what is kept between requests
        with Queries(app) as queries:
            assert team.get(page).status_code == 200
        return queries.statements

    pages = [f"/organise{each.format(slug=event.slug)}" for each in GROWING] + [f"/series/{SLUG}"]
    _grow(app, event)
    few = {page: len(asked(page)) for page in pages}
    _grow(app, event)
    assert {page: len(asked(page)) for page in pages} == few
