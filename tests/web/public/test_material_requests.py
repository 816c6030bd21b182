"""Materials of a past event for all, and asking for the rest: nobody can probe who is known."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from ikone_events.config import Settings
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.answers import PublishedAnswer
from ikone_events.store.followup.requests import MaterialRequest
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_material,
    make_registration,
    make_request,
    make_settings,
    personal_path,
    request_path,
)
from tests.rows import count, written_mails
from tests.web.visitor import mails_composed, outcome_of, token_of

ASKING = {"email": "nora@example.org", "organisation": "Stadt Kusel", "name": "Nora Neu"}


def past_event(app: Flask, **values: Any) -> Event:
    """A past event with something for registered people."""
    event = make_event(app, **{"state": "followed_up", **PAST, **values})
    make_material(app, event)
    return event


def ask(client: FlaskClient, event: Event, **changes: Any) -> TestResponse:
    """Fill in the form; its answer, redirects are not followed."""
    path = f"/events/{event.slug}/materials/request"
    token = token_of(client.get(path))
    return client.post(path, data={**ASKING, "website": "", **changes, "csrf_token": token})


def test_page_shows_what_is_public_by_kind_in_the_offices_order(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    public = {"visibility": "public"}
    link = {"kind": "link", "url": "https://example.org/f", "stored_name": "", **public}
    make_material(app, event, title="Mitschnitt", position=2, **link)
    make_material(app, event, title="Förderprogramm", position=1, **link)
    slides = make_material(
        app, event, title="Folien", position=3, language="en", accessible=True,
        description="Die Folien des Vormittags", **public,
    )  # fmt: skip
    make_material(app, event, title="Nur für Angemeldete")
    text = client.get(f"/events/{event.slug}/materials").text
    places = [text.index(word) for word in (">Links<", "Förderprogramm", "Mitschnitt", ">Dateien<")]
    assert places == sorted(places)
    assert f'href="/events/{event.slug}/materials/{slides.public_id}" lang="en">Folien</a>' in text
    assert "(PDF, 1\u00a0kB, Englisch, barrierefrei)" in text
    assert "Die Folien des Vormittags" in text
    assert "Nur für Angemeldete" not in text


def test_german_texts_are_marked_on_the_english_page(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="followed_up", **PAST)
    make_material(app, event, title="Folien", description="Vom Vormittag", visibility="public")
    text = client.get(f"/events/{event.slug}/materials?lang=en").text
    assert '<div class="prose" lang="de"><p>Vom Vormittag' in text


def test_page_is_answered_shortly_to_whoever_has_it(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{past_event(app).slug}/materials"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("part", ["", "/request"])
def test_drafts_and_unknown_events_have_no_page(app: Flask, client: FlaskClient, part: str) -> None:
    draft = past_event(app, state="draft")
    for slug in (draft.slug, "unknown"):
        assert client.get(f"/events/{slug}/materials{part}").status_code == 404


def test_page_of_the_event_leads_to_the_materials(app: Flask, client: FlaskClient) -> None:
    event, coming = past_event(app), make_event(app)
    make_material(app, event, visibility="public")
    make_material(app, coming, visibility="public", availability="now")
    make_material(app, coming, availability="now")
    text = client.get(f"/events/{event.slug}").text
    assert f'href="/events/{event.slug}/materials"' in text
    assert f'href="/events/{event.slug}/materials/request"' in text
    other = client.get(f"/events/{coming.slug}").text
    assert f'href="/events/{coming.slug}/materials"' not in other


def test_request_is_stored_and_waits_without_a_mail(app: Flask, client: FlaskClient) -> None:
    event = past_event(app)
    answer = ask(client, event)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert outcome_of(page) == "pending"
    assert page.headers["Cache-Control"] == "no-store"
    with app.app_context():
        stored = db.session.scalars(select(MaterialRequest)).one()
        assert (stored.email, stored.organisation_text, stored.name) == tuple(ASKING.values())
        assert (stored.state, stored.locale, stored.asked_at) == ("open", "de", NOW)
    assert written_mails(app) == []


def test_answer_is_the_same_for_everybody(app: Flask) -> None:
    event = past_event(app)
    make_registration(app, event, email="maria@example.org")
    for state in ("open", "granted", "refused"):
        make_request(app, event, state=state, email=f"{state}@example.org")
    pages = set()
    for who in ("new", "maria", "open", "granted", "refused"):
        client, email = app.test_client(), f"{who}@example.org"
        answer = ask(client, event, email=email)
        text = client.get(answer.location).text.replace(email, "…")
        headers = sorted(name for name, _value in answer.headers)
        pages.add((answer.status_code, answer.location, tuple(headers), text))
    assert len(pages) == 1


def test_answer_takes_the_same_work_for_everybody(app: Flask, client: FlaskClient) -> None:
    """A mail takes half of the time: whoever measures it must not learn who was registered."""
    event = past_event(app)
    make_registration(app, event, email="maria@example.org")
    for state in ("open", "granted", "refused"):
        make_request(app, event, state=state, email=f"{state}@example.org")
    numbers = {
        (who, time): mails_composed(partial(ask, client, event, email=f"{who}@example.org"))
        for time in ("first", "again")
        for who in ("new", "maria", "open", "granted", "refused")
    }
    assert set(numbers.values()) == {1}, numbers


def test_mail_states_each_outcome(app: Flask, client: FlaskClient) -> None:
    event = past_event(app)
    make_registration(app, event, email="maria@example.org")
    make_registration(app, event, email="left@example.org", status="cancelled")
    for state in ("open", "granted", "refused"):
        make_request(app, event, state=state, email=f"{state}@example.org")
    for who in ("maria", "left", "open", "granted", "refused"):
        ask(client, event, email=f"{who}@example.org")
    sent = {mail.recipient.partition("@")[0]: mail for mail in written_mails(app)}
    assert set(sent) == {"maria", "granted", "refused"}
    assert "Sie waren angemeldet" in sent["maria"].text
    assert "/r/" in sent["maria"].text
    assert "http://localhost/materials/" in sent["granted"].text
    assert "Leider können wir sie Ihnen nicht zur Verfügung stellen" in sent["refused"].text
    assert count(app, MaterialRequest) == 4


def test_same_mail_comes_once_an_hour(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = past_event(app)
    make_request(app, event, state="granted", email=ASKING["email"])
    for _press in range(3):
        ask(client, event)
    assert len(written_mails(app)) == 1
    clock.move(hours=1)
    ask(client, event)
    first, second = written_mails(app)
    assert second.references == first.message_id


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"email": ""}, "Bitte geben Sie Ihre E-Mail-Adresse an."),
        ({"email": "nora"}, "name@example.org"),
        ({"organisation": ""}, "Bitte nennen Sie Ihre Verwaltung."),
        ({"name": "Gewinn auf https://evil.example"}, "Name"),
        ({"name": "x" * 101}, "100"),
        ({"website": "https://bot.example"}, "Programm"),
    ],
)
def test_invalid_form_keeps_everything(
    app: Flask, client: FlaskClient, entries: dict[str, str], words: str
) -> None:
    answer = ask(client, past_event(app), **entries)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert words in answer.text
    kept = {**ASKING, **entries, "website": ""}
    for value in filter(None, kept.values()):
        assert f'value="{value}"' in answer.text
    assert count(app, MaterialRequest) == 0


def test_form_without_its_token_stores_nothing(app: Flask, client: FlaskClient) -> None:
    event = past_event(app)
    answer = client.post(f"/events/{event.slug}/materials/request", data=ASKING)
    assert (answer.status_code, outcome_of(answer)) == (422, "invalid")
    assert 'value="nora@example.org"' in answer.text
    assert count(app, MaterialRequest) == 0


@pytest.mark.parametrize(
    ("values", "material", "words"),
    [
        ({"state": "archived"}, {}, "archiviert"),
        ({"state": "cancelled"}, {}, "nicht stattgefunden"),
        ({"state": "postponed"}, {}, "nicht stattgefunden"),
        ({"state": "dispatched"}, {}, "keine Unterlagen"),  # only with the follow-up
        ({}, {"visibility": "public"}, "keine Unterlagen"),
        ({}, {"visibility": "attended"}, "keine Unterlagen"),
        ({}, {"scan": "waiting"}, "keine Unterlagen"),
        ({}, {"kind": "contact", "stored_name": ""}, "keine Unterlagen"),
        ({"ends_at": NOW}, {"availability": "now"}, ""),
        ({"ends_at": NOW.replace(hour=20)}, {"availability": "now"}, "nach der Veranstaltung"),
    ],
)
def test_materials_are_only_offered_where_there_are_some(
    app: Flask, client: FlaskClient, values: dict[str, Any], material: dict[str, Any], words: str
) -> None:
    event = make_event(app, **{"state": "followed_up", **PAST, **values})
    make_material(app, event, **material)
    path = f"/events/{event.slug}/materials/request"
    offered = f'href="{path}"' in client.get(f"/events/{event.slug}/materials").text
    shown, sent = client.get(path), client.post(path, data=ASKING)
    assert offered is (not words)
    if words:
        for answer in (shown, sent):
            assert (answer.status_code, outcome_of(answer)) == (409, "closed")
            assert words in answer.text
    else:
        assert shown.status_code == 200


class TestLimits:
    """With the limits of an installation."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        return make_settings(data_dir, rate_limits=True)

    def test_many_requests_wait_and_keep_what_was_typed(
        self, app: Flask, client: FlaskClient
    ) -> None:
        event = past_event(app)
        for _press in range(10):
            assert ask(client, event).status_code == 303
        answer = ask(client, event)
        assert (answer.status_code, outcome_of(answer)) == (429, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert 'value="nora@example.org"' in answer.text


def test_published_answers_are_shown_to_whom_they_are_for(app: Flask, client: FlaskClient) -> None:
    event = past_event(app)
    with app.app_context(), transaction():
        answer = {"question": "Was kostet das?", "answer": "Nichts.", "published_at": NOW}
        db.session.add(PublishedAnswer(event_id=event.id, **answer))
    make_material(app, event, kind="answers", title="Antworten", stored_name="")
    granted = request_path(app, make_request(app, event, state="granted"))
    path = f"/events/{event.slug}/materials"
    assert ["Nichts." in client.get(each).text for each in (path, granted)] == [False, True]
    with app.app_context(), transaction():
        db.session.execute(update(Material).values(visibility="public"))
    assert "Nichts." in client.get(path).text


def test_description_of_a_material_is_rendered_like_that_of_an_event(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    text = (
        "Mit **Vorlagen**\nund [Leitfaden](https://example.org/l), <b>nicht</b> [so](javascript:x)"
    )
    make_material(app, event, description=text, visibility="public")
    person = make_registration(app, event)
    for path in (f"/events/{event.slug}/materials", personal_path(app, person, "/materials")):
        page = client.get(path).text
        assert "<p>Mit <strong>Vorlagen</strong><br>\nund <a href" in page
        assert 'href="https://example.org/l" rel="noopener noreferrer">Leitfaden</a>' in page
        assert "&lt;b&gt;nicht" in page
        assert 'href="javascript' not in page
