"""What organisers have typed when their session ends comes back after the login, unsaved."""

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import BuildError
from werkzeug.test import TestResponse

from ikone_events.services.accounts.organisers import end_sessions
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import make_event, make_registration
from tests.web.organiser.conftest import PASSWORD, Browser, Person, token_of
from tests.web.organiser.events.test_editing import filled, stored

TEXT = "Erster Absatz mit “Zeichen” & <b>.\r\n\r\nZweiter Absatz."
TYPED = filled(title="Lange getippt", description=TEXT)
HOURS = 3600


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person("wilma@example.org")


@pytest.fixture
def team(browser_of: Callable[[Person], Browser], person: Person) -> Browser:
    return browser_of(person)


def fields_of(page: TestResponse) -> list[tuple[str, str]]:
    """The hidden fields of the page that goes on, as a browser sends them."""
    form = page.text[page.text.index("data-resume") :]
    one = re.compile(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)">'
        r'|<textarea name="([^"]+)" hidden>\n(.*?)</textarea>',
        re.DOTALL,
    )
    found = [(a or c, html.unescape(b or d)) for a, b, c, d in one.findall(form)]
    return [(name, re.sub("\r?\n", "\r\n", value)) for name, value in found]


def log_in_again(client: FlaskClient, page: TestResponse, email: str) -> TestResponse:
    """Fill in the login that stands in place of the answer."""
    assert page.status_code == 403
    kept = re.search(r'name="kept"[^>]*value="([^"]+)"', page.text)
    assert kept is not None
    assert "Lange getippt" not in page.text
    entries = {"email": email, "password": PASSWORD, "kept": kept[1], "csrf_token": token_of(page)}
    return client.post("/login", data=entries)


def end_by_age(team: Browser, _app: Flask, _person: Person) -> None:
    with team.client.session_transaction() as session:
        session["seen_at"] -= 2 * HOURS


def end_elsewhere(_team: Browser, app: Flask, person: Person) -> None:
    with app.app_context(), transaction():
        end_sessions(person.id)


@pytest.mark.parametrize("end", [end_by_age, end_elsewhere])
def test_typed_text_comes_back_after_the_login(
    app: Flask, team: Browser, person: Person, end: Callable[..., None]
) -> None:
    assert team.post("/organise/events/new", {}).status_code == 422
    end(team, app, person)
    page = team.post("/organise/events/new", TYPED)
    assert "Ihre Sitzung ist beendet" in page.text
    assert "/logout" not in page.text
    again = log_in_again(team.client, page, person.email)
    assert again.status_code == 200
    assert 'action="/organise/events/new"' in again.text
    fields = dict(fields_of(again))
    assert fields["description"] == TEXT
    shown = team.client.post("/organise/events/new", data=fields)
    assert shown.status_code == 422
    assert "Bitte prüfen und speichern Sie noch einmal." in shown.text
    assert 'value="Lange getippt"' in shown.text
    assert stored(app) == []
    fields.pop("show_again")
    assert team.client.post("/organise/events/new", data=fields).status_code == 303
    assert [event.title for event in stored(app)] == ["Lange getippt"]


def test_cookie_of_an_ended_session_still_shows_whose_it_was(
    app: Flask, team: Browser, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert team.post("/organise/events/new", {}).status_code == 422
    # The signature of the cookie is too old for Flask, which then knows no session at all.
    monkeypatch.setitem(app.config, "PERMANENT_SESSION_LIFETIME", -1)
    page = team.post("/organise/events/new", TYPED)
    monkeypatch.undo()
    assert "data-resume" in log_in_again(team.client, page, person.email).text


def test_another_person_does_not_get_what_was_typed(
    app: Flask, team: Browser, person: Person, make_person: Callable[..., Person]
) -> None:
    team.post("/organise/events/new", {})
    end_by_age(team, app, person)
    page = team.post("/organise/events/new", TYPED)
    other = make_person("other@example.org")
    answer = log_in_again(team.client, page, other.email)
    assert (answer.status_code, answer.location) == (303, "/organise/")
    overview = team.get("/organise/").text
    assert "wurden verworfen" in overview
    assert "Lange getippt" not in overview


def test_foreign_site_brings_no_form_into_the_login(
    app: Flask, team: Browser, person: Person
) -> None:
    end_by_age(team, app, person)
    elsewhere = token_of(app.test_client().get("/subscribe"))
    for client in (team.client, app.test_client()):
        for token in ("", elsewhere):
            answer = client.post("/organise/events/new", data={**TYPED, "csrf_token": token})
            assert answer.status_code == 400
            assert 'name="kept"' not in answer.text


def test_form_from_before_a_login_in_another_tab_is_shown_again(app: Flask, team: Browser) -> None:
    team.post("/organise/events/new", {})
    with team.client.session_transaction() as session:
        del session["csrf_token"]  # as every login does
    own = {"Sec-Fetch-Site": "same-origin"}
    page = team.post("/organise/events/new", TYPED, headers=own)
    assert dict(fields_of(page))["description"] == TEXT
    shown = team.client.post("/organise/events/new", data=dict(fields_of(page)), headers=own)
    assert (shown.status_code, stored(app)) == (422, [])
    for site in ("cross-site", "same-site", "none", ""):
        answer = team.post("/organise/events/new", TYPED, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 400


def test_failed_login_keeps_what_was_typed(app: Flask, team: Browser, person: Person) -> None:
    team.post("/organise/events/new", {})
    end_by_age(team, app, person)
    page = team.post("/organise/events/new", TYPED)
    kept = re.search(r'name="kept"[^>]*value="([^"]+)"', page.text)
    assert kept is not None
    wrong = {"email": person.email, "password": "x", "kept": kept[1], "csrf_token": token_of(page)}
    assert f'value="{kept[1]}"' in team.client.post("/login", data=wrong).text


def test_no_form_that_comes_back_is_carried_out(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    admin = browser_of(make_person(role="admin"))
    event = make_event(app, slug="open")
    anna = make_registration(app, event)
    values = {"slug": "open", "public_id": anna.public_id, "number": 1, "key": "x", "step_id": 1}
    adapter, kept = app.url_map.bind("localhost"), []
    before = content(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not getattr(view, "keeps_input", False) or "POST" not in (rule.methods or ()):
            continue
        kept.append(rule.endpoint)
        for action in ("cancel", "close", "withdraw") if "action" in rule.arguments else ("",):
            kind = {"kind": "confirmation", "series": "x", "sign_up": "x", "action": action}
            try:
                path = adapter.build(rule.endpoint, {**kind, **values}, method="POST")
            except BuildError as fault:
                raise AssertionError(rule) from fault
            path = path.partition("?")[0]
            form = {**filled(), "email": "neu@example.org", "reason": "Grund", "state": "open"}
            answer = admin.post(path, {**form, "show_again": "1"})
            assert answer.status_code != 500
    assert len(kept) > 12
    assert content(app) == before


def content(app: Flask) -> tuple[object, ...]:
    """What a form could have changed."""
    with app.app_context():
        rows = (Event, Registration, OutboxMail)
        numbers = [db.session.scalar(select(func.count()).select_from(row)) for row in rows]
        event = db.session.scalars(select(Event)).one()
        status = db.session.scalars(select(Registration.status)).all()
        return (*numbers, event.edit_version, event.state, event.room_url, *status)


def test_page_can_keep_its_session(team: Browser) -> None:
    page = team.get("/organise/events/new")
    assert re.search(r'action="/organise/account/stay" data-ends="3600" hidden', page.text)
    with team.client.session_transaction() as session:
        session["seen_at"] -= 3300
        before = session["seen_at"]
    assert team.post("/organise/account/stay").status_code == 204
    with team.client.session_transaction() as session:
        assert session["seen_at"] > before
