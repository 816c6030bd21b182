"""Codes of an event by invitation, as organisers make, count, copy and revoke them."""

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Code
from tests.factories import make_event, stored
from tests.web.organiser.conftest import Browser
from tests.web.visitor import PERSON, outcome_of, sign_up


@pytest.fixture
def event(app: Flask) -> Event:
    """An open event by invitation."""
    return make_event(app, by_code=True)


def codes(app: Flask) -> list[Code]:
    with app.app_context():
        return list(db.session.scalars(select(Code).order_by(Code.id)))


def make_shared(team: Browser, event: Event, text: str = "Rathaus 2026", uses: str = "") -> object:
    data = {"shared-text": text, "shared-uses": uses, "shared-label": "Mitglieder"}
    return team.post(f"/organise/events/{event.slug}/codes/shared", data)


def test_shared_code_opens_the_form_to_as_many_as_it_says(
    app: Flask, team: Browser, event: Event
) -> None:
    assert make_shared(team, event, uses="1").status_code == 303
    assert [code.text for code in codes(app)] == ["RATHAUS2026"]
    assert sign_up(app.test_client(), event.slug, code=" rathaus-2026 ").status_code == 303
    page = team.get(f"/organise/events/{event.slug}/codes").text
    assert "1 von 1" in page
    assert "Aufgebraucht" in page
    other = sign_up(app.test_client(), event.slug, code="RATHAUS2026", email="b@example.org")
    assert (other.status_code, outcome_of(other)) == (422, "invalid")


REFUSED = [
    ({"shared-text": ""}, "shared-text"),
    ({"shared-text": "kurz!"}, "shared-text"),
    ({"shared-text": "x" * 41}, "shared-text"),
    ({"shared-text": "Lang genug", "shared-uses": "0"}, "shared-uses"),
    ({"shared-text": "Lang genug", "shared-uses": "viele"}, "shared-uses"),
]


@pytest.mark.parametrize(("data", "field"), REFUSED)
def test_unfit_code_is_refused_with_what_was_typed(
    app: Flask, team: Browser, event: Event, data: dict[str, str], field: str
) -> None:
    data = {"shared-label": "Presse", **data}
    answer = team.post(f"/organise/events/{event.slug}/codes/shared", data)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="Presse"' in answer.text
    assert codes(app) == []


def test_code_is_made_once(app: Flask, team: Browser, event: Event) -> None:
    make_shared(team, event)
    assert make_shared(team, event, "RATHAUS-2026").status_code == 422
    assert len(codes(app)) == 1
    assert make_shared(team, make_event(app), "RATHAUS-2026").status_code == 303


def test_single_codes_are_drawn_for_one_person_each(
    app: Flask, team: Browser, event: Event
) -> None:
    path = f"/organise/events/{event.slug}/codes"
    assert team.post(f"{path}/single", {"single-number": "25"}).status_code == 303
    drawn = codes(app)
    assert len({code.text for code in drawn}) == 25
    assert {code.uses for code in drawn} == {1}
    assert all(re.fullmatch("[A-HJKMNP-Z2-9]{10}", code.text) for code in drawn)
    shown = f"{drawn[0].text[:5]}-{drawn[0].text[5:]}"
    assert sign_up(app.test_client(), event.slug, code=shown).status_code == 303
    page = team.get(path).text
    [unused] = re.findall(r"<textarea[^>]*readonly>([^<]*)</textarea>", page)
    assert len(unused.split()) == 24
    assert shown not in unused


@pytest.mark.parametrize("number", ["", "0", "501", "-1", "x"])
def test_odd_numbers_of_codes_are_refused(
    app: Flask, team: Browser, event: Event, number: str
) -> None:
    path = f"/organise/events/{event.slug}/codes/single"
    assert team.post(path, {"single-number": number}).status_code == 422
    assert codes(app) == []


def test_revoked_code_lets_nobody_in_and_nobody_out(
    app: Flask, team: Browser, event: Event
) -> None:
    make_shared(team, event)
    sign_up(app.test_client(), event.slug, code="RATHAUS2026")
    path = f"/organise/events/{event.slug}/codes/{codes(app)[0].id}/revoke"
    assert team.post(path).status_code == team.post(path).status_code == 303
    late = sign_up(app.test_client(), event.slug, code="RATHAUS2026", email="b@example.org")
    unknown = sign_up(app.test_client(), event.slug, code="GIBTESNICHT", email="b@example.org")
    assert late.status_code == unknown.status_code == 422
    assert "Dieser Code gilt" in late.text
    assert "Widerrufen" in team.get(f"/organise/events/{event.slug}/codes").text


def test_code_of_another_event_is_not_found(app: Flask, team: Browser, event: Event) -> None:
    make_shared(team, event)
    other = make_event(app, by_code=True)
    for number in (codes(app)[0].id, "9" * 20):  # the second is more than a database counts
        path = f"/organise/events/{other.slug}/codes/{number}/revoke"
        assert team.post(path).status_code == 404
    assert codes(app)[0].revoked_at is None
    answer = sign_up(app.test_client(), other.slug, code="RATHAUS2026")
    assert answer.status_code == 422


def test_file_holds_addresses_that_fill_the_code_in(
    app: Flask, client: FlaskClient, team: Browser, event: Event
) -> None:
    make_shared(team, event, "=1+1 HYPERLINK")
    answer = team.get(f"/organise/events/{event.slug}/codes.csv")
    [row] = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";")
    assert row["code"] == "11HYPERLINK"
    assert row["link"].startswith("http://localhost/")
    page = client.get(row["link"].removeprefix("http://localhost"))
    assert 'value="11HYPERLINK"' in page.text


def test_viewer_sees_no_codes(viewer: Browser, event: Event) -> None:
    assert viewer.get(f"/organise/events/{event.slug}/codes").status_code == 403
    assert viewer.get(f"/organise/events/{event.slug}/codes.csv").status_code == 403
    assert "/codes" not in viewer.get(f"/organise/events/{event.slug}").text


def test_event_without_invitation_asks_for_no_code(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    assert 'name="code"' not in client.get(f"/events/{event.slug}/register").text
    assert sign_up(client, event.slug, code="EGAL").status_code == 303


def test_code_in_the_address_is_only_typed_never_looked_up(
    app: Flask, client: FlaskClient, event: Event
) -> None:
    stored(app, Code(event_id=event.id, text="RATHAUS2026", created_at=event.created_at))
    path = f"/events/{event.slug}/register?code="
    right, wrong = client.get(f"{path}RATHAUS2026"), client.get(f"{path}GIBTESNICHT")
    assert right.status_code == wrong.status_code == 200
    assert 'value="RATHAUS2026"' in right.text
    token = re.compile(r'name="csrf_token"[^>]*value="[^"]+"')
    bare = [token.sub("", page.text) for page in (right, wrong)]
    assert bare[0].replace("RATHAUS2026", "X") == bare[1].replace("GIBTESNICHT", "X")


def test_wrong_code_stands_at_its_field_and_all_is_kept(app: Flask, event: Event) -> None:
    answer = sign_up(app.test_client(), event.slug, code="GIBTESNICHT")
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert 'href="#code"' in answer.text
    assert 'id="code-error"' in answer.text
    for name in ("first_name", "email", "organisation", "question"):
        assert PERSON[name] in answer.text


def test_wrong_code_reveals_nothing_of_who_is_registered(app: Flask, event: Event) -> None:
    stored(app, Code(event_id=event.id, text="RATHAUS2026", created_at=event.created_at))
    sign_up(app.test_client(), event.slug, code="RATHAUS2026")
    token = re.compile(r'value="[^"]+"')
    known = sign_up(app.test_client(), event.slug, code="GIBTESNICHT")
    new = sign_up(app.test_client(), event.slug, code="GIBTESNICHT", email="neu@example.org")
    assert known.status_code == new.status_code == 422
    assert token.sub("", known.text) == token.sub("", new.text)


def test_event_without_a_valid_code_states_that_nobody_can_register(
    app: Flask, team: Browser, event: Event
) -> None:
    warning, page = "Ohne Code kann sich niemand anmelden", f"/organise/events/{event.slug}"
    assert warning in team.get(page).text
    make_shared(team, event)
    assert warning not in team.get(page).text
    team.post(f"{page}/codes/{codes(app)[0].id}/revoke", {})
    assert warning in team.get(page).text
    open_to_all = make_event(app, slug="ohne-code")
    assert warning not in team.get(f"/organise/events/{open_to_all.slug}").text
