"""Private calendars on both databases: one for each address, and none that nobody needs."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.calendars.feeds import entries_of, get_feed, send_address
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.incoming.resending import correct_and_retry, retry_mail
from ikone_events.services.operating.retention import delete_expired
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.store.calendars.personal_feeds import PersonalFeed
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import find_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.at_once import at_once
from tests.factories import NOW, PAST, make_event, make_registration

EMAIL = "eva.muster@example.org"


def ask(app: Flask, person: Registration, now: Any = NOW) -> None:
    with app.app_context(), transaction():
        send_address(db.session.get_one(Registration, person.id), now=now)


def feeds(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(PersonalFeed.email_key).order_by(PersonalFeed.id)))


def mails(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        wanted = select(OutboxMail).where(OutboxMail.kind == "calendar_address")
        return list(db.session.scalars(wanted.order_by(OutboxMail.id)))


def test_many_presses_make_one_calendar_and_one_mail(app: Flask) -> None:
    people = [make_registration(app, make_event(app), email=EMAIL) for _number in range(4)]
    at_once(lambda person: ask(app, person), people)
    assert feeds(app) == [EMAIL]
    assert len(mails(app)) == 1


def test_calendar_goes_with_the_last_registration(app: Flask) -> None:
    first, second = (
        make_registration(app, make_event(app, **PAST), email=EMAIL) for _number in range(2)
    )
    other = make_registration(app, make_event(app))
    ask(app, first)
    ask(app, other)
    for person, left in ((first, [EMAIL, other.email_key]), (second, [other.email_key])):
        with app.app_context(), transaction():
            forget_person(db.session.get_one(Registration, person.id), now=NOW)
        assert feeds(app) == left


def test_calendar_goes_when_the_event_is_archived(app: Flask) -> None:
    event = make_event(app, state="followed_up", retention_days=1, **PAST)
    ask(app, make_registration(app, event, email=EMAIL))
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.ARCHIVE, actor="w"), now=NOW)
    assert feeds(app) == []


def test_calendar_of_those_who_never_confirmed_goes_with_them(app: Flask) -> None:
    lapsed = {"status": "expired", "status_at": NOW - timedelta(days=7)}
    person = make_registration(app, make_event(app), email=EMAIL, **lapsed)
    ask(app, person, NOW - timedelta(days=8))
    with app.app_context(), transaction():
        delete_expired(NOW - timedelta(hours=1))
    assert feeds(app) == [EMAIL]
    with app.app_context(), transaction():
        delete_expired(NOW)
    assert feeds(app) == []


def test_corrected_address_gets_the_calendar_of_that_address(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, email="eva@exmaple.org")
    make_registration(app, make_event(app, title="Fremd"), email="eva@exmaple.org")
    ask(app, person)
    with app.app_context(), transaction():
        mail = db.session.scalars(select(OutboxMail)).one()
        old, mail.state = mail.text, "failed"
        number = mail.id
    with app.app_context(), transaction():
        found = find_event(event.slug)
        assert found is not None
        correct_and_retry(found, number, EMAIL, actor="w", now=NOW)
    [mail] = mails(app)
    assert mail.recipient == EMAIL
    token = mail.text.partition("/feeds/")[2].partition(".ics")[0]
    assert token not in old
    with app.app_context():
        titles = [entry.summary.title for entry in entries_of(get_feed(token), "de", now=NOW)]
    assert titles == [event.title]


def test_failed_mail_can_be_sent_again_whatever_became_of_the_event(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, email=EMAIL, status="cancelled")
    ask(app, person)
    with app.app_context(), transaction():
        mail = db.session.scalars(select(OutboxMail)).one()
        mail.state, number = "failed", mail.id
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.CANCEL, actor="w", reason="Aus"), now=NOW)
    with app.app_context(), transaction():
        found = find_event(event.slug)
        assert found is not None
        assert retry_mail(found, number, actor="w", now=NOW + timedelta(hours=1)).state == "queued"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PersonalFeed)) == 1
