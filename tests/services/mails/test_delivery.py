"""The outbox and its worker: leases, pauses, final failures, a heartbeat; on both databases."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.refusals import NotFound
from ikone_events.services.incoming.resending import retry_mail
from ikone_events.services.mails import outbox
from ikone_events.services.operating import health
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import MailClaim
from ikone_events.store.mails.models import Heartbeat, Mailing, OutboxMail
from tests.at_once import at_once
from tests.claims import claim_next
from tests.factories import NOW, FixedClock, make_event, make_mail, make_registration
from tests.mailbox import Mailbox
from tests.rows import work

pytestmark = pytest.mark.both_databases

LEASE = timedelta(seconds=120)


@pytest.fixture
def mail(app: Flask) -> OutboxMail:
    return make_mail(app, make_registration(app, make_event(app)))


def now_of(app: Flask, mail: OutboxMail) -> OutboxMail:
    with app.app_context():
        found = db.session.get_one(OutboxMail, mail.id)
        db.session.refresh(found)
        db.session.expunge(found)
        return found


def claim(app: Flask, *, later: timedelta = timedelta(0)) -> MailClaim | None:
    with app.app_context(), transaction():
        return claim_next(now=NOW + later, lease=LEASE)


def test_mail_is_sent_once_and_marked(app: Flask, mail: OutboxMail, mailbox: Mailbox) -> None:
    assert work(app) == 1
    assert work(app) == 0

    sent = now_of(app, mail)
    assert (sent.state, sent.tries, sent.sent_at, sent.answer) == (
        "sent",
        1,
        NOW,
        "250 2.0.0 kept",
    )
    assert [m.message["Message-ID"] for m in mailbox.received] == [mail.message_id]


def test_refused_recipient_fails_in_the_servers_words(
    app: Flask, mail: OutboxMail, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _recipient: "550 5.1.1 No such user"

    work(app)

    failed = now_of(app, mail)
    assert (failed.state, failed.answer) == ("failed", "550 5.1.1 No such user")


def test_deferred_mail_waits_for_its_pause(
    app: Flask, mail: OutboxMail, mailbox: Mailbox, clock: FixedClock, settings: Settings
) -> None:
    mailbox.answer = lambda _recipient: "451 4.7.1 Greylisted"
    work(app)
    pause = timedelta(seconds=settings.mail_retry[0])
    assert pause <= now_of(app, mail).due_at - NOW <= pause * 1.2

    mailbox.answer = lambda _recipient: None
    clock.move(seconds=settings.mail_retry[0] - 1)
    assert work(app) == 0
    clock.move(seconds=settings.mail_retry[0] * 0.2 + 1)
    assert work(app) == 1


def test_mail_is_given_up_after_the_last_pause(
    app: Flask, mail: OutboxMail, mailbox: Mailbox, clock: FixedClock, settings: Settings
) -> None:
    mailbox.answer = lambda _recipient: "451 4.7.1 Greylisted"
    for pause in (*settings.mail_retry, 0):
        assert now_of(app, mail).state == "queued"
        work(app)
        clock.move(seconds=pause * 1.2)

    assert now_of(app, mail).state == "failed"
    assert clock.moment - NOW >= timedelta(hours=24)


def test_one_greylisted_recipient_holds_up_nobody(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    slow = make_mail(app, make_registration(app, event, email="slow@example.org"))
    make_mail(app, make_registration(app, event, email="quick@example.org"))
    mailbox.answer = lambda recipient: "450 later" if recipient.startswith("slow") else None

    assert work(app) == 1

    assert now_of(app, slow).state == "queued"


def test_mail_server_that_is_down_costs_no_mail_a_try(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    mails = [make_mail(app, make_registration(app, event)) for _ in range(3)]
    mailbox.__exit__(None, None, None)

    assert work(app) == 0

    assert [now_of(app, mail).tries for mail in mails] == [0, 0, 0]
    mailbox.__enter__()


def test_single_mails_go_before_those_of_a_mailing(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        mailing = Mailing(
            event_id=event.id,
            kind="access_link",
            audience="confirmed",
            created_at=NOW,
            finished_at=NOW,
        )
        db.session.add(mailing)
        db.session.flush()
        number = mailing.id
    many = make_registration(app, event, email="many@example.org")
    make_mail(app, many, mailing_id=number)
    make_mail(app, make_registration(app, event, email="single@example.org"))

    work(app)

    assert [m.recipient for m in mailbox.received] == ["single@example.org", "many@example.org"]


def test_claimed_mail_is_nobody_elses_until_the_lease_ends(app: Flask, mail: OutboxMail) -> None:
    first = claim(app)

    assert first is not None
    assert claim(app, later=LEASE) is None
    second = claim(app, later=LEASE + timedelta(seconds=1))
    assert second is not None
    assert second.tries == first.tries + 1


def test_worker_that_wakes_after_its_lease_changes_nothing(app: Flask, mail: OutboxMail) -> None:
    slow = claim(app)
    quick = claim(app, later=LEASE * 2)
    assert slow is not None
    assert quick is not None

    with app.app_context(), transaction():
        assert outbox.mark_sent([(quick, "250 quick")], now=NOW) == 1
        assert not outbox.mark_failed(slow, now=NOW, answer="550 slow")

    assert now_of(app, mail).answer == "250 quick"


def test_many_workers_share_the_mails(app: Flask) -> None:
    event = make_event(app)
    for _ in range(8):
        make_mail(app, make_registration(app, event))
    claims: Counter[int] = Counter()

    def one(_worker: int) -> None:
        while found := claim(app):
            claims[found.id] += 1

    at_once(one, range(4))

    # A worker whose pick was taken by another may stop early; nothing is ever taken twice.
    while found := claim(app):
        claims[found.id] += 1
    assert sorted(claims.values()) == [1] * 8


def test_failed_mail_is_sent_again_under_its_old_number(
    app: Flask, mail: OutboxMail, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _recipient: "550 no"
    work(app)
    mailbox.answer = lambda _recipient: None

    with app.app_context(), transaction():
        retry_mail(db.session.get_one(Event, mail.event_id), mail.id, actor="", now=NOW)

    assert work(app) == 1
    assert mailbox.received[0].message["Message-ID"] == mail.message_id


def test_mail_of_another_event_is_not_found(app: Flask, mail: OutboxMail) -> None:
    other = make_event(app)

    with app.app_context(), pytest.raises(NotFound), transaction():
        retry_mail(db.session.get_one(Event, other.id), mail.id, actor="", now=NOW)


def test_worker_gives_a_sign_of_life_and_forgets_dead_ones(app: Flask, clock: FixedClock) -> None:
    with app.app_context(), transaction():
        db.session.add(Heartbeat(worker="gone:1", beat_at=NOW - timedelta(days=2)))

    work(app)

    with app.app_context():
        beats = list(db.session.scalars(select(Heartbeat)))
    assert [beat.beat_at for beat in beats] == [NOW]


def test_workers_of_one_name_beat_at_the_same_moment(app: Flask) -> None:
    """Two containers may both be process 1 of a machine with the same name."""

    def first_beat(_worker: int) -> None:
        with app.app_context(), transaction():
            health.beat("app:1", now=NOW)

    at_once(first_beat, range(4))
    with app.app_context():
        assert [row.worker for row in db.session.scalars(select(Heartbeat))] == ["app:1"]
