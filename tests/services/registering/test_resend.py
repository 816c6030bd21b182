"""The mail about a registration again: once, with an entry that replaces the one before."""

from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.refusals import StatusRefused
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.registering.resend import PAUSE, ResentMail, resend_confirmation
from ikone_events.store.db import db
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox
from tests.services.registering.every_setting import edit
from tests.services.registering.seats import (
    HOUR,
    chain,
    deliver_all,
    faults,
    mails,
    person,
    sign_up,
    write,
)

ANNA = "anna@amt.example.org"


def resend(app: Flask, eva: Registration, *, minutes: int = 0) -> ResentMail:
    moment = NOW + timedelta(minutes=minutes)
    return write(app, lambda: resend_confirmation(eva.public_id, actor=ANNA, now=moment))


def entries(app: Flask) -> list[tuple[str, str, int, object]]:
    """Method, UID, SEQUENCE and DTSTAMP of each invitation, in the order of writing."""
    with app.app_context():
        found = db.session.scalars(
            select(OutboxMail.calendar)
            .where(OutboxMail.calendar.is_not(None))
            .order_by(OutboxMail.id)
        ).all()
    calendars = [Calendar.from_ical(each) for each in found]
    return [
        (
            str(c["METHOD"]),
            str(c.events[0]["UID"]),
            int(c.events[0]["SEQUENCE"]),
            c.events[0].DTSTAMP,
        )
        for c in calendars
    ]


@pytest.mark.both_databases
def test_confirmation_comes_again_and_updates_the_entry(app: Flask) -> None:
    event = make_event(app)
    sign_up(app, event, "eva")
    deliver_all(app)

    again = resend(app, person(app, "eva"), minutes=30)

    assert (again.is_new, again.mail.kind, again.mail.recipient) == (
        True, "confirmation", "eva@example.org",
    )  # fmt: skip
    (first, uid, sequence, stamp), (second, same, unchanged, later) = entries(app)
    assert (first, second, same, unchanged) == ("REQUEST", "REQUEST", uid, sequence)
    assert later > stamp  # type: ignore[operator]
    assert chain(app, "eva")[-1] == ("resend", "confirmed", "confirmed", ANNA)
    assert faults(app) == []


@pytest.mark.both_databases
def test_second_press_writes_no_second_mail(app: Flask) -> None:
    event = make_event(app)
    sign_up(app, event, "eva")
    eva = person(app, "eva")
    assert not resend(app, eva).is_new, "the first one is still queued"
    deliver_all(app)
    assert resend(app, eva).is_new
    assert not resend(app, eva).is_new
    deliver_all(app)
    assert not resend(app, eva, minutes=9).is_new
    assert resend(app, eva, minutes=int(PAUSE / timedelta(minutes=1))).is_new
    assert [kind for _to, kind in mails(app)] == ["confirmation"] * 3
    assert [row[0] for row in chain(app, "eva")] == ["register", "resend", "resend"]


def test_reserved_seat_is_kept_anew_from_the_second_mail(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app, confirm_hours=2)
    sign_up(app, event, "eva")
    deliver_all(app)
    clock.move(hours=1)
    resend(app, person(app, "eva"), minutes=60)
    app.extensions["ikone_engine"].run_once()
    [second] = mailbox.to("eva@example.org")
    assert person(app, "eva").reserved_until == NOW + 3 * HOUR
    assert "13:00" in second.text


def test_whoever_is_not_registered_any_more_gets_none(app: Flask) -> None:
    event = make_event(app)
    for status in ("cancelled", "declined", "expired"):
        gone = make_registration(app, event, status=status)
        with pytest.raises(StatusRefused, match="Send the confirmation again"):
            resend(app, gone)
    assert mails(app) == []


@pytest.mark.parametrize("state", ["postponed", "cancelled", "followed_up"])
def test_event_that_does_not_take_place_confirms_nothing(app: Flask, state: str) -> None:
    eva = make_registration(app, make_event(app, state=state))
    with pytest.raises(StatusRefused, match="nothing to confirm"):
        resend(app, eva)


def test_address_whose_mails_come_back_is_to_be_corrected_first(app: Flask) -> None:
    eva = make_registration(app, make_event(app))
    words = {"code": "5.1.1", "words": "unknown", "now": NOW}
    write(app, lambda: undeliverable_addresses.mark(eva.email, **words))
    with pytest.raises(StatusRefused, match="correct the address first"):
        resend(app, eva)
    assert mails(app) == []


def test_new_date_in_between_is_in_the_second_mail_and_asks_again(app: Flask) -> None:
    event = make_event(app)
    sign_up(app, event, "eva")
    deliver_all(app)

    later = {"hours_to_start": 48}
    write(app, lambda: edit(lock_event(event.slug), later, now=NOW))
    resend(app, person(app, "eva"), minutes=30)
    (_r, uid, sequence, _s), (_r2, same, risen, _s2) = entries(app)
    assert (same, risen) == (uid, sequence + 1)


def test_mail_goes_out_like_every_other(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    sign_up(app, event, "eva")
    app.extensions["ikone_engine"].run_once()
    resend(app, person(app, "eva"))
    app.extensions["ikone_engine"].run_once()
    first, second = mailbox.to("eva@example.org")
    assert first.subject == second.subject
    assert second.calendar is not None
