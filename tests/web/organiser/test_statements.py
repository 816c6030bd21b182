"""How many SQL statements the organisers' pages and actions need."""

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.plan.plans import lay_plan
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from tests.factories import NOW, PAST, make_event, make_material, make_registration
from tests.web.organiser.conftest import Browser
from tests.web.visitor import Queries


@pytest.fixture
def event(app: Flask) -> Event:
    """An event with a plan and people."""
    event = make_event(app)
    with app.app_context(), transaction():
        lay_plan(lock_event(event.slug), now=NOW)
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
