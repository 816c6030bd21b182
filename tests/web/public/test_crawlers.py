"""What search engines and browsers ask every site for."""

import xml.etree.ElementTree as ET
from urllib.robotparser import RobotFileParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.web.shell.access import FOREIGN, Permission
from tests.factories import NOW, make_event

# Public, but nothing to find: pages of the login, and what monitoring asks for.
NOT_FOR_SEARCH = {"/healthz", "/readyz", "/login", "/login/reset", "/login/reset/sent"}


def test_robots_may_read_public_pages_alone(app: Flask, client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    robots = RobotFileParser()
    robots.parse(answer.text.splitlines())
    wrong = []
    for rule in app.url_map.iter_rules():
        view, path = app.view_functions[rule.endpoint], str(rule).replace("<", "").replace(">", "")
        needed = getattr(view, "permission", FOREIGN.get(rule.endpoint))
        public = needed is Permission.PUBLIC and path not in NOT_FOR_SEARCH
        public = public and not rule.endpoint.startswith("security.")
        if "GET" in (rule.methods or ()) and robots.can_fetch("*", path) != public:
            wrong.append(path)
    assert wrong == []
    assert not robots.can_fetch("*", "/organise")


def test_sitemap_names_what_is_listed_in_every_language(app: Flask, client: FlaskClient) -> None:
    make_event(app, slug="digital", public_changed_at=NOW)
    for state in ("draft", "archived"):
        make_event(app, state=state)
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    assert robots.site_maps() == ["http://localhost/sitemap.xml"]
    answer = client.get("/sitemap.xml", headers={"Accept-Language": "en"})
    assert answer.content_type == "application/xml; charset=utf-8"
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    found = {
        url.findtext(f"{space}loc"): url.findtext(f"{space}lastmod")
        for url in ET.fromstring(answer.data)  # noqa: S314 - our own words
    }
    assert found == {
        "http://localhost/": None,
        "http://localhost/?lang=en": None,
        "http://localhost/events/digital": "2026-03-02T09:00:00+00:00",
        "http://localhost/events/digital?lang=en": "2026-03-02T09:00:00+00:00",
    }
    for address in found:
        assert client.get(str(address).removeprefix("http://localhost")).status_code == 200


def test_favicon_is_kept_by_browsers(client: FlaskClient) -> None:
    with client.get("/favicon.ico") as answer:
        image = answer.data
    assert answer.status_code == 200
    assert answer.mimetype in ("image/x-icon", "image/vnd.microsoft.icon")
    assert image[:4] == b"\0\0\1\0"
    assert answer.cache_control.public
    assert answer.cache_control.immutable
    assert "Set-Cookie" not in answer.headers


def description(client: FlaskClient, path: str) -> str:
    before, found, rest = client.get(path).text.partition('<meta name="description" content="')
    assert (found and "</head>" not in before) or not found
    return rest.partition('">')[0]


@pytest.mark.parametrize("path", ["/events/digital", "/events/digital/register"])
def test_event_is_described_by_its_summary(app: Flask, client: FlaskClient, path: str) -> None:
    summary = 'Was ein "Dorf" <braucht>.\nUnd mehr. ' + "Wort " * 60
    make_event(app, slug="digital", summary=summary, summary_en="What a village needs.")
    german = description(client, path)
    assert german.startswith("Was ein &#34;Dorf&#34; &lt;braucht&gt;. Und mehr. Wort")
    assert german.endswith("…")
    assert len(german) < 230
    assert description(client, f"{path}?lang=en") == "What a village needs."


def test_other_public_pages_state_whose_and_what_they_are(app: Flask, client: FlaskClient) -> None:
    make_event(app, slug="digital", series="Digitale Dörfer")
    pages = ("/", "/series/digitale-doerfer", "/subscribe", "/privacy", "/imprint")
    for language in ("de", "en"):
        found = [description(client, f"{page}?lang={language}") for page in pages]
        assert len(set(found)) == len(pages)
        assert all("IKONE DS" in text for text in found)
    assert description(client, "/?lang=de").startswith("Workshops und Veranstaltungen")
    assert description(client, "/login") == ""
