"""Accounts that are limited to some events change nothing beyond them, and are offered nothing."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask import session as current
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from ikone_events.app import create_app
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.web.shell.access import Permission, may, permission
from tests.factories import (
    make_event,
    make_mail,
    make_organisation,
    make_registration,
    make_settings,
    make_subscriber,
)
from tests.web.organiser import test_access
from tests.web.organiser.conftest import Browser, Person
from tests.web.organiser.test_access import address, rules

event, ids = test_access.event, test_access.ids  # fixtures
# Administrators can't be limited.
ROLES = ("organiser", "viewer")
# Writes that concern no event and are open to limited accounts.
OWN = {"organiser.create_event"}


@pytest.fixture(params=ROLES)
def limited(
    request: pytest.FixtureRequest,
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> Browser:
    """The browser of somebody with one event, in which an administration is not matched."""
    own = make_event(app, slug="eigene", series="Reihe")
    person = make_registration(app, own, organisation_text="Rathaus", organisation_key="rathaus")
    make_mail(app, person, state="failed")
    make_subscriber(app)
    return browser_of(make_person("gast@example.org", request.param, only=("eigene",)))


def everything(app: Flask) -> dict[str, list[str]]:
    """All rows of the database."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(select(table)).all()))
            for table in db.metadata.sorted_tables
        }


def posts(app: Flask) -> list[Rule]:
    """All routes of organisers that write."""
    return [rule for rule in rules(app) if "POST" in (rule.methods or ())]


FORMS: tuple[dict[str, str], ...] = (
    {},
    {"key": "rathaus", "body": "1", "name": "Verbandsgemeinde", "do": "save"},
)


def test_nothing_beyond_the_own_events_is_changed(
    app: Flask,
    limited: Browser,
    event: Event,
    ids: dict[str, object],
) -> None:
    series = make_event(app, slug="fremde", series="Reihe")
    make_registration(app, series, organisation_text="Rathaus", organisation_key="rathaus")
    make_organisation(app, "Stadt Worms-Land")
    values = {"slug": event.slug, "action": "close", **ids}
    limited.get("/organise/")
    before = everything(app)
    for rule in posts(app):
        permission = app.view_functions[rule.endpoint].permission  # type: ignore[attr-defined]
        if rule.endpoint in OWN or permission is Permission.OWN_ACCOUNT:
            continue
        for form in FORMS:
            answer = limited.post(address(app, rule, values), form)
            assert answer.status_code in (403, 404), (rule, answer.status_code)
    assert everything(app) == before


def test_series_texts_are_not_open_by_an_own_event(app: Flask, limited: Browser) -> None:
    before = everything(app)
    for path in ("", "/registration_confirmed", "/confirmation", "/confirmation/reset"):
        answer = limited.post(f"/organise/events/eigene/series-texts{path}", {"body_de": "Hallo"})
        assert answer.status_code in (403, 405), path
    assert limited.get("/organise/events/eigene/series-texts").status_code == 403
    assert everything(app) == before


@pytest.mark.slow
def test_pages_offer_nothing_that_is_refused(app: Flask, limited: Browser) -> None:
    """Every link answers, and every form leads to a view that the account may use."""
    waiting, seen = ["/organise/"], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = limited.get(path)
        assert answer.status_code not in (403, 404), path
        if answer.mimetype != "text/html":
            continue
        links = re.findall(r'<a[^>]* href="([^"]*)"', answer.text)
        found = {unescape(link).partition("#")[0].partition("?lang")[0] for link in links}
        waiting += (link for link in found - seen if link.startswith("/organise/"))
        for target in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', answer.text):
            assert may_post(app, limited, unescape(target)), (path, target)
    assert len(seen) > 10


def may_post(app: Flask, limited: Browser, target: str) -> bool:
    """Whether the view behind a form's address is open to the account."""
    try:
        endpoint, _values = app.url_map.bind("").match(target.partition("?")[0], "POST")
    except HTTPException:
        return False
    needed = getattr(app.view_functions[endpoint], "permission", None)
    with limited.client.session_transaction() as session:
        identifier = session["_user_id"]
    with app.test_request_context():
        current["_user_id"], current["_fresh"] = identifier, True
        return needed is None or may(needed)


def test_route_that_writes_beyond_an_event_stops_the_start(tmp_path: Path) -> None:
    @permission(Permission.EDIT_EVENTS)
    def change_all() -> str:
        return ""

    with pytest.raises(RuntimeError, match="no event"):
        create_app(
            make_settings(tmp_path / "data"),
            more_pages=lambda app: app.add_url_rule("/all", view_func=change_all, methods=["POST"]),
        )
