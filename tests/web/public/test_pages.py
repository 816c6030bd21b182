"""The list of dates and the page of an event, as anybody sees them."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.factories import NOW, PAST, FixedClock, make_event, make_material, make_registration
from tests.web.visitor import Queries, outcome_of

STATES = ["announced", "open", "closed", "dispatched", "followed_up", "postponed", "cancelled"]


def test_list_shows_coming_events_before_past_ones(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="Gestern", **PAST)
    make_event(app, title="Übermorgen")
    make_event(app, title="Morgen", starts_at=NOW + timedelta(days=1))
    text = client.get("/").text
    assert text.index("Morgen") < text.index("Übermorgen") < text.index("Gestern")
    assert text.index("Vergangene Veranstaltungen</h2>") < text.index("Gestern")


def test_list_is_kind_when_it_is_empty(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert "Zurzeit keine Veranstaltungen" in page.text


def test_draft_is_seen_by_nobody(app: Flask, client: FlaskClient) -> None:
    draft = make_event(app, state="draft", title="Geheimer Entwurf")
    assert "Geheimer Entwurf" not in client.get("/").text
    assert "Geheimer Entwurf" not in client.get("/calendar.ics").text
    assert "Geheimer Entwurf" not in client.get("/feed.atom").text
    for part in ("", "/event.ics", "/register", "/registered", "/materials/x"):
        page = client.get(f"/events/{draft.slug}{part}", follow_redirects=True)
        missing = client.get(f"/events/missing{part}", follow_redirects=True)
        assert page.status_code == missing.status_code == 404
        assert page.text.replace(draft.slug, "missing") == missing.text


def test_missing_event_is_not_found(client: FlaskClient) -> None:
    page = client.get("/events/nichts")
    assert page.status_code == 404
    assert outcome_of(page) == "not-found"


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_page(app: Flask, client: FlaskClient, state: str) -> None:
    event = make_event(app, state=state, deadline=NOW + timedelta(days=7))
    for lang in ("de", "en"):
        page = client.get(f"/events/{event.slug}?lang={lang}")
        assert page.status_code == 200
        registers = f"/events/{event.slug}/register" in page.text
        assert registers == (state in ("open", "dispatched"))


def test_page_of_a_cancelled_event_shows_it_once(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="cancelled")
    for lang, words in (("de", "Diese Veranstaltung wurde abgesagt"), ("en", "has been cancelled")):
        text = client.get(f"/events/{event.slug}?lang={lang}").text
        assert text.count(words) == 1, lang
        assert "Plätze" not in text
        assert "laces" not in text


def test_withdrawn_date_is_marked(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="postponed", title="Neu")
    marks = {"de": "Entfallener Termin", "en": "Withdrawn date"}
    for lang, mark in marks.items():
        page = client.get(f"/events/{event.slug}?lang={lang}").text
        assert f"<dt>{mark}</dt>" in page
        assert "Plätze frei" not in page
        assert f"{mark}: " in client.get(f"/?lang={lang}").text


def test_past_event_offers_no_places(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, **PAST)
    assert "Plätze" not in client.get(f"/events/{event.slug}").text


def test_event_page_shows_the_facts(app: Flask, client: FlaskClient) -> None:
    event = make_event(
        app,
        title="Raum für <Zukunft>",
        format="hybrid",
        place="Rathaus, Saal 2",
        deadline=NOW + timedelta(days=10),
        programme='[{"time": "10:15", "title": "Aus dem Antrag"}]',
        speakers="Prof. **Dr.** Muster",
        description="# Worum\n\n[Seite](https://example.org)",
    )
    make_registration(app, event)
    text = client.get(f"/events/{event.slug}").text
    for words in (
        "Raum für &lt;Zukunft&gt;",
        "Mo., 16.\u00a0März\u00a02026, ",
        "10:00–\u206012:00\u00a0Uhr",
        "Rathaus, Saal 2",
        "Vor Ort: Plätze frei<br>Online: Plätze frei",
        "Do., 12.\u00a0März\u00a02026, 10:00\u00a0Uhr",
        "Aus dem Antrag",
        "<strong>Dr.</strong>",
        "<h3>Worum</h3>",
        'href="https://example.org"',
        "jutta.beispiel@example.org",
        f"/events/{event.slug}/event.ics",
    ):
        assert words in text, words
    assert "video.example.org" not in text, "the room is for confirmed people only"
    assert "631 000" not in text


def test_description_can_not_run_anything(app: Flask, client: FlaskClient) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) ![p](https://evil.example/p.png)"
    event = make_event(app, description=hostile, speakers=hostile, summary=hostile)
    text = client.get(f"/events/{event.slug}").text
    assert "<script>alert" not in text
    assert 'href="javascript' not in text
    assert "<img" not in text


def test_page_follows_every_change_at_once(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    path = f"/events/{event.slug}"
    assert "Plätze frei" in client.get(path).text
    make_registration(app, event)
    with app.app_context(), transaction():
        lock_event(event.slug)
    assert "Alle Plätze vergeben" in client.get(path).text
    with app.app_context(), transaction():
        lock_event(event.slug).title = "Neuer Titel"
    assert "Neuer Titel" in client.get(path).text


def test_page_follows_the_clock(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, deadline=NOW + timedelta(days=7))
    path = f"/events/{event.slug}"
    assert "Anmeldung offen" in client.get(path).text
    clock.moment = NOW + timedelta(days=7)
    assert "Die Anmeldung ist geschlossen." in client.get(path).text
    clock.moment = event.ends_at
    assert "Stattgefunden" in client.get(path).text
    clock.moment = NOW
    assert "Anmeldung offen" in client.get(path).text


def test_kept_page_spares_the_session(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    client.get(f"/events/{event.slug}")
    with Queries(app) as queries:
        client.get(f"/events/{event.slug}")
    assert queries.statements == [], "only the version is asked for, straight through the driver"


def test_kept_page_is_not_sent_twice(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}"
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    english = client.get(path + "?lang=en")
    assert english.headers["ETag"] != first.headers["ETag"]


def test_kept_page_holds_no_message_for_one_person(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    with client.session_transaction() as session:
        session["_flashes"] = [("info", "Nur für Sie")]
    client.get(f"/events/{event.slug}")
    assert "Nur für Sie" not in app.test_client().get(f"/events/{event.slug}").text
    assert "Nur für Sie" in client.get("/").text, "the message is kept for the next page"


def test_public_pages_open_no_session(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    for path in ("/", f"/events/{event.slug}", "/privacy", "/calendar.ics", "/feed.atom"):
        for _twice in range(2):
            headers = client.get(path).headers
            assert "Set-Cookie" not in headers
            assert headers["Vary"] == "Accept-Encoding"
            assert headers["Cache-Control"] == "private, no-cache"


def test_number_of_queries_does_not_grow_with_events(app: Flask, client: FlaskClient) -> None:
    def cost(path: str) -> int:
        with Queries(app) as queries:
            assert client.get(path).status_code == 200
        return len(queries.statements)

    paths = ("/", "/calendar.ics", "/feed.atom")
    first = make_event(app)
    few = [cost(path) for path in paths]
    for _number in range(12):
        event = make_event(app)
        make_registration(app, event)
        make_registration(app, first)
    assert [cost(path) for path in paths] == few
    assert max(few) <= 3


def test_slides_are_public_only_when_meant_and_after_the_follow_up(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    public = make_material(app, event, visibility="public")
    closed = make_material(app, event)
    other = make_event(app)
    early = make_material(app, other, visibility="public")
    text = client.get(f"/events/{event.slug}").text
    assert public.title in text
    assert closed.title not in text
    answer = client.get(f"/events/{event.slug}/materials/{public.public_id}", buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.data.startswith(b"%PDF")
    for slug, material in ((event.slug, closed), (other.slug, early), (other.slug, public)):
        assert client.get(f"/events/{slug}/materials/{material.public_id}").status_code == 404


def test_lost_file_is_not_found(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="archived")
    material = make_material(app, event, visibility="public")
    (app.extensions["ikone_installation"].uploads_dir / material.stored_name).unlink()
    assert client.get(f"/events/{event.slug}/materials/{material.public_id}").status_code == 404
