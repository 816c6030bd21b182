"""Subscribers on both databases: double opt-in, races, the way out, and what is forgotten when."""

import re
import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import LinkRefused, RegistrationClosed
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import subscribers
from ikone_events.services.mails.mailing_chunks import expand_chunk
from ikone_events.services.mails.news_facts import unsubscribe_page
from ikone_events.services.mails.unsubscribing import unsubscribe
from ikone_events.services.mails.writing import write_to_subscriber
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from tests.at_once import at_once
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_registration,
    make_subscriber,
)
from tests.mailbox import Mailbox
from tests.rows import kinds_of_mails

pytestmark = pytest.mark.both_databases

ADDRESS = "leserin@example.org"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def subscribe(app: Flask, event: Event | None = None, **changes: object) -> None:
    values = {"now": NOW, "email": ADDRESS, "locale": "de", **changes}
    with app.app_context(), transaction():
        found = find_event(event.slug) if event else None
        subscribers.subscribe(event=found, **values)  # type: ignore[arg-type]


def token(app: Flask) -> str:
    """From the last mail that asks for a confirmation, as the reader finds it."""
    wanted = select(OutboxMail.text).order_by(OutboxMail.id.desc()).limit(1)
    with app.app_context():
        found = re.search(r"/subscribe/(\S+)", db.session.scalars(wanted).one())
    assert found
    return found[1]


def token_of(app: Flask, subscriber: Subscriber) -> str:
    with app.app_context():
        return unsubscribe_page(subscriber).rpartition("/")[2]


def confirm(app: Flask, link: str, now: object = NOW) -> None:
    with app.app_context(), transaction():
        subscribers.confirm(link, now=now)  # type: ignore[arg-type]


def leave(app: Flask, link: str) -> None:
    with app.app_context(), transaction():
        unsubscribe(link, now=NOW)


def delete_expired(app: Flask, now: object = NOW) -> int:
    with app.app_context(), transaction():
        return subscribers.delete_expired(now)  # type: ignore[arg-type]


def act(app: Flask, event: Event, action: Action, now: object = NOW) -> None:
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="test"), now=now)  # type: ignore[arg-type]


def expand(app: Flask) -> int:
    with app.app_context(), transaction():
        wanted = select(Mailing.id).where(Mailing.finished_at.is_(None))
        return sum(expand_chunk(number, now=NOW) for number in db.session.scalars(wanted))


def rows(app: Flask) -> list[Subscriber]:
    with app.app_context():
        return list(db.session.scalars(select(Subscriber).order_by(Subscriber.id)))


def test_confirming_twice_changes_nothing_the_second_time(app: Flask) -> None:
    subscribe(app)
    assert rows(app)[0].confirmed_at is None
    link = token(app)
    for hours in (1, 2):
        confirm(app, link, NOW + hours * HOUR)
    assert [row.confirmed_at for row in rows(app)] == [NOW + HOUR]
    assert kinds_of_mails(app) == ["subscription"]


@pytest.mark.one_database_by_day
def test_forged_and_foreign_links_confirm_nothing(app: Flask) -> None:
    waits = make_subscriber(app, confirmed_at=None)
    with app.app_context():
        other_purpose = get_installation().personal_page(waits.public_id, 1).rpartition("/")[2]
    for link in ("x", other_purpose, token_of(app, waits) + "x"):
        with pytest.raises(LinkRefused):
            confirm(app, link)
    assert rows(app)[0].confirmed_at is None


def test_stranger_changes_nothing_of_a_confirmed_subscription(app: Flask) -> None:
    make_subscriber(app, email=ADDRESS)
    before = rows(app)[0]
    subscribe(app, locale="en", email=ADDRESS.upper())
    (after,) = rows(app)
    for name in ("id", "public_id", "email", "locale", "created_at", "confirmed_at"):
        assert getattr(after, name) == getattr(before, name), name


def test_asking_again_begins_the_waiting_time_anew(app: Flask) -> None:
    subscribe(app)
    later = NOW + 6 * DAY
    subscribe(app, locale="en", now=later)
    (row,) = rows(app)
    assert (row.locale, row.created_at) == ("en", later)
    assert delete_expired(app, NOW + 8 * DAY) == 0
    assert delete_expired(app, later + 7 * DAY) == 1


def test_two_who_subscribe_one_address_at_once_make_one_row_and_one_mail(app: Flask) -> None:
    at_once(lambda _number: subscribe(app), range(8))
    assert len(rows(app)) == 1
    assert kinds_of_mails(app) == ["subscription"]


def test_unsubscribing_takes_row_and_mails_and_lets_one_come_back(app: Flask) -> None:
    subscribe(app)
    link = token(app)
    confirm(app, link)
    event = make_event(app, state="draft")
    act(app, event, Action.ANNOUNCE)
    assert expand(app) == 1
    assert kinds_of_mails(app) == ["subscription", "announcement"]
    for _press in range(2):
        leave(app, link)
    assert rows(app) == []
    assert kinds_of_mails(app) == []
    with pytest.raises(LinkRefused):
        confirm(app, link)
    subscribe(app)
    leave(app, link)
    assert len(rows(app)) == 1, "the old link does not reach the new subscription"
    confirm(app, token(app))
    assert kinds_of_mails(app) == ["subscription"]


def test_who_leaves_while_a_mailing_is_written_holds_up_nobody(app: Flask) -> None:
    """The deletion waits for the chunk and takes its mail along."""
    reader, other = make_subscriber(app), make_subscriber(app)
    act(app, make_event(app, state="draft"), Action.ANNOUNCE)
    leaving = threading.Thread(target=leave, args=(app, token_of(app, reader)))
    with app.app_context(), transaction():
        mailing = db.session.scalars(select(Mailing)).one()
        assert expand_chunk(mailing.id, now=NOW) == 2
        leaving.start()
        leaving.join(0.5)
    leaving.join()
    assert [row.id for row in rows(app)] == [other.id]
    with app.app_context():
        assert db.session.scalars(select(OutboxMail.subscriber_id)).all() == [other.id]


def test_forgotten_registration_link_unsubscribes_nobody(app: Flask) -> None:
    reader = make_subscriber(app)
    leave(app, "x")
    leave(app, token_of(app, reader) + "x")
    assert len(rows(app)) == 1


@pytest.mark.one_database_by_day
def test_mail_reaches_the_mailbox_with_its_way_out(app: Flask, mailbox: Mailbox) -> None:
    reader = make_subscriber(app, email=ADDRESS)
    event = make_event(app, state="draft", title="Wärmeplanung", contact_name="Jutta Beispiel")
    act(app, event, Action.ANNOUNCE)
    app.extensions["ikone_engine"].run_once()
    (received,) = mailbox.received
    message, text = received.message, received.text.replace("\r\n", "\n")
    address = f"http://localhost/unsubscribe/{token_of(app, reader)}"
    assert message["To"] == ADDRESS
    assert message["Reply-To"] == "jutta.beispiel@example.org"
    assert message["List-Unsubscribe"] == f"<{address}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["References"] is None
    assert text.startswith("Guten Tag,")
    assert "Wärmeplanung" in text
    assert "Kurz gesagt." in text
    assert f"http://localhost/events/{event.slug}\n" in text
    assert f"Abbestellen: {address}" in text
    assert received.calendar is None
    with app.app_context():
        (row,) = db.session.scalars(select(OutboxMail))
        assert (row.subscriber_id, row.unsubscribe) == (reader.id, address)


def test_addresses_wait_for_their_confirmation(app: Flask) -> None:
    make_subscriber(app, confirmed_at=None)
    act(app, make_event(app, state="draft"), Action.ANNOUNCE)
    assert expand(app) == 0


@pytest.mark.parametrize("state", ["draft", "announced", "open", "cancelled", "archived"])
@pytest.mark.parametrize(
    "kind", [MailKind.ANNOUNCEMENT, MailKind.OPENING, MailKind.REMINDER_DEADLINE]
)
@pytest.mark.one_database_by_day
def test_news_can_be_written_in_every_state(app: Flask, kind: MailKind, state: str) -> None:
    reader = make_subscriber(app, locale="en")
    event = make_event(app, state=state, deadline=NOW + DAY, capacity=5)
    make_registration(app, event)
    with app.app_context(), transaction():
        mail = write_to_subscriber(kind, reader, event, key="k", now=NOW)
    assert mail.text.startswith("Hello,\n\n")
    assert mail.calendar is None
    if kind is MailKind.REMINDER_DEADLINE:
        assert "Registration closes: Tuesday, 3 March 2026, 10:00 (German time)" in mail.text
        assert "Free places: 4" in mail.text


def test_full_event_claims_no_places(app: Flask) -> None:
    reader = make_subscriber(app)
    event = make_event(app, capacity=1)
    make_registration(app, event)
    kind = MailKind.REMINDER_DEADLINE
    with app.app_context(), transaction():
        mail = write_to_subscriber(kind, reader, event, key="k", now=NOW)
    assert "Zurzeit sind alle Plätze vergeben." in mail.text
    assert "Freie Plätze" not in mail.text


@pytest.mark.parametrize("state", ["draft", "open", "closed", "postponed", "cancelled"])
@pytest.mark.one_database_by_day
def test_only_an_announced_opening_can_be_waited_for(app: Flask, state: str) -> None:
    with pytest.raises(RegistrationClosed):
        subscribe(app, make_event(app, state=state))
    assert rows(app) == []


def test_opening_is_mailed_once_to_those_who_asked(app: Flask) -> None:
    event, other = make_event(app, state="announced"), make_event(app, state="announced")
    subscribe(app, event)
    confirm(app, token(app), NOW - HOUR)
    make_subscriber(app)
    make_subscriber(app, other)
    act(app, event, Action.OPEN)
    assert expand(app) == 1
    assert kinds_of_mails(app) == ["subscription", "opening"]


@pytest.mark.parametrize("expanded_first", [False, True])
@pytest.mark.parametrize("moment", [NOW - HOUR, NOW, NOW + HOUR])
def test_who_confirms_after_the_opening_is_mailed_once(
    app: Flask, expanded_first: bool, moment: object
) -> None:
    """Also with a clock that has gone back since: a mailing looks at moments."""
    event = make_event(app, state="announced")
    subscribe(app, event)
    link = token(app)
    act(app, event, Action.OPEN)
    if expanded_first:
        expand(app)
    for _press in range(2):
        confirm(app, link, moment)
    expand(app)
    assert kinds_of_mails(app) == ["subscription", "opening"]


def test_unconfirmed_addresses_are_forgotten_on_the_day_their_mail_named(app: Flask) -> None:
    subscribe(app)
    make_subscriber(app, created_at=NOW - 30 * DAY)
    with app.app_context():
        assert "am 9. März 2026." in db.session.scalars(select(OutboxMail.text)).one()
    assert delete_expired(app, NOW + 7 * DAY - HOUR) == 0
    assert delete_expired(app, NOW + 7 * DAY) == 1
    assert [row.confirmed_at is not None for row in rows(app)] == [True]
    assert kinds_of_mails(app) == []


def test_interest_in_one_event_ends_a_week_after_its_news(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="announced")
    make_subscriber(app, event)
    make_subscriber(app)
    act(app, event, Action.OPEN)
    assert delete_expired(app, NOW + 8 * DAY) == 0, "the e-mail is not written yet"
    expand(app)
    assert delete_expired(app, NOW + 8 * DAY) == 0, "the e-mail waits in the outbox"
    app.extensions["ikone_engine"].run_once()
    assert len(mailbox.received) == 1
    assert delete_expired(app, NOW + 6 * DAY) == 0
    assert delete_expired(app, NOW + 8 * DAY) == 1
    assert [row.event_id for row in rows(app)] == [None]


def test_second_opening_is_waited_for_like_the_first(app: Flask) -> None:
    """Postponed after it had opened, announced again: an old mailing forgets nobody."""
    event = make_event(app, state="announced")
    make_subscriber(app, event)
    old = Mailing(
        event_id=event.id,
        kind="opening",
        audience="interested",
        created_at=NOW - 30 * DAY,
        finished_at=NOW - 30 * DAY,
    )
    with app.app_context(), transaction():
        db.session.add(old)
    assert delete_expired(app) == 0
    act(app, event, Action.OPEN)
    assert delete_expired(app) == 0
    assert expand(app) == 1


@pytest.mark.parametrize("values", [{"state": "cancelled"}, {"state": "closed", **PAST}])
def test_interest_ends_with_the_event(app: Flask, values: dict[str, object]) -> None:
    make_subscriber(app, make_event(app, **values))
    make_subscriber(app, make_event(app, state="announced"))
    assert delete_expired(app) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 1


def test_worker_forgets_unconfirmed_addresses_by_itself(app: Flask, clock: FixedClock) -> None:
    make_subscriber(app, confirmed_at=None, created_at=NOW)
    clock.moment = NOW + 7 * DAY
    app.extensions["ikone_engine"].run_once()
    with app.app_context():
        assert list(db.session.scalars(select(Subscriber.id))) == []
