"""The structure of organisers' pages: their names, tabs, menus, and what earlier addresses do."""

import re

import pytest
from flask import Flask

from tests.factories import NOW, PAST, make_event, make_organisation, make_registration
from tests.web.organiser.conftest import Browser

PAGES = {
    "/organise/": "today",
    "/organise/events": "events",
    "/organise/search?q=x": "search",
    "/organise/contacts/administrations": "administrations",
    "/organise/contacts/subscribers": "subscribers",
    "/organise/contacts/unmatched": "unmatched",
    "/organise/settings/mailbox": "mailbox",
    "/organise/account": "account",
    "/organise/events/e": "overview",
    "/organise/events/e/edit": "edit",
    "/organise/events/e/registrations": "registrations",
    "/organise/events/e/mail": "mail",
    "/organise/events/e/mail/sent": "sent",
    "/organise/events/e/mail/returned": "returned",
    "/organise/events/e/mail/texts": "texts",
    "/organise/events/e/materials": "materials",
    "/organise/events/e/feedback": "feedback",
    "/organise/events/e/history": "history",
    "/organise/events/e/figures": "figures",
    "/organise/figures/2026": "figures-year",
}
EARLIER = {
    "/steps": "/",
    "/administrations": "/contacts/administrations",
    "/administrations?q=Mainz": "/contacts/administrations?q=Mainz",
    "/administrations/new": "/contacts/administrations/new",
    "/administrations/import": "/contacts/administrations/import",
    "/administrations/7": "/contacts/administrations/7",
    "/administrations/7/delete": "/contacts/administrations/7/delete",
    "/administrations/unmatched": "/contacts/unmatched",
    "/administrations/unmatched/people?key=x": "/contacts/unmatched/people?key=x",
    "/contacts": "/contacts/administrations",
    "/incoming": "/settings/mailbox",
    "/subscribers": "/contacts/subscribers",
    "/subscribers.csv": "/contacts/subscribers.csv",
    "/subscribers/abc/remove": "/contacts/subscribers/abc/remove",
    "/events/e/steps": "/events/e/mail",
    "/events/e/answers": "/events/e/mail/returned",
    "/events/e/texts": "/events/e/mail/texts",
    "/events/e/texts/moved": "/events/e/mail/texts/moved",
}


def test_pages_show_their_names(app: Flask, team: Browser) -> None:
    make_event(app, slug="e")
    found = {path: re.findall(r'<main data-page="([^"]*)"', team.get(path).text) for path in PAGES}
    assert found == {path: [name] for path, name in PAGES.items()}


def test_earlier_addresses_lead_to_the_present_ones(app: Flask, team: Browser) -> None:
    make_event(app, slug="e")
    answers = {path: team.get(f"/organise{path}") for path in EARLIER}
    found = {path: (answer.status_code, answer.location) for path, answer in answers.items()}
    assert found == {path: (308, f"/organise{new}") for path, new in EARLIER.items()}


def test_event_has_five_tabs(app: Flask, team: Browser) -> None:
    make_event(app, slug="e")
    page = team.get("/organise/events/e/mail?lang=de").text
    strip = page.partition('class="tabs"')[2].partition("</nav>")[0]
    tabs = re.findall(r'<a href="[^"]*"([^>]*)>(\w+)', strip)
    assert [label for _, label in tabs] == [
        "Überblick",
        "Angaben",
        "Teilnehmende",
        "Nachrichten",
        "Unterlagen",
    ]
    assert [label for current, label in tabs if current] == ["Nachrichten"]


def test_menu_has_four_entries(app: Flask, team: Browser) -> None:
    page = team.get("/organise/?lang=de").text
    menu = page.partition('<nav class="main"')[2].partition("</nav>")[0]
    labels = re.findall(r"<a[^>]*>([^<]+)</a>", menu)
    assert labels == ["Heute", "Veranstaltungen", "Kontakte", "Einstellungen"]


def test_tab_counts_seats_that_are_taken(app: Flask, team: Browser) -> None:
    event = make_event(app, slug="e")
    make_registration(app, event)
    make_registration(app, event, status="cancelled")
    page = team.get("/organise/events/e/materials?lang=de").text
    assert 'Teilnehmende <span class="count">1</span>' in page


def test_search_finds_events_people_and_administrations(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Glasfaser in Müllheim")
    make_registration(app, event, first_name="Nadja", last_name="Müller")
    make_organisation(app, name="Stadt Müllheim")
    page = team.get("/organise/search?q=mullheim").text
    assert "Glasfaser in Müllheim" in page
    assert "Müller, Nadja" in team.get("/organise/search?q=mueller").text
    assert "Stadt Müllheim" in team.get("/organise/search?q=Müllheim").text
    assert "Nichts gefunden" in team.get("/organise/search?q=niemand&lang=de").text


def test_search_finds_nothing_of_foreign_events(app: Flask, stranger: Browser) -> None:
    event = make_event(app, title="Glasfaser")
    make_registration(app, event, last_name="Geheimnis")
    assert event.slug not in stranger.get("/organise/search?q=Glasfaser").text
    assert f"/events/{event.slug}" not in stranger.get("/organise/search?q=Geheimnis").text


@pytest.mark.parametrize("file_type", ["svg", "png"])
def test_qr_code_is_public_with_its_event(app: Flask, file_type: str) -> None:
    make_event(app, slug="e", state="open")
    make_event(app, slug="geheim", state="draft")
    client = app.test_client()
    answer = client.get(f"/events/e/qr.{file_type}")
    assert (answer.status_code, answer.mimetype.partition("+")[0]) == (
        200,
        {"svg": "image/svg", "png": "image/png"}[file_type],
    )
    assert client.get(f"/events/geheim/qr.{file_type}").status_code == 404
    other = client.get("/events/missing/qr.png")
    assert other.status_code == 404


def test_overview_offers_the_address_to_share(app: Flask, team: Browser) -> None:
    make_event(app, slug="e", state="open", summary="Wann lohnt sich das?")
    make_event(app, slug="d", state="draft")
    page = team.get("/organise/events/e").text
    assert 'value="http://localhost/events/e"' in page
    assert "/events/e/qr.png" in page
    assert "Wann lohnt sich das?" in page.partition('id="share-text"')[2]
    assert "qr.png" not in team.get("/organise/events/d").text


def test_next_event_on_today_is_where_its_jobs_begin(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}"
    jobs = [f'href="{path}/{job}"' for job in ("write", "date", "do/cancel")]
    door = f'href="{path}/registrations/door"'
    page = team.get("/organise/").text
    assert [job for job in jobs if job not in page] == []
    assert door not in page, "nobody is expected yet"
    make_registration(app, event)
    assert door in team.get("/organise/").text
    seen = viewer.get("/organise/").text
    assert f'value="http://localhost/events/{event.slug}"' in seen
    assert [job for job in (*jobs, door) if job in seen] == []


def test_figures_lead_into_the_list(app: Flask, team: Browser) -> None:
    event = make_event(app, slug="e", state="open", capacity=3)
    make_registration(app, event)
    make_registration(app, event, status="waitlisted")
    page = team.get("/organise/events/e?lang=de").text
    assert "1 von 3 Plätzen" in page
    assert 'href="/organise/events/e/registrations?status=waitlisted"' in page


def test_past_events_are_listed_by_year(app: Flask, team: Browser) -> None:
    make_event(app, title="Neulich", state="followed_up", **PAST)
    make_event(app, title="Noch geheim", state="draft")
    make_event(app, title="Bald", state="open")
    views = ("", "?view=drafts", f"?view=past&year={NOW.year}")
    pages = [team.get(f"/organise/events{view}").text for view in views]
    shown = [[title in page for title in ("Bald", "Noch geheim", "Neulich")] for page in pages]
    assert shown == [[True, False, False], [False, True, False], [False, False, True]]
