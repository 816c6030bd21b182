"""Mails that come back, on both databases: they have failed after all, the address is dead."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.incoming.mails import BounceCause, IncomingOutcome
from ikone_events.services.incoming.resending import correct_and_retry, retry_mail
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.operating.retention import delete_expired
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail, UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.registering.models import Registration
from tests.claims import claim_next
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_registration,
    make_subscriber,
)
from tests.received import absence, bounce, damaged, receive, returned

LATER = NOW + timedelta(minutes=5)
SENT = {"state": "sent", "sent_at": NOW, "answer": "250 queued as 4711"}


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app)


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    return make_registration(app, event)


@pytest.fixture
def mail(app: Flask, person: Registration) -> OutboxMail:
    """A mail that the person's mail server took."""
    return make_mail(app, person, **SENT)


def reload(app: Flask, mail: OutboxMail) -> OutboxMail:
    with app.app_context():
        found = db.session.get_one(OutboxMail, mail.id)
        db.session.expunge_all()
        return found


def notes(app: Flask, mail: OutboxMail) -> list[tuple[str, str]]:
    with app.app_context():
        return [(note.what, note.words) for note in notes_of(mail)]


def dead(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(UndeliverableAddress.email_key)))


def test_permanent_bounce_fails_the_mail_and_marks_the_address(
    app: Flask, person: Registration, mail: OutboxMail
) -> None:
    assert receive(app, bounce(mail), now=LATER) is IncomingOutcome.TAKEN
    after = reload(app, mail)
    assert (after.state, after.sent_at) == ("failed", None)
    assert after.answer == "550 5.1.1 no such user here"
    assert notes(app, mail) == [("sent", "250 queued as 4711"), ("bounced", after.answer)]
    assert dead(app) == [person.email_key]
    with app.app_context():
        assert not [fault for fault in faults(LATER) if fault.startswith(("mails", "answers"))]


def test_second_bounce_of_a_mail_changes_nothing_more(app: Flask, mail: OutboxMail) -> None:
    receive(app, bounce(mail))
    assert receive(app, bounce(mail, words="550 still not")) is IncomingOutcome.TAKEN
    assert len(notes(app, mail)) == 2
    with app.app_context():
        assert db.session.scalars(select(UndeliverableAddress)).one().words == "550 still not"


def test_temporary_bounce_is_noted_only(app: Flask, mail: OutboxMail) -> None:
    late = bounce(mail, lost=False, code="4.4.7", words="delayed")
    assert receive(app, late) is IncomingOutcome.TEMPORARY
    assert reload(app, mail).state == "sent"
    assert notes(app, mail) == [("delayed", "4.4.7 delayed")]
    assert dead(app) == []


@pytest.mark.parametrize("cause", [BounceCause.FULL, BounceCause.SENDER, BounceCause.OTHER])
def test_lost_mail_fails_without_marking_an_address_that_is_read(
    app: Flask, mail: OutboxMail, cause: BounceCause
) -> None:
    assert receive(app, bounce(mail, cause=cause, code="5.2.2")) is IncomingOutcome.TAKEN
    assert reload(app, mail).state == "failed"
    assert dead(app) == []
    with app.app_context():
        assert not [fault for fault in faults(LATER) if fault.startswith(("mails", "answers"))]


def test_mail_of_a_mail_server_is_shown_at_the_person_and_changes_nothing(
    app: Flask, person: Registration, mail: OutboxMail
) -> None:
    for named in ({"message_ids": (mail.message_id,)}, {"addresses": (mail.recipient,)}):
        assert receive(app, returned(**named)) is IncomingOutcome.UNCLEAR
    assert (reload(app, mail).state, dead(app)) == ("sent", [])
    with app.app_context():
        found = db.session.execute(select(IncomingMail.kind, IncomingMail.registration_id))
        assert found.all() == [("look", person.id)] * 2


def test_mail_of_a_mail_server_about_others_is_not_stored(app: Flask, mail: OutboxMail) -> None:
    names = ("<of-the-office@example.org>",)
    about_others = returned(message_ids=names, addresses=("a@b.example",))
    assert receive(app, about_others) is IncomingOutcome.UNKNOWN
    with app.app_context():
        assert db.session.scalars(select(IncomingMail.id)).all() == []


def test_damaged_mail_is_shown_at_the_person_it_is_about(
    app: Flask, person: Registration, mail: OutboxMail
) -> None:
    for named in ({"uid": person.calendar_uid}, {"message_ids": (mail.message_id,)}):
        assert receive(app, damaged(**named)) is IncomingOutcome.UNCLEAR
    assert receive(app, damaged(uid="somebody-elses")) is IncomingOutcome.UNKNOWN
    with app.app_context():
        found = db.session.scalars(select(IncomingMail.registration_id).order_by(IncomingMail.id))
        assert found.all() == [person.id, person.id, None]


def test_bounce_that_is_faster_than_the_sender_wins(app: Flask, person: Registration) -> None:
    made = make_mail(app, person)
    with app.app_context(), transaction():
        claim = claim_next(now=NOW, lease=timedelta(minutes=2))
    assert claim is not None
    receive(app, bounce(made))
    with app.app_context(), transaction():
        assert outbox.mark_sent([(claim, "250 ok")], now=NOW) == 0
    assert reload(app, made).state == "failed"


def test_bounce_of_a_mail_that_waits_for_its_second_try_does_not_stop_it(
    app: Flask, mail: OutboxMail, event: Event
) -> None:
    receive(app, bounce(mail))
    with app.app_context(), transaction():
        retry_mail(event, mail.id, actor="", now=LATER)
    receive(app, bounce(mail))
    assert reload(app, mail).state == "queued"


def test_bounce_for_whom_the_mail_was_forwarded_to_marks_nobody(
    app: Flask, mail: OutboxMail
) -> None:
    assert receive(app, bounce(mail, recipient="old@example.com")) is IncomingOutcome.OTHER_ADDRESS
    assert reload(app, mail).state == "sent"
    assert dead(app) == []


def test_bounce_without_a_recipient_is_about_the_mails_own(app: Flask, mail: OutboxMail) -> None:
    assert receive(app, bounce(mail, recipient="")) is IncomingOutcome.TAKEN


def test_bounce_is_found_by_a_bare_message_id(app: Flask, mail: OutboxMail) -> None:
    bare = mail.message_id.strip("<>")
    assert receive(app, bounce(mail, original_message_id=f" {bare} ")) is IncomingOutcome.TAKEN


def test_late_bounce_leaves_the_corrected_mail_and_the_new_address_alone(
    app: Flask, event: Event, person: Registration, mail: OutboxMail
) -> None:
    receive(app, bounce(mail))
    with app.app_context(), transaction():
        correct_and_retry(event, mail.id, "neu@example.org", actor="W", now=LATER)
    assert receive(app, bounce(mail, words="once more")) is IncomingOutcome.UNKNOWN
    assert reload(app, mail).state == "queued"
    assert dead(app) == [person.email_key]
    with app.app_context(), transaction():
        delete_expired(LATER)
    assert dead(app) == [], "nobody uses the old address any more"


def test_address_that_is_typed_anew_is_no_longer_dead(
    app: Flask, event: Event, person: Registration, mail: OutboxMail
) -> None:
    receive(app, bounce(mail))
    with app.app_context(), transaction():
        correct_and_retry(event, mail.id, person.email, actor="W", now=LATER)
    assert dead(app) == []


def test_bounce_about_nothing_of_ours_is_kept_without_an_event(
    app: Flask, mail: OutboxMail
) -> None:
    for name in ("<nobody@knows>", ""):
        assert receive(app, bounce(mail, original_message_id=name)) is IncomingOutcome.UNKNOWN
    assert reload(app, mail).state == "sent"
    with app.app_context():
        assert set(db.session.scalars(select(IncomingMail.event_id))) == {None}


def test_bounce_of_news_marks_the_subscriber(app: Flask) -> None:
    subscriber = make_subscriber(app)
    with app.app_context(), transaction():
        db.session.add(
            OutboxMail(
                key="news",
                kind="announcement",
                locale="de",
                subscriber_id=subscriber.id,
                recipient=subscriber.email,
                subject="Neues",
                text="",
                html="",
                message_id="<news@localhost>",
                created_at=NOW,
                due_at=NOW,
                **SENT,
            )
        )
    with app.app_context():
        made = db.session.scalars(select(OutboxMail)).one()
        db.session.expunge_all()
    assert receive(app, bounce(made)) is IncomingOutcome.TAKEN
    assert reload(app, made).state == "failed"
    assert dead(app) == [subscriber.email_key]
    with app.app_context(), transaction():
        delete_expired(NOW + timedelta(days=40))
    assert dead(app) == [subscriber.email_key]
    with app.app_context():
        assert not [fault for fault in faults(NOW) if fault.startswith("mails")]
    with app.app_context(), transaction():
        db.session.delete(db.session.get_one(Subscriber, subscriber.id))
    with app.app_context(), transaction():
        undeliverable_addresses.delete_unused()
    assert dead(app) == []


def test_absence_is_kept_at_the_person_and_does_nothing(
    app: Flask, person: Registration, mail: OutboxMail
) -> None:
    assert receive(app, absence(mail)) is IncomingOutcome.NOTED
    with app.app_context():
        row = db.session.scalars(select(IncomingMail)).one()
        assert (row.registration_id, row.words) == (person.id, "Ich bin bis Montag nicht im Haus.")
    assert receive(app, absence(mail, references=())) is IncomingOutcome.UNKNOWN
    assert reload(app, mail).state == "sent"


def test_unknown_mails_are_never_many_and_never_old(app: Flask, mail: OutboxMail) -> None:
    with app.app_context(), transaction():
        db.session.add_all(
            IncomingMail(
                digest=f"{number:x}",
                kind="answer",
                outcome="unknown",
                received_at=NOW - timedelta(days=29),
            )
            for number in range(200)
        )
    receive(app, absence(mail, references=()))
    with app.app_context():
        kept = list(db.session.scalars(select(IncomingMail.digest)))
        assert len(kept) == 200
        assert "0" not in kept
    with app.app_context(), transaction():
        delete_expired(NOW + timedelta(days=1))
    with app.app_context():
        assert len(list(db.session.scalars(select(IncomingMail)))) == 1


def test_verify_names_a_bounce_that_no_mail_explains(app: Flask, mail: OutboxMail) -> None:
    with app.app_context(), transaction():
        outbox.mark_bounced(mail.id, now=NOW, answer="550")
    with app.app_context():
        assert f"mails: mail {mail.id} came back, and no mail says so" in list(faults(NOW))
