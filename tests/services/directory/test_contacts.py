"""Contacts of the office: what is stored of them, and that nobody overwrites anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from ikone_events.domain.address import email_key
from ikone_events.domain.directory.contact import CHECKED_FOR, ContactDraft
from ikone_events.domain.refusals import NotFound, StaleForm, UnfitInput
from ikone_events.services.directory.contacts import (
    add_contact,
    check_again,
    edit_contact,
    remove_contact,
)
from ikone_events.services.directory.unmatched import count_unmatched, decide, unmatched_groups
from ikone_events.services.privacy.own_data import data_of
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.contacts import ContactSearch, count_unchecked, search_contacts
from ikone_events.store.directory.models import Contact
from ikone_events.store.registering.models import Registration
from tests.accounts import make_account
from tests.factories import NOW, make_contact, make_event, make_organisation, make_registration
from tests.web.visitor import Queries

pytestmark = pytest.mark.both_databases

DRAFT = ContactDraft(
    email="jürgen@example.org".replace("ü", "ue"),
    source="Telefonat, 2. März 2026",
    legal_basis="consent",
    salutation="herr",
    title="Dr.",
    first_name="Jürgen",
    last_name="Müller",
    position="Leitung",
    organisation="VG Landstuhl",
    note="Nur Smart City",
)


def add(app: Flask, **changes: str) -> Contact:
    with app.app_context(), transaction():
        return add_contact(replace(DRAFT, **changes), actor="Wilma", now=NOW)


def found(app: Flask, words: str = "", **wish: object) -> list[str]:
    with app.app_context():
        page = search_contacts(ContactSearch(words=words, **wish))  # type: ignore[arg-type]
        return [contact.email for contact in page.rows]


def test_contact_is_found_by_every_word(app: Flask) -> None:
    body = make_organisation(app, "Verbandsgemeindeverwaltung Landstuhl")
    contact = add(app)
    assert contact.organisation_id == body.id
    for words in ("müller", "Mueller jürgen", "leitung", "juergen@", "Landstuhl", "vg landstuhl"):
        assert found(app, words) == [contact.email]
    assert found(app, "%") == found(app, "niemand") == []
    assert found(app, body=body.id) == [contact.email]
    assert found(app, unmatched=True) == []


def test_address_is_stored_once(app: Flask) -> None:
    first, second = add(app), make_contact(app)
    with pytest.raises(UnfitInput, match="with this address"):
        add(app, email=first.email.upper())
    draft = replace(DRAFT, email=first.email)
    with (
        pytest.raises(UnfitInput, match="with this address"),
        app.app_context(),
        transaction(),
    ):
        edit_contact(second.public_id, draft, edit_version=1, now=NOW)


def test_two_people_correct_one_contact_at_the_same_time(app: Flask) -> None:
    contact = add(app)
    later = NOW + timedelta(days=1)
    with app.app_context(), transaction():
        changed = replace(DRAFT, position="Dezernentin")
        edit_contact(contact.public_id, changed, edit_version=1, now=later)
    with pytest.raises(StaleForm), app.app_context(), transaction():
        edit_contact(contact.public_id, DRAFT, edit_version=1, now=later)
    with app.app_context():
        stored = db.session.scalars(select(Contact)).one()
    assert (stored.position, stored.edit_version, stored.checked_at) == ("Dezernentin", 2, later)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": " "},
        {"legal_basis": ""},
        {"last_name": "www.example.org"},
        {"first_name": "A" * 101},
        {"note": "kaputt\x01"},
    ],
)
@pytest.mark.one_database_by_day
def test_unfit_contact_is_refused(app: Flask, changes: dict[str, str]) -> None:
    with pytest.raises(UnfitInput):
        add(app, **changes)


def test_contact_is_to_be_checked_after_three_years(app: Flask) -> None:
    old = make_contact(app, checked_at=NOW - CHECKED_FOR)
    make_contact(app)
    assert found(app, unchecked_at=NOW) == [old.email]
    with app.app_context(), transaction():
        check_again(old.public_id, now=NOW)
    with app.app_context():
        assert count_unchecked(NOW) == 0


def test_own_data_of_an_address_name_the_contact(app: Flask) -> None:
    contact = add(app)
    person = make_registration(app, make_event(app), email=contact.email.upper())
    with app.app_context():
        data = data_of(db.session.get_one(Registration, person.id), now=NOW)
    assert data["contact_person"]["source"] == DRAFT.source
    assert data["contact_person"]["note"] == DRAFT.note
    assert data["objected_to_announcements"] is False


def test_removed_contact_is_not_found(app: Flask) -> None:
    contact = add(app)
    with app.app_context(), transaction():
        remove_contact(contact.public_id, objects=False, now=NOW)
    with pytest.raises(NotFound), app.app_context(), transaction():
        remove_contact(contact.public_id, objects=False, now=NOW)
    add(app)


def test_unknown_public_body_waits_to_be_matched(app: Flask) -> None:
    number = make_account(app)
    contact = add(app, organisation="Amt Nirgendwo")
    body = make_organisation(app, "Verbandsgemeindeverwaltung Landstuhl")
    with app.app_context():
        organiser = db.session.get_one(Organiser, number)
        assert count_unmatched(organiser) == 1
        (group,) = unmatched_groups(organiser).rows
        assert (group.text, group.people, group.contacts) == ("Amt Nirgendwo", 0, 1)
        with transaction():
            decide(organiser, group.key, body.id, now=NOW)
        assert count_unmatched(organiser) == 0
        assert db.session.get_one(Contact, contact.id).organisation_id == body.id


@pytest.mark.slow
@pytest.mark.one_database_by_day
def test_list_of_20_000_costs_as_many_queries_as_a_short_one(app: Flask) -> None:
    body = make_organisation(app, "Stadtverwaltung Kusel")
    sample = make_contact(app, organisation_id=body.id)
    names = [c.name for c in Contact.__table__.columns if c.name != "id"]
    values = {name: getattr(sample, name) for name in names}

    def listed() -> tuple[int, int]:
        with app.app_context(), Queries(app) as queries:
            page = search_contacts(ContactSearch(words="kontakt"), number=3)
            [contact.organisation.name for contact in page.rows if contact.organisation]
            return page.total, len(queries)

    total, few = listed()
    assert total == 1
    rows = [
        {**values, "public_id": f"p{n}", "email": f"k{n}@example.org", "address_hash": f"h{n}",
         "email_key": email_key(f"k{n}@example.org")}
        for n in range(20_000)
    ]  # fmt: skip
    with app.app_context(), transaction():
        db.session.execute(insert(Contact), rows)
    assert listed() == (20_001, few)
