"""Organisers find people however they spell them, in German order, on both databases."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.refusals import NotFound
from ikone_events.services.privacy.forgetting import forget
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_search import (
    RegistrationOrder,
    RegistrationSearch,
    get_people,
    search_people,
)
from ikone_events.store.mails.log import MailSearch, search_mails
from ikone_events.store.registering.administrations import search_administrations
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_organisation,
    make_registration,
    make_settings,
)

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


PEOPLE = [
    *(("Eva", "Ärmel"), ("Ada", "Armin"), ("Änne", "Müller"), ("Bert", "Mueller")),
    *(("Tom", "O’Neil"), ("Zoe", "Özdemir"), ("Jan", "Straßer"), ("Ada", "Zander")),
]
FOUND = {
    "MÜLLER": ["Müller", "Mueller"],
    "mueller": ["Müller", "Mueller"],
    "Müller, änne": ["Müller"],
    "anne muller": ["Müller"],
    "o'neil": ["O’Neil"],
    "ONEIL": ["O’Neil"],
    "özdemir": ["Özdemir"],
    "OEZ": ["Özdemir"],
    "strasser": ["Straßer"],
    "köln": ["Ärmel"],
    "KOELN": ["Ärmel"],
    "koln": ["Ärmel"],
    "100%": [],
    "_": [],
}


@pytest.fixture
def event(app: Flask) -> Event:
    event = make_event(app)
    office = make_organisation(app, "Stadtverwaltung Köln", key="koeln")
    for first, last in reversed(PEOPLE):
        matched = {"organisation_id": office.id} if last == "Ärmel" else {}
        person = make_registration(app, event, first_name=first, last_name=last, **matched)
        make_mail(app, person, recipient_name=f"{first} {last}")
    return event


def names(event: Event, words: str, order: str = RegistrationOrder.NAME) -> list[str]:
    page = search_people(event, RegistrationSearch(words=words, order=order), now=NOW)
    return [person.last_name for person in page.rows]


def test_people_and_their_mails_are_found_in_every_spelling(app: Flask, event: Event) -> None:
    with app.app_context():
        assert {words: sorted(names(event, words)) for words in FOUND} == {
            words: sorted(found) for words, found in FOUND.items()
        }
        mails = {
            words: sorted(
                mail.recipient_name.split()[-1]
                for mail in search_mails(event, MailSearch(words=words)).rows
            )
            for words in FOUND
        }
    assert mails == {words: sorted(found) for words, found in FOUND.items()}


def test_names_are_in_german_order(app: Flask, event: Event) -> None:
    with app.app_context():
        assert names(event, "") == [
            *("Ärmel", "Armin", "Mueller", "Müller", "O’Neil", "Özdemir", "Straßer", "Zander"),
        ]


def test_directory_is_in_german_order(app: Flask) -> None:
    for name in ("Zell", "Öhringen", "Ofen", "Überlingen", "Ulm"):
        make_organisation(app, name, key=name.lower())
    with app.app_context():
        wanted = ["Ofen", "Öhringen", "Überlingen", "Ulm", "Zell"]
        assert list(organisation_names()) == wanted
        assert [office.name for office in search_administrations().rows] == wanted
        for words in ("öhringen", "OEHRINGEN", "ohringen"):
            assert [office.name for office in search_administrations(words).rows] == ["Öhringen"]


def test_new_name_is_found_and_a_forgotten_one_is_not(app: Flask, event: Event) -> None:
    with app.app_context(), transaction():
        person = db.session.scalars(select(Registration).filter_by(last_name="Özdemir")).one()
        person.last_name = "Weiß"
    with app.app_context():
        assert (names(event, "weiss"), names(event, "oezdemir")) == (["Weiß"], [])
    with app.app_context(), transaction():
        forget(select(Registration.id).filter_by(last_name="Weiß"), now=NOW)
    with app.app_context():
        forgotten = db.session.get_one(Registration, person.id)
        assert (forgotten.search_key, forgotten.name_key) == ("", "")
        assert names(event, "weiss") == []


def test_number_with_a_nul_byte_is_nobody(app: Flask) -> None:
    event = make_event(app)
    known = make_registration(app, event).public_id
    with app.app_context():
        assert [each.public_id for each in get_people(event, [known])] == [known]
        with pytest.raises(NotFound):
            get_people(event, [known, "a\0b"])
