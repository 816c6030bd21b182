"""The search: grouped, best first, within what the account may see, for every way of typing."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.services.operating.verification.mails import stale_mail_keys
from ikone_events.services.privacy.forgetting import forget
from ikone_events.store.db import db, transaction
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    PAST,
    make_contact,
    make_event,
    make_mail,
    make_organisation,
    make_registration,
    make_settings,
    make_subscriber,
)
from tests.web.organiser.conftest import Browser, Person

GROUPS = ("people", "bodies", "events", "mails", "contacts", "subscribers")


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def look(browser: Browser, words: str, **more: str) -> str:
    answer = browser.get("/organise/search", query_string={"q": words, "lang": "de", **more})
    assert answer.status_code == 200
    return answer.text


def found(browser: Browser, words: str, **more: str) -> dict[str, list[str]]:
    """The titles of the rows by group without their badges, of groups that found something."""
    page, groups = look(browser, words, **more), {}
    for name in GROUPS:
        if section := re.search(rf'aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL):
            heads = re.findall(r"<h3>(?:<a[^>]*>)?(.*?)(?:</a>|<span|</h3>)", section[1], re.DOTALL)
            groups[name] = [head.strip() for head in heads]
    return groups


def test_person_is_shown_with_all_that_a_call_needs(app: Flask, team: Browser) -> None:
    event = make_event(app, slug="e", title="Glasfaser in Kusel")
    person = make_registration(app, event, first_name="Nadja", last_name="Müller")
    make_mail(app, person, state="sent", sent_at=NOW)
    last = make_mail(app, person, kind="reminder_short", state="failed")
    page = look(team, "nadja muller")
    assert "Glasfaser in Kusel" in page
    assert f"/organise/events/e/mail/{last.id}" in page
    assert "Nicht zugestellt" in page
    for path in ("do/withdraw", "do/hand_over", "resend", "correct"):
        assert f"/organise/events/e/registrations/{person.public_id}/{path}" in page


def test_person_of_the_past_gets_no_confirmation_again(app: Flask, team: Browser) -> None:
    make_registration(app, make_event(app, slug="over", **PAST), last_name="Ahorn")
    make_registration(app, make_event(app, slug="off", state="cancelled"), last_name="Ahorn")
    page = look(team, "ahorn")
    assert found(team, "ahorn")["people"] == ["Ahorn, Maria", "Ahorn, Maria"]
    assert "/resend" not in page
    assert "/do/withdraw" not in page.partition("/events/over")[2]


def test_viewer_is_offered_nothing_that_changes_a_registration(app: Flask, viewer: Browser) -> None:
    make_registration(app, make_event(app), last_name="Ahorn")
    page = look(viewer, "ahorn")
    assert "Ahorn, Maria" in page
    assert not any(path in page for path in ("/resend", "/do/", "/correct"))


def test_person_who_handed_over_is_not_called_withdrawn(app: Flask, team: Browser) -> None:
    event = make_event(app)
    before = make_registration(app, event, last_name="Ahorn", status="cancelled")
    make_registration(app, event, first_name="Kai", last_name="Birke", predecessor_id=before.id)
    page = look(team, "ahorn")
    assert "Platz übergeben" in page
    assert "an Kai Birke" in page
    assert "Abgemeldet" not in page


@pytest.mark.both_databases
def test_people_are_found_in_every_spelling_and_in_any_order(app: Flask, team: Browser) -> None:
    office = make_organisation(app, "Verbandsgemeinde Kusel-Altenglan", key="vg")
    make_registration(
        app, make_event(app), first_name="Änne", last_name="Großmüller", organisation_id=office.id
    )
    for words in (
        *("kusel großmüller", "Grossmueller KUSEL", "änne", "anne gross", "altenglan, müller"),
        *("GROSSMÜLLER", "kusel-altenglan ae"),
    ):
        assert found(team, words)["people"] == ["Großmüller, Änne"], words


@pytest.mark.both_databases
def test_characters_of_patterns_are_literal(app: Flask, team: Browser) -> None:
    make_registration(app, make_event(app, title="Nur 100% zählen"), last_name="O_Neil\\")
    for words in ("%", "_", "\\", "o_neil", "'", '"', "100%", "%%", "a%b", "/", "' OR 1=1 --"):
        shown = found(team, words)
        assert "people" not in shown or words in ("_", "\\", "o_neil"), words
        assert ("events" in shown) is (words in ("%", "100%")), words


@pytest.mark.both_databases
def test_nearest_hit_comes_first(app: Flask, team: Browser) -> None:
    soon, later = (
        make_event(app, title="Soon"),
        make_event(
            app, title="Later", starts_at=NOW + timedelta(days=30), ends_at=NOW + timedelta(days=31)
        ),
    )
    over = make_event(app, title="Over", **PAST)
    make_registration(
        app, soon, first_name="Ada", last_name="Zumwalde", email="a@ahorn.example.org"
    )
    make_registration(app, over, first_name="Over", last_name="Ahorn")
    make_registration(app, later, first_name="Later", last_name="Ahorn")
    make_registration(app, soon, first_name="Gone", last_name="Ahorn", status="cancelled")
    make_registration(app, soon, first_name="Soon", last_name="Ahornberg")
    assert found(team, "ahorn")["people"] == [
        *("Ahornberg, Soon", "Ahorn, Gone", "Ahorn, Later", "Ahorn, Over", "Zumwalde, Ada"),
    ]
    assert found(team, "over")["events"] == ["Over"]
    make_registration(app, over, last_name="Exakt", email="wald@example.org")
    make_registration(app, soon, last_name="Wald", email="schwarz.wald@example.org")
    assert found(team, "Wald@example.org")["people"] == ["Exakt, Maria", "Wald, Maria"]


def test_events_are_found_by_title_series_place_and_slug(app: Flask, team: Browser) -> None:
    make_event(app, slug="ki-1", title="Künstliche Intelligenz", series="Lotsen", place="Öhringen")
    make_event(app, slug="ki-12", title="Noch einmal", series="Andere")
    for words in ("kuenstliche", "intelligenz lotsen", "ohringen"):
        assert found(team, words)["events"] == ["Künstliche Intelligenz"], words
    assert found(team, "KI-1")["events"] == ["Künstliche Intelligenz", "Noch einmal"]


@pytest.mark.both_databases
def test_mails_are_found_by_recipient_subject_and_message_id(app: Flask, team: Browser) -> None:
    person = make_registration(app, make_event(app), last_name="Müller", email="m@example.org")
    values = {"recipient_name": "Nadja Müller", "recipient": "alt@example.org"}
    make_mail(app, person, subject="Ihr Zugangslink", message_id="<x-1@localhost>", **values)
    make_mail(app, person, subject="Neuer Termin", message_id="<x-2@localhost>")
    for words in ("zugangslink", "mueller zugangslink", "alt@example.org", "<x-1@localhost>"):
        assert found(team, words)["mails"] == ["Ihr Zugangslink"], words
    assert found(team, "x-2@localhost")["mails"] == ["Neuer Termin"]


@pytest.mark.both_databases
def test_public_body_shows_who_comes(app: Flask, team: Browser) -> None:
    office, event = make_organisation(app, "Stadt Kusel", key="kusel"), make_event(app)
    for name in ("Ahorn", "Birke"):
        make_registration(app, event, last_name=name, organisation_id=office.id)
    make_registration(app, make_event(app, **PAST), organisation_id=office.id)
    page = look(team, "kusel")
    assert "2 Anmeldungen zu kommenden Veranstaltungen" in page
    assert found(team, "Stadt Kusel", **{"in": "people"})["people"][:2] == [
        *("Ahorn, Maria", "Birke, Maria"),
    ]


def test_group_is_shown_by_pages(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for number in range(60):
        make_registration(app, event, last_name=f"Ahorn{number:02}")
    assert len(found(team, "ahorn")["people"]) == 8
    assert "Alle 60 ansehen" in look(team, "ahorn")
    assert found(team, "ahorn", page="2", **{"in": "people"}).keys() == {"people"}
    assert len(found(team, "ahorn", page="2", **{"in": "people"})["people"]) == 10
    assert len(found(team, "ahorn", page="99", **{"in": "people"})["people"]) == 10
    assert len(found(team, "ahorn", page="-1", **{"in": "nonsense"})["people"]) == 8
    assert len(found(team, "ahorn", page="9" * 30, **{"in": "people"})["people"]) == 10


def test_search_shows_what_can_be_searched_and_what_was_left_out(team: Browser) -> None:
    for words in ("", "  "):
        assert "Was suchen Sie?" in look(team, words)
    assert "Nichts gefunden" in look(team, "-")
    page = look(team, "x" * 10_000)
    assert "Nur der Anfang wurde gesucht" in page
    assert "x" * 201 not in page.partition("<main")[2]
    assert "<script>" not in look(team, "<script>alert(1)</script>").partition("<main")[2]


@pytest.mark.both_databases
def test_limited_account_finds_its_events_alone(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    for slug in ("mine", "foreign"):
        event = make_event(app, slug=slug, title=f"Glasfaser {slug}")
        person = make_registration(app, event, first_name=slug, last_name="Ahorn")
        make_mail(app, person, subject=f"Glasfaser: Ahorn {slug}", message_id=f"<{slug}@localhost>")
    make_subscriber(app, email="ahorn@example.org")
    make_contact(app, last_name="Ahorn")
    browser = browser_of(make_person("nur@example.org", only=("mine",)))
    assert found(browser, "ahorn") == {
        "people": ["Ahorn, mine"],
        "mails": ["Glasfaser: Ahorn mine"],
    }
    assert found(browser, "glasfaser")["events"] == ["Glasfaser mine"]
    assert found(browser, "<foreign@localhost>") == {}


def test_subscribers_and_their_mails_are_for_those_who_may_see_them(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    subscriber = make_subscriber(app, email="ahorn@example.org")
    person = make_registration(app, make_event(app), last_name="Birke")
    make_mail(
        app,
        person,
        registration_id=None,
        subscriber_id=subscriber.id,
        recipient="ahorn@example.org",
        subject="Ankündigung",
    )
    assert found(team, "ahorn") == {
        "mails": ["Ankündigung"],
        "subscribers": ["ahorn@example.org"],
    }
    assert found(viewer, "ahorn") == {}


@pytest.mark.both_databases
def test_contact_persons_are_for_those_who_may_see_them(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    office = make_organisation(app, "Stadt Kusel", key="kusel")
    make_contact(app, first_name="Änne", last_name="Ahorn", organisation_id=office.id)
    for number in range(9):
        make_contact(app, last_name=f"Birke{number}", email=f"birke{number}@example.org")
    for words in ("aenne", "ahorn kusel"):
        assert found(team, words) == {"contacts": ["Änne Ahorn"]}, words
    assert len(found(team, "birke")["contacts"]) == 8
    assert "Alle 9 ansehen" in look(team, "birke")
    assert found(viewer, "ahorn") == {}


@pytest.mark.both_databases
def test_mails_to_contacts_are_for_those_who_may_see_them(
    app: Flask,
    team: Browser,
    viewer: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    contact, person = make_contact(app), make_registration(app, make_event(app, slug="mine"))
    mail = {"registration_id": None, "contact_id": contact.id, "recipient": contact.email}
    make_mail(app, person, **mail, subject="Ankündigung")
    limited = browser_of(make_person("nur@example.org", only=("mine",)))
    assert found(team, contact.email)["mails"] == ["Ankündigung"]
    assert [found(browser, contact.email) for browser in (viewer, limited)] == [{}, {}]


@pytest.mark.both_databases
def test_forgotten_people_are_not_found_nor_their_last_mails(app: Flask, team: Browser) -> None:
    person = make_registration(app, make_event(app), last_name="Ahorn")
    make_mail(app, person, recipient_name="Maria Ahorn")
    assert found(team, "ahorn").keys() == {"people", "mails"}
    with app.app_context(), transaction():
        forget(select(Registration.id), now=NOW)
    assert found(team, "ahorn") == {}
    with app.app_context():
        assert list(stale_mail_keys(NOW)) == []


def test_corrected_mail_is_found_by_its_new_recipient(app: Flask, team: Browser) -> None:
    person = make_registration(app, make_event(app), last_name="Birke")
    mail = make_mail(app, person, recipient="alt@example.org")
    with app.app_context(), transaction():
        db.session.merge(mail).recipient = "neu@example.org"
    assert "mails" in found(team, "neu@example.org")
    assert "mails" not in found(team, "alt@example.org")
