"""Lists of new registrations: each person in one of them, and no text is kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.office.mails import OfficeMail
from ikone_events.services.accounts import changes
from ikone_events.services.office import mornings, recipients
from ikone_events.services.office.mornings import Morning
from ikone_events.services.operating.retention import delete_expired
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.forgetting import redact_name
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.office.queries import Range
from ikone_events.store.registering.models import Registration
from tests.accounts import make_account
from tests.at_once import at_once
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox
from tests.rows import work
from tests.services.office.office import office_mails, received

TUESDAY = datetime(2026, 3, 3, 6, 30, tzinfo=UTC)
LISTS = {**dict.fromkeys(OfficeMail, False), OfficeMail.REGISTRATIONS: True}
DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, smtp_url=mailbox.url)


@pytest.fixture
def account(app: Flask) -> int:
    return wishes(app, make_account(app, role="organiser"))


def wishes(app: Flask, account: int) -> int:
    with app.app_context(), transaction():
        recipients.choose_mails(account, LISTS, now=NOW)
    return account


def registered(app: Flask, event: Event, name: str, **values: Any) -> Registration:
    return make_registration(app, event, last_name=name, event_lock_version=1, **values)


def at(app: Flask, clock: FixedClock, moment: datetime) -> list[str]:
    """Let the worker work at a moment; the subjects of all lists so far."""
    clock.moment = moment
    work(app)
    return [mail.subject for mail in office_mails(app)]


def test_list_names_people_administrations_and_the_waiting_list(
    app: Flask, clock: FixedClock, account: int, mailbox: Mailbox
) -> None:
    event, other = make_event(app, title="Dörfer"), make_event(app, title="Ämter")
    registered(app, event, "Bei", organisation_text="Stadt Kusel")
    registered(app, event, "Kai", status="waitlisted")
    registered(app, other, "Cem")
    registered(app, other, "Fort", status="cancelled")
    assert at(app, clock, TUESDAY) == ["Neue Anmeldungen am 03.03.2026: 3"]
    text = received(mailbox)[0]
    assert "Dörfer, Montag, 16. März 2026, 10:00 Uhr (2)\n" in text
    assert "– Maria Bei, Stadt Kusel\n– Maria Kai, Stadtverwaltung Bendorf (Warteliste)\n" in text
    assert f"http://localhost/organise/events/{event.slug}/registrations" in text
    assert "Fort" not in text


def test_each_registration_is_in_one_list(
    app: Flask, clock: FixedClock, account: int, mailbox: Mailbox
) -> None:
    first, second = make_event(app), make_event(app)
    registered(app, first, "Eins")
    at(app, clock, TUESDAY)
    registered(app, second, "Zwei")
    registered(app, first, "Drei")
    at(app, clock, TUESDAY + timedelta(hours=1))
    at(app, clock, TUESDAY + DAY)
    at(app, clock, TUESDAY + 2 * DAY)
    names = [
        [name for name in ("Eins", "Zwei", "Drei") if name in mail.text]
        for mail in mailbox.received
    ]
    assert names == [["Eins"], ["Zwei", "Drei"]]


@pytest.mark.both_databases
def test_several_workers_list_people_once(app: Flask, clock: FixedClock, account: int) -> None:
    registered(app, make_event(app), "Eins")
    with app.app_context():
        due = [d for d in mornings.mornings_due(TUESDAY) if d.which is OfficeMail.REGISTRATIONS]

    def write(_number: int) -> list[bool]:
        with app.app_context(), transaction():
            return [mornings.write_morning(each, now=TUESDAY) for each in due]

    assert sorted(at_once(write, range(4))) == [[False], [False], [False], [True]]
    later = Morning(OfficeMail.REGISTRATIONS, account, (TUESDAY + DAY).date())
    with app.app_context(), transaction():
        assert not mornings.write_morning(later, now=TUESDAY + DAY)


@pytest.mark.both_databases
def test_registration_that_commits_while_a_list_is_written_is_in_the_next(
    app: Flask, clock: FixedClock, account: int
) -> None:
    """What was read first bounds what is listed, and what is noted as listed."""
    event = make_event(app)
    registered(app, event, "Eins")
    with app.app_context():
        ranges = mornings.unlisted(account)
    registered(app, event, "Zwei")
    with app.app_context(), transaction():
        found = mornings.people_in(ranges, {event.id: event})
        mornings.note_listed(account, ranges)
        assert [person.last_name for person in found] == ["Eins"]
        rest = mornings.unlisted(account)
        assert [p.last_name for p in mornings.people_in(rest, {event.id: event})] == ["Zwei"]


def test_whoever_begins_is_notified_of_new_people_only(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app)
    registered(app, event, "Alt")
    account = wishes(app, make_account(app, role="organiser"))
    assert at(app, clock, TUESDAY) == []
    with app.app_context(), transaction():
        changes.set_active(account, active=False)
    registered(app, event, "Inzwischen")
    assert at(app, clock, TUESDAY + DAY) == []
    with app.app_context(), transaction():
        changes.set_active(account, active=True)
    registered(app, event, "Neu")
    at(app, clock, TUESDAY + 2 * DAY)
    assert "Maria Neu" in received(mailbox)[0]
    assert "Inzwischen" not in received(mailbox)[0]


def test_list_shows_what_the_account_may_see(app: Flask, clock: FixedClock) -> None:
    mine, other = make_event(app), make_event(app)
    wishes(app, make_account(app, role="organiser", only=(mine.slug,)))
    wishes(app, make_account(app, "blick@example.org", role="viewer"))
    registered(app, other, "Andere")
    assert at(app, clock, TUESDAY) == []


def test_long_list_names_a_hundred_and_counts_the_rest(
    app: Flask, clock: FixedClock, account: int, mailbox: Mailbox
) -> None:
    event = make_event(app)
    for number in range(mornings.MOST_NAMED + 2):
        registered(app, event, f"Person{number}")
    at(app, clock, TUESDAY)
    assert received(mailbox)[0].count("Maria Person") == mornings.MOST_NAMED
    assert "\nWeitere: 2\n" in received(mailbox)[0]


def test_text_of_a_list_is_deleted_once_sent_and_its_row_after_a_month(
    app: Flask, clock: FixedClock, account: int
) -> None:
    registered(app, make_event(app), "Bei")
    at(app, clock, TUESDAY)
    (mail,) = office_mails(app)
    assert (mail.state, mail.text, mail.html) == ("sent", "", "")
    with app.app_context(), transaction():
        delete_expired(TUESDAY + timedelta(days=31))
    assert office_mails(app) == []


def test_forgotten_person_is_struck_out_of_a_list_that_waits(
    app: Flask, clock: FixedClock, account: int, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _to: "451 later"
    person = registered(app, make_event(app), "Verschwunden", status="waitlisted")
    at(app, clock, TUESDAY)
    assert "Verschwunden" in office_mails(app)[0].text
    with app.app_context(), transaction():
        redact_name(db.session.get_one(Registration, person.id))
    (mail,) = office_mails(app)
    assert "Stadtverwaltung Bendorf" in mail.text
    assert "Verschwunden" not in mail.text + mail.html


def test_verify_finds_an_account_that_would_be_notified_of_nobody(app: Flask, account: int) -> None:
    event = make_event(app)
    number = registered(app, event, "Eins").id
    for last, expected in ((number, 0), (number + 1, 1)):
        with app.app_context():
            with transaction():
                mornings.note_listed(account, [Range(event.id, 0, last)])
            found = [line for line in faults(NOW) if "no new registrations" in line]
            assert len(found) == expected
