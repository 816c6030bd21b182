"""Signing up for all dates: nobody can probe who has, links only show, one press is enough."""

import re
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingSignUp
from tests.factories import PAST, make_material, make_settings
from tests.standing import SERIES, SLUG, make_date, make_series, make_standing, work
from tests.web.visitor import everything, mails_composed, outcome_of, press, token_of

FORM = f"/series/{SLUG}/standing"
TYPED = {
    "salutation": "frau",
    "first_name": "Anna",
    "last_name": "Amtmann",
    "email": "anna@example.org",
    "organisation": "Stadtverwaltung Bendorf",
}


def ask(client: FlaskClient, **entries: str) -> str:
    """Fill in the form; the page at the end, without its token."""
    data = {**TYPED, "website": "", **entries, "csrf_token": token_of(client.get(FORM))}
    answer = client.post(FORM, data=data)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def link(app: Flask) -> str:
    """The path of the page in the last mail."""
    with app.app_context():
        last = db.select(OutboxMail.text).order_by(OutboxMail.id.desc()).limit(1)
        found = re.search(r"http://localhost(/standing/\S+)", db.session.scalars(last).one())
    assert found
    return found[1]


def test_sign_up_takes_a_button_behind_the_link(app: Flask, client: FlaskClient) -> None:
    make_series(app)
    make_date(app, title="Im Mai")
    assert FORM in client.get(f"/series/{SLUG}").text
    page = ask(client)
    assert "Wir haben an anna@example.org geschrieben." in page
    path = link(app)
    before = everything(app)
    shown = client.get(path)
    assert outcome_of(shown) == "pending"
    assert everything(app) == before, "a link only shows"
    press(client, path, f"{path}/confirm")
    assert outcome_of(client.get(path)) == "confirmed"
    work(app)
    assert "Im Mai" in client.get(path).text


def test_form_takes_the_same_work_for_everybody(app: Flask, client: FlaskClient) -> None:
    """A mail takes half of the time: whoever measures it must not learn who has signed up."""
    make_series(app)
    make_date(app)
    make_standing(app, email="known@example.org")
    make_standing(app, email="pending@example.org", confirmed_at=None)
    numbers = {
        (who, time): mails_composed(partial(ask, client, email=f"{who}@example.org"))
        for time in ("first", "again")
        for who in ("new", "known", "pending")
    }
    assert set(numbers.values()) == {1}, numbers


def test_known_and_unknown_addresses_get_the_same_page(app: Flask, client: FlaskClient) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    known, new = ask(client), ask(client, email="neu@example.org")
    assert known.replace("anna@", "neu@") == new


@pytest.mark.parametrize(("choice", "status"), [("keep", "confirmed"), ("withdraw", "cancelled")])
def test_end_is_one_press_and_the_choice_counts(
    app: Flask, client: FlaskClient, choice: str, status: str
) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    work(app)
    path = link(app)
    token = token_of(client.get(path))
    for _press in range(2):
        answer = client.post(f"{path}/end", data={"coming": choice, "csrf_token": token})
        assert answer.status_code == 303
        assert outcome_of(client.get(answer.location)) == "ended"
    with app.app_context():
        assert db.session.scalars(db.select(Registration.status)).all() == [status]
        assert db.session.scalars(db.select(StandingSignUp)).all() == []


@pytest.mark.parametrize(
    "typed", [{"first_name": ""}, {"email": "anna"}, {"organisation": ""}, {"website": "x"}]
)
def test_wrong_entries_are_kept(app: Flask, client: FlaskClient, typed: dict[str, str]) -> None:
    make_series(app)
    make_date(app)
    data = {**TYPED, **typed, "csrf_token": token_of(client.get(FORM))}
    answer = client.post(FORM, data=data)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert 'value="Amtmann"' in answer.text


def test_series_that_takes_none_shows_it(app: Flask, client: FlaskClient) -> None:
    make_date(app)
    assert FORM not in client.get(f"/series/{SLUG}").text
    answer = client.get(FORM)
    assert (answer.status_code, outcome_of(answer)) == (409, "closed")
    assert client.get("/series/nix/standing").status_code == 404


def test_personal_page_is_kept_by_nobody_and_forged_links_are_refused(
    app: Flask, client: FlaskClient
) -> None:
    make_series(app)
    make_date(app)
    ask(client)
    answer = client.get(link(app))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(link(app) + "x").status_code in (403, 404, 410)


def test_page_of_the_series_has_its_text_and_public_materials(
    app: Flask, client: FlaskClient
) -> None:
    make_series(app, text="Jeden **ersten** Dienstag.", text_en="Each *first* Tuesday.")
    past = make_date(app, state="followed_up", title="Im Januar", **PAST)
    make_material(
        app, past, kind="link", title="Leitfaden", visibility="public", url="https://x.example/a"
    )
    make_material(app, past, kind="link", title="Intern", visibility="registered")
    page = client.get(f"/series/{SLUG}").text
    assert "<strong>ersten</strong>" in page
    assert "Leitfaden" in page
    assert "Intern" not in page
    assert "<em>first</em>" in client.get(f"/series/{SLUG}?lang=en").text
    assert SERIES in page


class TestLimits:
    """With the limits of an installation."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return make_settings(data_dir, rate_limits=True)

    def test_address_is_signed_up_ten_times_an_hour_and_nothing_typed_is_lost(
        self, app: Flask, client: FlaskClient
    ) -> None:
        make_series(app)
        make_date(app)
        data = {**TYPED, "csrf_token": token_of(client.get(FORM))}
        for _press in range(10):
            assert client.post(FORM, data=data).status_code == 303
        answer = client.post(FORM, data=data)
        assert (answer.status_code, outcome_of(answer)) == (429, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert 'value="anna@example.org"' in answer.text
