"""Objections to announcements: remembered without the address, and lifted only by the person."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.directory.contact import ContactDraft
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.directory.contacts import add_contact, remove_contact
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import subscribers
from ikone_events.services.mails.news_facts import unsubscribe_page
from ikone_events.services.mails.unsubscribing import delete_unused, find_reader, unsubscribe
from ikone_events.services.operating.verification.settings import wrong_hashes
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.mails.objections import Objection, ObjectionKey, objected_among
from tests.factories import NOW, make_contact, make_event, make_subscriber

pytestmark = pytest.mark.both_databases

ADDRESS = "nie.wieder@example.org"


def link_of(app: Flask, reader: Contact | Subscriber) -> str:
    with app.app_context():
        return unsubscribe_page(reader).rpartition("/")[2]


def leave(app: Flask, token: str) -> None:
    with app.app_context(), transaction():
        unsubscribe(token, now=NOW)


def left(app: Flask) -> tuple[int, int, int]:
    """How many contacts, subscribers and objections there are."""
    with app.app_context():
        contacts, readers = (
            db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Contact, Subscriber)
        )
        return contacts, readers, db.session.scalar(select(func.count(Objection.made_at))) or 0


def add_again(app: Flask, contact: Contact) -> None:
    with app.app_context(), transaction():
        draft = ContactDraft(email=contact.email, source="Messe", legal_basis="consent")
        add_contact(draft, actor="Wilma", now=NOW)


def test_objection_ends_contact_and_subscription_and_keeps_no_address(app: Flask) -> None:
    contact = make_contact(app, email=ADDRESS)
    make_subscriber(app, email=ADDRESS.upper())
    other = make_contact(app)
    token = link_of(app, contact)
    leave(app, token)
    leave(app, token)
    assert left(app) == (1, 0, 1)
    with app.app_context():
        stored = db.session.scalars(select(Objection)).one()
        assert "nie" not in stored.address_hash
        assert objected_among([ADDRESS, other.email]) == {ADDRESS}
        assert find_reader(token) is None


def test_subscriber_who_leaves_is_no_contact_any_more_either(app: Flask) -> None:
    make_contact(app, email=ADDRESS)
    leave(app, link_of(app, make_subscriber(app, email=ADDRESS)))
    assert left(app) == (0, 0, 1)


def test_leaving_the_opening_of_one_event_objects_to_nothing(app: Flask) -> None:
    make_contact(app, email=ADDRESS)
    reader = make_subscriber(app, make_event(app, state="announced"), email=ADDRESS)
    leave(app, link_of(app, reader))
    assert left(app) == (1, 0, 0)


def test_link_of_a_deleted_contact_still_counts_for_one_that_was_entered_again(app: Flask) -> None:
    contact = make_contact(app, email=ADDRESS)
    token = link_of(app, contact)
    with app.app_context(), transaction():
        remove_contact(contact.public_id, objects=False, now=NOW)
    with app.app_context():
        assert find_reader(token) is not None
    add_again(app, contact)
    leave(app, token)
    assert left(app) == (0, 0, 1)


def test_office_cannot_enter_an_address_that_objected(app: Flask) -> None:
    contact = make_contact(app, email=ADDRESS)
    with app.app_context(), transaction():
        remove_contact(contact.public_id, objects=True, now=NOW)
    with pytest.raises(UnfitInput, match="wants no announcements"):
        add_again(app, contact)


def test_only_a_confirmed_subscription_lifts_an_objection(app: Flask) -> None:
    contact = make_contact(app, email=ADDRESS)
    leave(app, link_of(app, contact))
    with app.app_context():
        with transaction():
            reader = subscribers.subscribe(ADDRESS, "de", now=NOW)
        assert left(app) == (0, 1, 1)
        claim = LinkClaim(reader.public_id, reader.link_epoch)
        token = get_installation().signer.sign(Purpose.SUBSCRIPTION, claim)
        with transaction():
            subscribers.confirm(token, now=NOW)
    assert left(app) == (0, 1, 0)
    add_again(app, contact)


def test_contact_that_was_entered_while_the_person_objected_is_deleted(app: Flask) -> None:
    contact = make_contact(app, email=ADDRESS)
    with app.app_context(), transaction():
        db.session.add(Objection(address_hash=contact.address_hash, made_at=NOW))
    with app.app_context(), transaction():
        delete_unused()
    assert left(app) == (0, 0, 1)


def test_forged_link_changes_nothing(app: Flask) -> None:
    token = link_of(app, make_contact(app, email=ADDRESS))
    leave(app, f"{token}x")
    assert left(app) == (1, 0, 0)


def test_another_secret_key_forgets_no_objection(app: Flask) -> None:
    """The key of the hashes is a row, so it is in every backup too."""
    leave(app, link_of(app, make_contact(app, email=ADDRESS)))
    with app.app_context():
        key = db.session.scalars(select(ObjectionKey.key)).one()
        assert len(key) == 64
        assert key not in get_installation().settings.secret_key


def test_verify_finds_a_contact_whose_objection_would_be_missed(app: Flask) -> None:
    contact = make_contact(app)
    with app.app_context():
        assert list(wrong_hashes(NOW)) == []
        with transaction():
            db.session.get_one(Contact, contact.id).address_hash = "0" * 64
        assert list(wrong_hashes(NOW)) == [
            f"contacts: contact {contact.id} is not found by its address"
        ]
