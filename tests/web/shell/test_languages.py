"""German and English: chosen, remembered, complete."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_event, make_registration, personal_path

# The same word in both languages, or a name.
SAME = {"Name", "IKONE DS", "Deutsch", "English", "Online", "Workshop"}
SAME |= {"Outlook.com", "Microsoft 365"}


def test_german_is_the_default(client: FlaskClient) -> None:
    assert '<html lang="de">' in client.get("/").text
    french = client.get("/", headers={"Accept-Language": "fr"})
    assert '<html lang="de">' in french.text


def test_long_header_is_read_at_its_beginning_alone(client: FlaskClient) -> None:
    """What was read is kept, so that nobody can fill the memory by long ones."""
    unknown = "x-unknown," * 100
    for accepted, language in ((f"en,{unknown}", "en"), (f"{unknown}en", "de")):
        page = client.get("/", headers={"Accept-Language": accepted})
        assert f'<html lang="{language}">' in page.text


def test_browser_that_prefers_english_gets_english(client: FlaskClient) -> None:
    page = client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9,de;q=0.5"})
    assert '<html lang="en">' in page.text
    assert "Set-Cookie" not in page.headers


def test_choice_is_remembered_and_wins(client: FlaskClient) -> None:
    page = client.get("/?lang=en")
    assert page.headers["Set-Cookie"].startswith("lang=en;")
    assert '<html lang="en">' in client.get("/privacy", headers={"Accept-Language": "de"}).text
    client.get("/?lang=de")
    assert '<html lang="de">' in client.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="de">' in client.get("/?lang=xx").text


def test_switch_keeps_page_and_query(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    paths = (
        "/",
        f"/events/{event.slug}",
        personal_path(app, person),
        "/privacy",
    )
    for path in paths:
        text = client.get(f"{path}?from=news&tag=a&tag=b%26c&lang=de").text
        [english] = re.findall(r'href="([^"]+)" lang="en"', text)
        english = english.replace("&amp;", "&")
        assert english.startswith(f"{path}?")
        for part in ("from=news", "tag=a", "tag=b%26c", "lang=en"):
            assert part in english
        assert '<html lang="en">' in client.get(english).text


def test_switch_works_on_pages_that_went_wrong(client: FlaskClient) -> None:
    refused = client.post("/subscribe", data={})
    assert refused.status_code == 422
    assert 'href="/subscribe?lang=en"' in refused.text
    assert 'href="/?lang=en"' in client.get("/nothing").text


def texts_of(html: str) -> set[str]:
    """What a person reads on a page, piece by piece."""
    body = re.sub(r"<(script|style|time)\b.*?</\1>", "", html, flags=re.DOTALL)
    pieces = re.split(r"<[^>]+>", body)
    return {piece.strip() for piece in pieces if re.search(r"[A-Za-z]{3}", piece)}


@pytest.mark.parametrize("odd", ["_scheme=javascript&_external=1", "_method=POST", "endpoint=x"])
def test_no_query_breaks_a_page_or_leads_elsewhere(client: FlaskClient, odd: str) -> None:
    """Flask reads some names as wishes about the address of the other language."""
    for path in ("/", "/nothing"):
        page = client.get(f"{path}?{odd}")
        assert page.status_code == (200 if path == "/" else 404), path
        assert 'href="javascript:' not in page.text
    assert f'href="/?{odd.replace("&", "&amp;")}&amp;lang=en"' in client.get(f"/?{odd}").text


STATES = ["announced", "open", "closed", "dispatched", "followed_up", "postponed", "cancelled"]


@pytest.mark.parametrize("state", STATES)
def test_no_english_is_left_on_german_pages(app: Flask, client: FlaskClient, state: str) -> None:
    event = make_event(app, state=state, title="Workshop", summary="", capacity=2, contact_name="")
    person = make_registration(
        app, event, first_name="M.", last_name="M.", organisation_text="IKONE DS"
    )
    paths = [
        "/",
        "/nothing",
        "/deleted",
        f"/events/{event.slug}",
        f"/events/{event.slug}/register",
        *(
            personal_path(app, person, part)
            for part in ("", "/calendar", "/cancel", "/delete", "/room", "/materials")
        ),
    ]
    for path in paths:
        german = texts_of(client.get(f"{path}?lang=de").text)
        english = texts_of(client.get(f"{path}?lang=en").text)
        left = {text for text in german & english if "@" not in text} - SAME
        left = {
            text for text in left if not text.startswith(("Workshop", "– IKONE", "Seite", "+49"))
        }
        assert left == set(), path
