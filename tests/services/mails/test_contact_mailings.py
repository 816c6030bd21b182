"""Announcements to contacts: nobody twice, nobody late, nobody who objected; and what they say."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.recipients import ContactChoice, ContactGroup, Recipients
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.mailing_chunks import CHUNK, expand_chunk, find_open_mailing
from ikone_events.services.mails.unsubscribing import unsubscribe
from ikone_events.services.operating.verification.mails import double_mails
from ikone_events.store.db import db, rows_written, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from tests.factories import (
    NOW,
    FixedClock,
    make_contact,
    make_event,
    make_organisation,
    make_subscriber,
)
from tests.mailbox import Mailbox

EVERYBODY = ContactChoice()
BOTH = Recipients(subscribers=True, contacts=EVERYBODY)


def announce(app: Flask, event: Event, recipients: Recipients, *, waits: bool = False) -> None:
    wish = Request(action=Action.ANNOUNCE, actor="Wilma", recipients=recipients, waits=waits)
    with app.app_context(), transaction():
        perform(event.slug, wish, now=NOW)


def write_all(app: Flask) -> None:
    with app.app_context():
        while (mailing := find_open_mailing(NOW)) is not None:
            with transaction():
                expand_chunk(mailing, now=NOW)


def written(app: Flask) -> list[str]:
    with app.app_context():
        return sorted(db.session.scalars(select(OutboxMail.recipient)))


def numbers(app: Flask, event: Event, *choices: ContactChoice) -> list[int]:
    groups = [Group(event, Audience.CONTACTS, contact_choice=each.packed()) for each in choices]
    with app.app_context():
        return list(count_each(groups, now=NOW).values())


def test_address_of_subscriber_and_contact_gets_one_mail(app: Flask) -> None:
    event = make_event(app, state="draft")
    make_subscriber(app, email="beides@example.org")
    make_contact(app, email="Beides@Example.org")
    make_subscriber(app, email="offen@example.org", confirmed_at=None)
    make_contact(app, email="offen@example.org")
    with app.app_context():
        both = [Group(event, Audience.SUBSCRIBERS), Group(event, Audience.OTHER_CONTACTS)]
        assert sum(count_each(both, now=NOW).values()) == 2
    announce(app, event, BOTH)
    write_all(app)
    assert written(app) == ["beides@example.org", "offen@example.org"]


def test_only_the_chosen_are_written_to(app: Flask) -> None:
    make_subscriber(app)
    make_contact(app, email="k@example.org")
    for recipients, found in (
        (Recipients(), 1),
        (Recipients(subscribers=False), 0),
        (Recipients(subscribers=False, contacts=EVERYBODY), 1),
    ):
        announce(app, make_event(app, state="draft"), recipients)
        write_all(app)
        with app.app_context(), transaction():
            assert rows_written(OutboxMail.__table__.delete()) == found


def test_contacts_are_chosen_by_their_public_bodies(app: Flask) -> None:
    event = make_event(app)
    member = make_organisation(app, name="Stadt Mitglied", member=True)
    former = make_organisation(
        app, name="Stadt Ehemalig", member=True, member_until=(NOW - timedelta(days=9)).date()
    )
    for body in (member, former, former, None):
        make_contact(app, organisation_id=body.id if body else None)
    groups = [ContactChoice(frozenset({group})) for group in ContactGroup]
    single = ContactChoice(frozenset({ContactGroup.UNMATCHED}), frozenset({member.id}))
    assert numbers(app, event, *groups, single, EVERYBODY) == [1, 2, 1, 2, 4]


def test_whoever_comes_later_is_not_written_to(app: Flask) -> None:
    event = make_event(app, state="draft")
    make_contact(app, email="frueh@example.org")
    announce(app, event, BOTH)
    make_contact(app, email="spaet@example.org", created_at=NOW + timedelta(seconds=1))
    make_subscriber(app, email="frueh@example.org", confirmed_at=NOW + timedelta(seconds=1))
    write_all(app)
    assert written(app) == ["frueh@example.org"]


def test_nothing_is_written_twice_after_a_kill_and_between_two_mailings(app: Flask) -> None:
    """A contact whose subscription is deleted meanwhile is still of the same address."""
    event = make_event(app, state="draft")
    for number in range(CHUNK + 5):
        make_contact(app, email=f"k{number}@example.org")
    make_subscriber(app, email="k0@example.org")
    announce(app, event, BOTH)
    with app.app_context():
        for mailing in db.session.scalars(select(Mailing.id).order_by(Mailing.id)).all():
            with transaction():
                expand_chunk(mailing, now=NOW)
        with transaction():  # as if a killed worker had not noted how far it came
            for each in db.session.scalars(select(Mailing)):
                each.last_id, each.finished_at = 0, None
            db.session.scalars(select(Subscriber)).one().confirmed_at = None
    write_all(app)
    found = written(app)
    assert len(found) == len(set(found)) == CHUNK + 5
    with app.app_context():
        assert list(double_mails(NOW)) == []


def test_mail_states_where_the_address_comes_from_and_how_to_object(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="draft", title_en="Smart city")
    make_contact(app, salutation="frau", title="Dr.", last_name="Muster", email="de@example.org")
    make_contact(app, email="en@example.org", locale="en", legal_basis="consent", source="Call")
    announce(app, event, Recipients(subscribers=False, contacts=EVERYBODY))
    app.extensions["ikone_engine"].run_once()
    german, english = sorted(mailbox.received, key=lambda mail: mail.recipient)
    assert german.text.startswith("Sehr geehrte Frau Dr. Muster,")
    assert "Herkunft der Angaben: Website der Stadt, 2. Februar 2026" in german.text
    assert "Art. 6 Abs. 1 Buchst. e DSGVO" in german.text
    assert "jederzeit ohne Angabe von Gründen widersprechen" in german.text
    assert "Source of the data: Call" in english.text
    assert "your consent (Art. 6 (1) (a) GDPR)" in english.text
    for mail in (german, english):
        link = str(mail.message["List-Unsubscribe"]).strip("<>")
        assert link in mail.text
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/privacy" in mail.text
        assert re.search(r"/unsubscribe/[\w.-]+$", link)


def test_objection_ends_what_is_still_queued(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="draft")
    make_contact(app, email="a@example.org")
    announce(app, event, Recipients(subscribers=False, contacts=EVERYBODY))
    write_all(app)
    with app.app_context():
        link = db.session.scalars(select(OutboxMail.unsubscribe)).one()
        with transaction():
            unsubscribe(link.rpartition("/")[2], now=NOW)
        assert db.session.scalar(select(func.count(Contact.id))) == 0
    app.extensions["ikone_engine"].run_once()
    assert mailbox.received == []


def test_undone_announcement_reaches_no_contact(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, state="draft")
    make_contact(app)
    announce(app, event, BOTH, waits=True)
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.UNDO, actor="Wilma"), now=NOW)
    clock.move(hours=1)
    write_all(app)
    assert written(app) == []
    announce(app, event, BOTH)
    write_all(app)
    assert len(written(app)) == 1


def test_cancelled_event_is_not_announced_to_the_other_contacts(app: Flask) -> None:
    event = make_event(app, state="draft")
    for _ in range(CHUNK + 1):
        make_contact(app)
    announce(app, event, Recipients(subscribers=False, contacts=EVERYBODY))
    with app.app_context(), transaction():
        expand_chunk(find_open_mailing(NOW) or 0, now=NOW)
    with app.app_context(), transaction():
        wish = Request(action=Action.CANCEL, actor="Wilma", reason="krank")
        perform(event.slug, wish, now=NOW)
    write_all(app)
    with app.app_context():
        states = select(OutboxMail.state, func.count()).group_by(OutboxMail.state)
        assert db.session.execute(states).all() == [("stopped", CHUNK)]


def test_event_that_needs_a_code_is_mailed_to_no_contact(app: Flask) -> None:
    make_contact(app)
    assert numbers(app, make_event(app, by_code=True), EVERYBODY) == [0]
