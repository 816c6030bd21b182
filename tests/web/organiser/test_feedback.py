"""What pages say after a press, and where; and how far long work has come."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.events.actions import DONE_TEXTS, Action
from ikone_events.services.installation import get_installation
from ikone_events.services.plan import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_mailing,
    make_organisation,
    make_registration,
)
from tests.web.organiser.conftest import Browser


def overview(team: Browser, slug: str) -> str:
    return team.get(f"/organise/events/{slug}?lang=de").text


def card(page: str, place: str) -> str:
    """What stands between the answer of this name and the next heading."""
    return page[page.index(place) :].partition("<h2")[0]


def test_every_action_says_what_is_true_now() -> None:
    assert set(DONE_TEXTS) == set(Action)


def test_opening_answers_at_the_card_with_the_address_to_pass_on(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced")
    answer = team.post(f"/organise/events/{event.slug}/do/open?lang=de", {"state": "announced"})
    assert answer.status_code == 303
    page = overview(team, event.slug)
    assert page.count("Die Anmeldung ist geöffnet.") == 1
    said = card(page, "Die Anmeldung ist geöffnet.")
    assert f"/events/{event.slug}</a>" in said
    assert page.index("Die Anmeldung ist geöffnet.") > page.index('<div class="cols')
    assert "Die Anmeldung ist geöffnet." not in overview(team, event.slug)


def test_event_just_opened_is_not_warned_that_nobody_has_registered(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="announced")
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    team.post(f"/organise/events/{event.slug}/do/open", {"state": "announced"})
    for part in ("", "/mail"):
        page = team.get(f"/organise/events/{event.slug}{part}?lang=en").text
        assert "Nobody is confirmed yet." not in page.partition('class="menu end"')[0]


def test_running_mailing_shows_a_bar_and_loads_itself_again(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing = make_mailing(app, event, finished_at=NOW)
    for state in ("sent", "sent", "failed", "queued"):
        make_mail(app, make_registration(app, event), mailing_id=mailing.id, state=state)
    path = f"/organise/events/{event.slug}/mail/sent"
    running = team.get(path)
    assert running.headers["Refresh"] == f"5; url={path}"
    assert '<progress value="3" max="4"' in running.text
    assert "Refresh" not in team.get(f"{path}?q=muster").headers
    for page in (f"/organise/events/{event.slug}", f"/organise/events/{event.slug}/mail"):
        found = team.get(page)
        assert '<progress value="3" max="4"' in found.text
        assert "Refresh" not in found.headers
    with app.app_context(), transaction():
        db.session.get_one(Mailing, mailing.id).stopped_at = NOW
    assert "Refresh" not in team.get(path).headers
    assert "<progress" not in overview(team, event.slug)


def test_message_that_waits_for_its_time_shows_no_bar(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    make_mailing(app, event, due_at=NOW + timedelta(minutes=10))
    assert "<progress" not in overview(team, event.slug)
    assert "Refresh" not in team.get(f"/organise/events/{event.slug}/mail/sent").headers


def test_stopping_answers_at_the_mailing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    mailing = make_mailing(app, event, finished_at=NOW)
    make_mail(app, make_registration(app, event), mailing_id=mailing.id, state="queued")
    team.post(f"/organise/events/{event.slug}/mailings/{mailing.id}/stop?lang=de")
    page = team.get(f"/organise/events/{event.slug}/mail/sent").text
    row = page[page.index(f'id="m-{mailing.id}"') :].partition("</tr>")[0]
    assert "Angehalten: 0 von 1 E-Mails" in row
    assert page.count("Angehalten: 0 von 1 E-Mails") == 1


def test_registration_that_was_handed_over_shows_to_whom(app: Flask, team: Browser) -> None:
    event = make_event(app)
    before = make_registration(app, event, status="cancelled", last_name="Vorher")
    make_registration(app, event, last_name="Nachher", predecessor_id=before.id)
    make_registration(app, event, status="cancelled", last_name="Abgemeldet")
    path = f"/organise/events/{event.slug}/registrations"
    page = team.get(f"{path}?lang=de").text
    badges = re.findall(r'kern-label--small">([^<]*)</span>', page)
    assert [words for words in badges if "geben" in words] == ["Platz übergeben"]
    assert badges.count("Abgemeldet") == 1
    assert "an Maria Nachher" in team.get(f"{path}/{before.public_id}").text


@pytest.mark.parametrize("state", ["announced", "open", "closed"])
def test_past_event_has_ended_whatever_its_registration_was(
    app: Flask, team: Browser, state: str
) -> None:
    event = make_event(
        app, state=state, starts_at=NOW - timedelta(days=2), ends_at=NOW - timedelta(days=1)
    )
    listed = team.get("/organise/events?view=past&lang=de").text
    for page in (listed, overview(team, event.slug)):
        badges = re.findall(r'kern-label--small">([^<]*)</span>', page)
        assert "Vorbei" in badges
        assert not {"Angekündigt", "Anmeldung offen", "Anmeldung geschlossen"} & set(badges)


def test_empty_dashboard_names_an_empty_directory(app: Flask, team: Browser) -> None:
    page = team.get("/organise/?lang=de").text
    assert "Das Verzeichnis ist leer" in page
    assert "/organise/contacts/administrations/import" in page
    make_organisation(app, "Bendorf")
    assert "Das Verzeichnis ist leer" not in team.get("/organise/").text


def test_missing_privacy_contact_is_named_before_anything_is_announced(
    app: Flask, team: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        installation = get_installation()
    words = "Die Ansprechstelle für Datenschutz fehlt."
    assert words not in team.get("/organise/?lang=de").text
    lacking = replace(installation.settings, privacy_contact="")
    monkeypatch.setitem(
        app.extensions, "ikone_installation", replace(installation, settings=lacking)
    )
    assert words in team.get("/organise/?lang=de").text
