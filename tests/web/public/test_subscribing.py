"""Asking to be notified: nobody can probe who is listed, links only show, one click is enough."""

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.app import create_app
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.news_facts import unsubscribe_page
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.registering.models import Registration
from ikone_events.web.shell.errors import hide_tokens
from tests.effort import by_night
from tests.factories import (
    FixedClock,
    make_event,
    make_registration,
    make_settings,
    make_subscriber,
    subscription_path,
)
from tests.rows import count
from tests.web.visitor import everything, outcome_of, press, token_of

ADDRESS = "leserin@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def ask(client: FlaskClient, path: str = "/subscribe", **entries: str) -> str:
    """Fill in the form; the page at the end, without its token."""
    token = token_of(client.get(path))
    data = {"email": ADDRESS, "website": "", **entries, "csrf_token": token}
    answer = client.post(path, data=data)
    assert answer.status_code == 303
    return client.get(answer.location).text


def mails(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        return list(db.session.scalars(db.select(OutboxMail).order_by(OutboxMail.id)))


def link_in(mail: OutboxMail, action: str) -> str:
    """The path of the link of one kind in a mail."""
    found = re.search(rf"http://localhost(/{action}/\S+)", mail.text)
    assert found, mail.text
    return found[1]


def test_subscribing_takes_a_button_behind_the_mails_link(app: Flask, client: FlaskClient) -> None:
    page = ask(client)
    assert f"Wir haben an {ADDRESS} geschrieben." in page
    assert 'data-outcome="pending"' in page
    (mail,) = mails(app)
    assert mail.recipient == ADDRESS
    path = link_in(mail, "subscribe")
    before = everything(app)
    assert outcome_of(client.get(path)) == "pending"
    assert everything(app) == before, "a scanner that opens the link confirms nothing"
    for _press in range(2):
        answer = client.post(path, data={"csrf_token": token_of(client.get("/subscribe"))})
        assert (answer.status_code, answer.location) == (303, path)
        assert outcome_of(client.get(path)) == "confirmed"
    assert count(app, OutboxMail) == 1


def test_pressing_on_the_page_needs_its_token(app: Flask, client: FlaskClient) -> None:
    waits = make_subscriber(app, confirmed_at=None)
    assert client.post(subscription_path(app, waits, "subscribe")).status_code == 400
    assert press(client, subscription_path(app, waits, "subscribe")).status_code == 303


def test_answer_is_the_same_for_every_address(app: Flask, client: FlaskClient) -> None:
    make_subscriber(app, email="known@example.org")
    make_subscriber(app, email="waits@example.org", confirmed_at=None)
    pages = {
        ask(client, email=email).replace(email, "")
        for email in ("known@example.org", "waits@example.org", "new@example.org")
    }
    assert len(pages) == 1
    words = {mail.recipient: mail.text for mail in mails(app)}
    assert "bereits abonniert" in words["known@example.org"]
    assert "bestätigen Sie bitte" not in words["known@example.org"]
    assert "Abbestellen: http://localhost/unsubscribe/" in words["known@example.org"]
    for email in ("waits@example.org", "new@example.org"):
        assert "Adresse bestätigen: http://localhost/subscribe/" in words[email]


def test_one_mail_an_hour_to_an_address(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    for _time in range(3):
        ask(client)
    assert count(app, OutboxMail) == 1
    clock.move(hours=1)
    ask(client, email=ADDRESS.upper())
    assert count(app, OutboxMail) == 2
    assert count(app, Subscriber) == 1


def test_form_keeps_the_language_of_the_page(app: Flask, client: FlaskClient) -> None:
    client.get("/?lang=en")
    assert "We have written to" in ask(client)
    (mail,) = mails(app)
    assert mail.locale == "en"
    assert mail.text.startswith("Hello,\n\nSomebody used this address")


@pytest.mark.parametrize("email", ["", "kein", "a@b", "a b@example.org", "x@y.de\r\nBcc: z@y.de"])
def test_unfit_address_is_shown_at_the_field(app: Flask, client: FlaskClient, email: str) -> None:
    token = token_of(client.get("/subscribe"))
    answer = client.post("/subscribe", data={"email": email, "csrf_token": token})
    assert answer.status_code == 422
    assert outcome_of(answer) == "invalid"
    assert 'aria-invalid="true"' in answer.text
    assert count(app, Subscriber) == 0


def test_form_without_its_token_keeps_what_was_typed(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/subscribe", data={"email": ADDRESS})
    assert answer.status_code == 422
    assert f'value="{ADDRESS}"' in answer.text
    assert count(app, Subscriber) == 0


def test_program_that_fills_the_hidden_field_is_asked_again(
    app: Flask, client: FlaskClient
) -> None:
    data = {"email": ADDRESS, "website": "https://spam.example"}
    token = token_of(client.get("/subscribe"))
    answer = client.post("/subscribe", data={**data, "csrf_token": token})
    assert answer.status_code == 422
    assert f'value="{ADDRESS}"' in answer.text
    assert "spam.example" not in answer.text
    assert count(app, Subscriber) == 0


def test_answer_page_is_only_for_who_has_just_asked(client: FlaskClient) -> None:
    answer = client.get("/subscribed")
    assert (answer.status_code, answer.location) == (303, "/subscribe")


def test_announced_event_offers_a_subscription(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="announced", title="Wärmeplanung")
    path = f"/events/{event.slug}/notify"
    assert path in client.get(f"/events/{event.slug}").text
    assert ADDRESS in ask(client, path)
    (mail,) = mails(app)
    assert "sobald die Anmeldung zu dieser Veranstaltung öffnet:\n\nWärmeplanung\n" in mail.text
    assert mail.event_id == event.id
    ask(client)
    assert count(app, Subscriber) == 2, "one topic does not stand for the other"


@pytest.mark.parametrize("state", ["closed", "postponed", "cancelled", "followed_up"])
def test_other_events_offer_nothing(app: Flask, client: FlaskClient, state: str) -> None:
    event = make_event(app, state=state)
    path = f"/events/{event.slug}/notify"
    assert path not in client.get(f"/events/{event.slug}").text
    assert client.get(path).status_code == 409
    assert client.post(path, data={"email": ADDRESS}).status_code == 409
    assert count(app, Subscriber) == 0


def test_open_event_leads_to_its_form(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    answer = client.get(f"/events/{event.slug}/notify")
    assert answer.location == f"/events/{event.slug}/register"


def test_draft_is_not_there(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="draft")
    assert client.get(f"/events/{event.slug}/notify").status_code == 404


def test_unsubscribing_on_the_page_deletes_the_address(app: Flask, client: FlaskClient) -> None:
    reader = make_subscriber(app)
    path = subscription_path(app, reader)
    page = client.get(path)
    assert reader.email in page.text
    assert count(app, Subscriber) == 1, "opening the link is no press"
    for _press in range(2):
        answer = client.post(path, data={"csrf_token": token_of(page)})
        assert (answer.status_code, answer.location) == (303, path)
        assert outcome_of(client.get(path)) == "unsubscribed"
    assert count(app, Subscriber) == 0


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_provider_unsubscribes_in_one_click(app: Flask, client: FlaskClient, encoding: str) -> None:
    """RFC 8058: a POST with this body, without cookie, page or token, that meets no redirect."""
    reader, other = make_subscriber(app), make_subscriber(app)
    answer = client.post(subscription_path(app, reader), data=ONE_CLICK, content_type=encoding)
    assert answer.status_code == 200
    assert outcome_of(answer) == "unsubscribed"
    assert "Set-Cookie" not in answer.headers
    with app.app_context():
        assert db.session.scalars(db.select(Subscriber.id)).all() == [other.id]


def test_one_click_is_good_for_nothing_else(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="announced")
    person = make_registration(app, event)
    waits = make_subscriber(app, confirmed_at=None)
    before = everything(app)
    token = subscription_path(app, waits).removeprefix("/unsubscribe/")
    with app.app_context():
        installation = get_installation()
        foreign = installation.personal_page(person.public_id, 1).rpartition("/")[2]
        old = installation.signer.sign(Purpose.SUBSCRIPTION, LinkClaim(waits.public_id, 0))
    paths = (f"/subscribe/{token}", f"/r/{token}/cancel", f"/r/{token}/delete")
    for path in (*paths, f"/r/{foreign}/cancel"):
        assert client.post(path, data=ONE_CLICK).status_code == 400, path
    for dead in (foreign, old, "x", f"{token}x"):
        answer = client.post(f"/unsubscribe/{dead}", data=ONE_CLICK)
        assert (answer.status_code, outcome_of(answer)) == (200, "unsubscribed")
    assert everything(app) == before


def test_unsubscribing_keeps_registrations(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, email=ADDRESS)
    reader = make_subscriber(app, email=ADDRESS)
    client.post(subscription_path(app, reader), data=ONE_CLICK)
    with app.app_context():
        assert db.session.get_one(Registration, person.id).status == "confirmed"


def test_confirming_after_unsubscribing_asks_to_begin_anew(app: Flask, client: FlaskClient) -> None:
    ask(client)
    (mail,) = mails(app)
    client.post(link_in(mail, "unsubscribe"), data=ONE_CLICK)
    gone = client.get(link_in(mail, "subscribe"))
    assert gone.status_code == 404
    assert "Bitte geben Sie Ihre Adresse noch einmal ein." in gone.text
    ask(client)
    assert count(app, Subscriber) == 1


def test_pages_behind_links_are_kept_nowhere(app: Flask, client: FlaskClient) -> None:
    reader = make_subscriber(app)
    for action in ("subscribe", "unsubscribe"):
        for path in (subscription_path(app, reader, action), f"/{action}/damaged"):
            headers = client.get(path).headers
            assert headers["Cache-Control"] == "no-store", path
            assert headers["Referrer-Policy"] == "no-referrer", path
            assert "noindex" in headers["X-Robots-Tag"], path


def test_home_page_and_every_footer_lead_to_the_form(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    home = client.get("/").text
    assert "Neue Veranstaltungen abonnieren" in home
    for path in ("/", f"/events/{event.slug}", "/imprint"):
        footer = client.get(path).text.partition("<footer")[2]
        assert 'href="/subscribe">Neue Veranstaltungen per E-Mail</a>' in footer
    privacy = client.get("/privacy").text
    assert "Ankündigungen per E-Mail" in privacy
    assert "nach sieben Tagen" in privacy


def test_strangers_are_slowed_down_and_mail_providers_are_not(
    tmp_path_factory: pytest.TempPathFactory, clock: FixedClock
) -> None:
    settings = make_settings(tmp_path_factory.mktemp("limited"), rate_limits=True)
    app = create_app(settings, clock=clock)
    with app.app_context():
        db.create_all()
    client, event = app.test_client(), make_event(app, state="announced")
    for path in ("/subscribe", f"/events/{event.slug}/notify"):
        codes = [client.post(path, data={}).status_code for _number in range(61)]
        assert codes == [422] * 60 + [429], path
    path = subscription_path(app, make_subscriber(app))
    assert {
        client.post(path, data=ONE_CLICK).status_code for _number in range(by_night(200, 70))
    } == {200}


def test_one_click_address_is_the_sites_own_and_https(tmp_path: Path, clock: FixedClock) -> None:
    """RFC 8058 asks for https; a request's host has no say in it."""
    settings = make_settings(tmp_path, base_url="https://events.example.org")
    app = create_app(settings, clock=clock)
    with app.test_request_context(base_url="http://evil.example"):
        address = unsubscribe_page(Subscriber(public_id="a", link_epoch=1))
    assert address.startswith("https://events.example.org/unsubscribe/")


def test_log_holds_no_subscribers_link(app: Flask) -> None:
    reader = make_subscriber(app)
    for action in ("subscribe", "unsubscribe"):
        path = subscription_path(app, reader, action)
        record = logging.makeLogRecord({"msg": "Exception on %s [POST]", "args": (path,)})
        hide_tokens(record)
        assert record.getMessage() == f"Exception on /{action}/… [POST]"
