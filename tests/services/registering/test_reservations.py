"""The time of a reserved seat runs from the delivery of its mail, however long that takes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.services.incoming.resending import correct_and_retry
from ikone_events.services.mails import outbox
from ikone_events.services.mails.outbox_pause import end_pause
from ikone_events.services.operating.backups.releasing import set_aside
from ikone_events.services.registering.expirations import events_to_update
from ikone_events.services.registering.reservations import renew_for
from ikone_events.services.registering.status import (
    accept_offer,
    approve,
    confirm_address,
    withdraw,
)
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import MailClaim
from tests.claims import claim_next
from tests.factories import NOW, FixedClock, make_event, make_pause, make_registration
from tests.mailbox import Mailbox
from tests.services.registering.seats import HOUR, mail, person, sign_up, statuses, write

pytestmark = pytest.mark.both_databases

LEASE = timedelta(minutes=2)
ANNA = "anna@amt.example.org"


@pytest.fixture
def event(app: Flask) -> Event:
    """One seat; addresses are confirmed within a day, offers accepted within half a day."""
    return make_event(app, capacity=1, confirm_hours=24)


@pytest.fixture
def work(app: Flask, clock: FixedClock) -> Callable[..., None]:
    """Let the worker do what is due, so many hours after NOW."""

    def run(hours: float) -> None:
        clock.moment = NOW + hours * HOUR
        app.extensions["ikone_engine"].run_once()

    return run


def claim(app: Flask, now: datetime) -> MailClaim:
    found = write(app, lambda: claim_next(now=now, lease=LEASE))
    assert found is not None
    return found


def test_unconfirmed_seat_stays_while_the_mail_server_is_away(
    app: Flask, event: Event, mailbox: Mailbox, work: Callable[..., None]
) -> None:
    sign_up(app, event, "eva")
    mailbox.answer = lambda _to: "451 4.3.0 Away"

    work(0)
    work(30)

    assert statuses(app, event) == {"eva": "pending:address"}
    with app.app_context():
        assert events_to_update(NOW + 30 * HOUR) == []
    mailbox.answer = lambda _to: None
    work(60)
    assert statuses(app, event) == {"eva": "pending:address"}
    assert person(app, "eva").reserved_until == NOW + 84 * HOUR
    # 2 March 10:00 in Berlin and 84 hours.
    assert "bis Donnerstag, 5. März 2026, 22:00 Uhr für Sie vorgemerkt" in mailbox.received[-1].text
    work(83)
    assert statuses(app, event) == {"eva": "pending:address"}
    work(84)
    assert statuses(app, event) == {"eva": "expired"}


def test_offer_runs_from_its_delivery_and_never_beyond_the_end(
    app: Flask, mailbox: Mailbox, work: Callable[..., None]
) -> None:
    event = make_event(
        app, capacity=1, offer_hours=12, starts_at=NOW + 40 * HOUR, ends_at=NOW + 42 * HOUR
    )
    first = make_registration(app, event, email="first@example.org")
    sign_up(app, event, "eva")
    write(app, lambda: withdraw(first.public_id, now=NOW))
    mailbox.answer = lambda _to: "451 4.3.0 Away"
    work(0)
    eva = person(app, "eva")

    mailbox.answer = lambda _to: None
    work(35)

    assert person(app, "eva").reserved_until == event.ends_at
    assert mail(app, "eva", "offer").text == mailbox.received[-1].text.replace("\r\n", "\n")
    write(app, lambda: accept_offer(eva.public_id, now=NOW + 36 * HOUR))
    assert statuses(app, event)["eva"] == "confirmed"


def test_who_has_the_link_from_elsewhere_confirms_before_the_mail_has_left(
    app: Flask, event: Event
) -> None:
    sign_up(app, event, "eva")
    eva = person(app, "eva")

    write(app, lambda: confirm_address(eva.public_id, now=NOW + 30 * HOUR))

    assert statuses(app, event) == {"eva": "confirmed"}


def test_paused_outbox_begins_no_time(
    app: Flask, event: Event, mailbox: Mailbox, work: Callable[..., None]
) -> None:
    sign_up(app, event, "eva")
    make_pause(app)
    work(30)
    write(app, end_pause)

    work(31)

    assert statuses(app, event) == {"eva": "pending:address"}
    assert person(app, "eva").reserved_until == NOW + 55 * HOUR


def test_failed_mail_gives_time_to_correct_the_address(
    app: Flask, event: Event, mailbox: Mailbox, work: Callable[..., None]
) -> None:
    sign_up(app, event, "eva")
    mailbox.answer = lambda _to: "451 4.3.0 Later"
    work(0)
    mailbox.answer = lambda _to: "550 5.1.1 Unknown"
    work(20)
    failed = mail(app, "eva", "confirm_address")
    assert (failed.state, person(app, "eva").reserved_until) == ("failed", NOW + 44 * HOUR)
    work(30)
    assert statuses(app, event) == {"eva": "pending:address"}

    mailbox.answer = lambda _to: None
    right = "eva.neu@example.org"
    write(app, lambda: correct_and_retry(event, failed.id, right, actor=ANNA, now=NOW + 40 * HOUR))
    work(40)

    assert mailbox.received[-1].recipient == right
    work(63)
    assert list(statuses(app, event).values()) == ["pending:address"]
    work(64)
    assert list(statuses(app, event).values()) == ["expired"]


def test_failed_mail_keeps_no_seat_for_ever(
    app: Flask, event: Event, mailbox: Mailbox, work: Callable[..., None]
) -> None:
    mailbox.answer = lambda _to: "550 5.1.1 Unknown"
    sign_up(app, event, "eva")
    work(0)

    work(24)

    assert statuses(app, event) == {"eva": "expired"}


def test_mail_set_aside_after_a_restore_or_bounced_late_gives_its_time(
    app: Flask, work: Callable[..., None], mailbox: Mailbox
) -> None:
    event = make_event(app, confirm_hours=24)
    for name in ("eva", "ben"):
        sign_up(app, event, name)
    now = NOW + 20 * HOUR
    ben = mail(app, "ben", "confirm_address")
    write(app, lambda: set_aside(now, now=now))
    write(app, lambda: outbox.requeue(_locked(app, event, ben.id), "retried", now=now, actor=ANNA))
    work(20)
    write(app, lambda: outbox.mark_bounced(ben.id, now=NOW + 30 * HOUR, answer="550 full"))

    work(43)
    assert set(statuses(app, event).values()) == {"pending:address"}
    work(44)
    assert statuses(app, event) == {"eva": "expired", "ben": "pending:address"}
    assert person(app, "ben").reserved_until == NOW + 54 * HOUR
    work(54)
    assert statuses(app, event)["ben"] == "expired"


def _locked(app: Flask, event: Event, number: int) -> outbox.OutboxMail:
    return outbox.lock_failed(event, number)


def test_mail_that_no_longer_speaks_of_the_status_renews_nothing(app: Flask) -> None:
    event = make_event(app, confirm_hours=24, approval=True)
    sign_up(app, event, "eva")
    eva, late = person(app, "eva"), NOW + 30 * HOUR
    taken = claim(app, late)
    write(app, lambda: confirm_address(eva.public_id, now=late))

    assert write(app, lambda: renew_for(taken, now=late)) == taken

    assert person(app, "eva").reserved_until is None
    seen = RegistrationStatus.APPROVAL
    write(app, lambda: approve(eva.public_id, expected=seen, actor=ANNA, now=late))
    assert statuses(app, event) == {"eva": "confirmed"}


def test_mail_keeps_its_message_id_with_the_new_deadline(app: Flask, event: Event) -> None:
    sign_up(app, event, "eva")
    before, late = mail(app, "eva", "confirm_address"), NOW + 30 * HOUR
    taken = claim(app, late)

    renewed = write(app, lambda: renew_for(taken, now=late))

    after = mail(app, "eva", "confirm_address")
    assert (renewed.message_id, after.message_id) == (before.message_id, before.message_id)
    assert (renewed.text, renewed.html) == (after.text, after.html)
    assert after.text != before.text
