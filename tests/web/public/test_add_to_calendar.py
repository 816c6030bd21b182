"""What an event's page offers to people without an invitation."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.domain.events.lifecycle import State
from tests.factories import PAST, FixedClock, make_event
from tests.web.visitor import sign_up

PROVIDERS = {"calendar.google.com", "outlook.live.com", "outlook.office.com"}


def foreign(text: str) -> dict[str, str]:
    """The links of a page to other sites, by their hosts; each with its rel."""
    found = {}
    for tag in re.findall(r'<a [^>]*href="https://[^>]*>', text):
        address = re.search(r'href="([^"]+)"', tag)
        assert address
        host = urlsplit(unescape(address[1])).netloc
        if host in PROVIDERS:
            found[host] = tag
    return found


@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_offer_stands_while_the_event_is_to_come(
    app: Flask, client: FlaskClient, state: State
) -> None:
    event = make_event(app, state=state.value)
    text = client.get(f"/events/{event.slug}").text
    comes = state in (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
    assert foreign(text).keys() == (PROVIDERS if comes else set())
    assert (f"webcal://localhost/events/{event.slug}/calendar.ics" in text) == comes
    assert (f"/events/{event.slug}/event.ics" in text) == comes


def test_offer_ends_with_the_event(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, state="dispatched")
    path = f"/events/{event.slug}"
    assert foreign(client.get(path).text)
    clock.moment = event.ends_at
    assert not foreign(client.get(path).text), "a kept page, too"
    past = make_event(app, state="dispatched", **PAST)
    assert not foreign(client.get(f"/events/{past.slug}").text)


def test_links_leave_no_trace_and_show_where_they_lead(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    text = client.get(f"/events/{event.slug}").text
    for tag in foreign(text).values():
        assert 'rel="noopener noreferrer"' in tag
        assert "target=" not in tag
    assert text.count("(führt zu Microsoft)") == 2
    assert text.count("(führt zu Google)") == 1
    assert "führen zu anderen Anbietern" in text
    for mark in ("src=", 'rel="pre', 'rel="dns'):
        for found in re.findall(rf"<[^>]*{mark}[^>]*>", text):
            assert not any(host in found for host in PROVIDERS)


def test_links_speak_the_language_of_the_page(app: Flask, client: FlaskClient) -> None:
    event = make_event(
        app, title='Dörfer & "Städte" <i>', title_en="Villages", dial_in="0631 / 1234"
    )
    for query, title in (("", event.title), ("?lang=en", "Villages")):
        text = client.get(f"/events/{event.slug}{query}").text
        tag = foreign(text)["calendar.google.com"]
        address = unescape(tag.partition('href="')[2].partition('"')[0])
        assert dict(parse_qsl(urlsplit(address).query))["text"] == title
        assert "video.example.org" not in text
        assert "1234" not in text
    assert f"/events/{event.slug}/event.ics?lang=en" in text
    assert f"webcal://localhost/events/{event.slug}/calendar.ics?lang=en" in text


def test_nobody_who_has_just_registered_is_offered_a_second_entry(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    answer = sign_up(client, event.slug)
    text = client.get(answer.location).text
    assert "Sie sind angemeldet" in text
    assert not foreign(text)
    assert "event.ics" not in text
    assert "/calendar.ics" not in text.partition("<body>")[2]
