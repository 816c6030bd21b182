"""The list of standing sign-ups: search, add, correct, end, export."""

from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingSignUp
from tests.standing import ANNA, SLUG, make_date, make_series, make_standing, work
from tests.web.organiser.conftest import Browser

PATH = f"/organise/series/{SLUG}/standing"
TYPED = {
    "first_name": "Anna",
    "last_name": "Amtmann",
    "email": "anna@example.org",
    "organisation": "Stadtverwaltung Bendorf",
    "locale": "en",
}


def test_list_is_searched_and_exported(app: Flask, team: Browser) -> None:
    make_series(app)
    make_date(app)
    make_standing(app)
    make_standing(
        app, first_name="Jörg", last_name="Müller", email="jm@example.org", confirmed_at=None
    )
    page = team.get(PATH).text
    assert "anna@example.org" in page
    assert "1 bestätigt, 1 noch nicht bestätigt" in page
    found = team.get(f"{PATH}?q=mueller").text
    assert "jm@example.org" in found
    assert "anna@example.org" not in found
    rows = team.get(f"{PATH}.csv").text
    assert "anna@example.org" in rows
    assert "Stadtverwaltung Bendorf" in rows


def test_person_who_is_added_has_to_confirm(app: Flask, team: Browser) -> None:
    make_series(app)
    make_date(app)
    refused = team.post(f"{PATH}/add", {**TYPED, "organisation": ""})
    assert refused.status_code == 422
    assert 'value="Amtmann"' in refused.text
    assert team.post(f"{PATH}/add", TYPED).status_code == 303
    with app.app_context():
        row = db.session.scalars(select(StandingSignUp)).one()
        assert (row.confirmed_at, row.locale, bool(row.entered_by)) == (None, "en", True)
        assert db.session.scalars(select(OutboxMail.recipient)).all() == ["anna@example.org"]
    assert work(app) == 0


def test_details_are_corrected(app: Flask, team: Browser) -> None:
    make_series(app)
    make_date(app)
    row = make_standing(app)
    path = f"{PATH}/{row.public_id}"
    assert 'value="Stadtverwaltung Bendorf"' in team.get(path).text
    assert team.post(path, {**TYPED, "last_name": "Neumann"}).status_code == 303
    with app.app_context():
        found = db.session.scalars(select(StandingSignUp)).one()
        assert found.last_name == "Neumann"
        assert found.confirmed_at is not None, "the address is the same"
        assert "neumann" in found.search_key


def test_end_keeps_registrations_unless_they_are_to_go(app: Flask, team: Browser) -> None:
    make_series(app)
    make_date(app)
    for number, choice in enumerate(("keep", "withdraw")):
        row = make_standing(app, **{**ANNA, "email": f"p{number}@example.org"})
        work(app)
        path = f"{PATH}/{row.public_id}/end"
        assert "Zu einem kommenden Termin angemeldet" in team.get(path).text
        assert team.post(path, {"coming": choice}).status_code == 303
        assert team.get(path).status_code == 404
    with app.app_context():
        found = db.session.scalars(select(Registration.status).order_by(Registration.id)).all()
        assert list(found) == ["confirmed", "cancelled"]


def test_sign_up_of_another_series_is_not_found(app: Flask, team: Browser) -> None:
    make_series(app)
    make_date(app)
    row = make_standing(app, series_slug="anderes")
    assert team.get(f"{PATH}/{row.public_id}").status_code == 404
    assert team.post(f"{PATH}/{row.public_id}/end").status_code == 404


def test_viewers_and_limited_accounts_see_none(
    app: Flask, viewer: Browser, stranger: Browser
) -> None:
    make_series(app)
    make_date(app)
    row = make_standing(app)
    for path in (PATH, f"{PATH}.csv", f"{PATH}/add", f"{PATH}/{row.public_id}"):
        assert viewer.get(path).status_code == stranger.get(path).status_code == 403, path
