"""The list of events inside pages of other sites: no cookie, no form, framed by those named."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import PAST, FixedClock, make_event
from tests.shared_app import own_app

PAGE = "/embed/events"
ORIGINS = ("https://www.stadt.example", "http://localhost:8080")


@pytest.fixture
def site(tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """An installation whose list two sites may show."""
    with own_app(tmp_path / "data", clock, embed_origins=ORIGINS) as app:
        yield app


def test_list_is_missing_until_a_site_may_show_it(client: FlaskClient) -> None:
    answer = client.get(PAGE)
    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_named_sites_may_show_the_list_and_nothing_else(site: Flask) -> None:
    slug, client = make_event(site).slug, site.test_client()
    policy = client.get(PAGE).headers["Content-Security-Policy"]
    others = [client.get(path) for path in ("/", f"/events/{slug}", "/embed/nothing", "/login")]
    assert {page.headers["Content-Security-Policy"] for page in others} == {
        policy.replace(f"frame-ancestors {' '.join(ORIGINS)}", "frame-ancestors 'none'")
    }
    assert "'none'; frame-ancestors https://www.stadt.example http://localhost:8080" in policy
    again = client.get(PAGE, headers={"If-None-Match": client.get(PAGE).headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Content-Security-Policy"] == policy
    assert "X-Frame-Options" not in client.get(PAGE).headers


def test_list_sets_no_cookie_and_asks_for_nothing(site: Flask) -> None:
    make_event(site, title_en="Sensors")
    client = site.test_client()
    client.get("/?lang=de")
    client.get("/login")  # now there is a session
    for query in ("", "?lang=en", "?lang=de", "?limit=x"):
        answer = client.get(PAGE + query)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Robots-Tag"] == "noindex"
        for tag in ("<form", "<script", "<button", "csrf", "style="):
            assert tag not in answer.text
    english = client.get(f"{PAGE}?lang=en").text
    assert '<html lang="en">' in english
    assert "Sensors" in english
    assert '<html lang="de">' in client.get(PAGE, headers={"Accept-Language": "en"}).text


def test_every_link_leads_out_of_the_frame(site: Flask) -> None:
    slug = make_event(site, title="<b>Netze</b>").slug
    for query, end in (("", ""), ("?lang=en", "?lang=en")):
        text = site.test_client().get(PAGE + query).text
        links = re.findall("<a ([^>]*)>", text)
        assert links == [f'href="{path}{end}" target="_top"' for path in (f"/events/{slug}", "/")]
        assert "&lt;b&gt;Netze" in text


def test_list_shows_the_next_events_up_to_the_limit(site: Flask) -> None:
    make_event(site, title="Gewesen", **PAST)
    make_event(site, title="Entwurf", state="draft")
    for number in range(12):
        make_event(site, title=f"Kommt {number}")
    counts = {"": 10, "?limit=3": 3, "?limit=99": 12, "?limit=0": 10, "?limit=-1": 10}
    counts["?limit=viele"] = 10
    found = {}
    for query in counts:
        text = site.test_client().get(PAGE + query).text
        assert "Gewesen" not in text
        assert "Entwurf" not in text
        found[query] = text.count("<h2>")
    assert found == counts


def test_empty_list_has_words(site: Flask) -> None:
    assert "Zurzeit keine Veranstaltungen" in site.test_client().get(PAGE).text
    assert "No upcoming events" in site.test_client().get(f"{PAGE}?lang=en").text
