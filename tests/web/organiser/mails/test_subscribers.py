"""The organisers' list of subscribers: who may see it, find, delete, take away."""

from collections.abc import Callable

import pytest
from flask import Flask

from ikone_events.store.db import db, transaction
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.models import Subscriber
from tests.factories import NOW, make_event, make_subscriber
from tests.rows import count
from tests.web.organiser.conftest import Browser, Person

LIST = "/organise/contacts/subscribers"


def test_list_shows_figures_and_what_each_asked_for(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced", title="Wärmeplanung")
    make_subscriber(app, email="eins@example.org")
    make_subscriber(app, event, email="zwei@example.org")
    make_subscriber(app, email="drei@example.org", confirmed_at=None)
    page = team.get(LIST).text
    for email in ("eins", "zwei", "drei"):
        assert f"{email}@example.org" in page
    assert "Öffnung von „Wärmeplanung“" in page
    for term in ("Erhalten Ankündigungen", "Warten auf eine Öffnung", "Noch nicht bestätigt"):
        assert f"<dt>{term}</dt><dd>1</dd>" in page
    assert f'href="{LIST}" aria-current="page"' in page


def test_empty_list_leads_to_the_form(team: Browser) -> None:
    assert 'href="/subscribe"' in team.get(LIST).text


def test_address_is_found_by_a_part_of_it(app: Flask, team: Browser) -> None:
    make_subscriber(app, email="amt_1@bendorf.example.org")
    make_subscriber(app, email="amtx1@kusel.example.org")
    found = team.get(f"{LIST}?q=BENDORF amt_1").text
    assert "amt_1@bendorf" in found
    assert "kusel" not in found
    assert "Keine Adresse passt" in team.get(f"{LIST}?q=%25").text


def test_long_list_is_paged(app: Flask, team: Browser) -> None:
    for _number in range(51):
        make_subscriber(app)
    assert team.get(LIST).text.count("/remove") == 50
    assert team.get(f"{LIST}?page=2").text.count("/remove") == 1
    assert team.get(f"{LIST}?page=99").text.count("/remove") == 1


def test_removing_asks_first_and_deletes_one(app: Flask, team: Browser) -> None:
    reader, other = make_subscriber(app), make_subscriber(app)
    path = f"{LIST}/{reader.public_id}/remove"
    assert reader.email in team.get(path).text
    assert count(app, Subscriber) == 2
    answer = team.post(path)
    assert (answer.status_code, answer.location) == (303, LIST)
    with app.app_context():
        assert db.session.scalars(db.select(Subscriber.id)).all() == [other.id]
    assert team.post(path).status_code == 404


def test_export_runs_no_formula(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced")
    make_subscriber(app, event, email="=cmd@example.org")
    make_subscriber(app, email="a@example.org", confirmed_at=None)
    answer = team.get(f"{LIST}.csv")
    assert answer.mimetype == "text/csv"
    assert "subscribers.csv" in answer.headers["Content-Disposition"]
    head, first, second = answer.get_data().decode("utf-8-sig").splitlines()
    assert head == "email;about;locale;subscribed_at;confirmed_at"
    assert first.startswith(f"'=cmd@example.org;{event.slug};de;2026-03-01T10:00:00+01:00;2026")
    assert second == "a@example.org;network;de;2026-03-01T10:00:00+01:00;"


@pytest.mark.parametrize("who", ["stranger", "viewer"])
def test_who_sees_not_all_events_sees_no_subscribers(
    app: Flask, request: pytest.FixtureRequest, who: str
) -> None:
    browser: Browser = request.getfixturevalue(who)
    reader = make_subscriber(app)
    removal = f"{LIST}/{reader.public_id}/remove"
    for path in (LIST, f"{LIST}.csv", removal):
        answer = browser.get(path)
        assert answer.status_code == 403, path
        assert reader.email not in answer.text
    assert browser.post(removal).status_code == 403
    assert LIST not in browser.get("/organise/contacts/administrations").text
    assert count(app, Subscriber) == 1


def test_admin_sees_the_list(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    admin = browser_of(make_person("chefin@example.org", "admin"))
    assert admin.get(LIST).status_code == 200
    assert LIST in admin.get("/organise/contacts/administrations").text


def test_address_whose_mails_come_back_is_marked(app: Flask, team: Browser) -> None:
    dead = make_subscriber(app, email="weg@example.org")
    make_subscriber(app, email="da@example.org")
    with app.app_context(), transaction():
        db.session.add(UndeliverableAddress(email_key=dead.email_key, since=NOW))
    assert team.get(LIST).text.count("E-Mails kommen zurück") == 1
