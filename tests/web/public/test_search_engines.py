"""One address per page and language, titles for shared links, and what is left out."""

import re

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import door_path, make_event, make_registration, personal_path
from tests.web.visitor import sign_up

LINK = re.compile(r'<link rel="(?:canonical|alternate)"(?: hreflang="([^"]+)")? href="([^"]+)">')


def addresses(client: FlaskClient, path: str) -> dict[str, str]:
    return {code or "canonical": address for code, address in LINK.findall(client.get(path).text)}


def test_every_language_has_one_address(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app, slug="digital", series="Digitale Dörfer").slug
    pages = ("/", "/series/digitale-doerfer", f"/events/{slug}", "/subscribe", "/privacy")
    for page in (*pages, f"/events/{slug}/register"):
        plain = f"http://localhost{page}"
        english = f"{plain}?lang=en"
        every = {"de": plain, "en": english, "x-default": plain}
        assert addresses(client, f"{page}?lang=en&from=mail") == {"canonical": english, **every}
        assert addresses(client, f"{page}?lang=de") == {"canonical": plain, **every}
        for code in ("de", "en"):  # search engines bring neither cookies nor languages
            asked = app.test_client().get(every[code].removeprefix("http://localhost"))
            assert f'<html lang="{code}">' in asked.text


def test_asking_in_a_language_is_kept_and_plain_pages_set_no_cookie(
    app: Flask, client: FlaskClient
) -> None:
    path = f"/events/{make_event(app).slug}"
    english = client.get(path, headers={"Accept-Language": "en"})
    assert "Set-Cookie" not in english.headers
    assert addresses(client, path)["canonical"] == f"http://localhost{path}"


def test_shared_links_have_a_title_and_a_text(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title='Ein "Dorf"', title_en="A village", summary="Kurz & gut.")
    found = {}
    for query in ("", "?lang=en"):
        text = client.get(f"/events/{event.slug}{query}").text
        found[query] = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', text))
    assert found[""] == {
        "type": "website",
        "site_name": "IKONE DS",
        "title": "Ein &#34;Dorf&#34;",
        "description": "Kurz &amp; gut.",
        "url": f"http://localhost/events/{event.slug}",
        "locale": "de_DE",
    }
    assert found["?lang=en"]["title"] == "A village"
    assert found["?lang=en"]["locale"] == "en_GB"


def test_forms_may_be_found_and_their_answers_not(app: Flask, client: FlaskClient) -> None:
    path = f"/events/{make_event(app).slug}/register"
    assert "X-Robots-Tag" not in client.get(path).headers
    for answer in (sign_up(client, path.split("/")[2]), client.get(f"{path}ed"), client.post(path)):
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_pages_that_are_not_to_be_found_have_no_address(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    hidden = (personal_path(app, person), door_path(app, person), "/login", "/organise/")
    for path in (*hidden, "/nothing", "/events/nothing"):
        page = client.get(path).text
        assert "canonical" not in page, path
        assert "og:title" not in page, path
