"""Creating and editing: one version wins, a moved date is mailed to everybody, once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.services.events.editing import create_event, edit_event
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import history_of
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox

DRAFT = EventDraft(
    title="Raum für Zukunft",
    starts_at=NOW + timedelta(days=14),
    ends_at=NOW + timedelta(days=14, hours=2),
    capacity=20,
)


def edit(app: Flask, slug: str, draft: EventDraft, edit_version: int = 1) -> None:
    with app.app_context(), transaction():
        edit_event(slug, draft, expected_edit_version=edit_version, now=NOW)


def work_after_the_quiet(app: Flask, clock: FixedClock) -> None:
    """Changes are mailed once the organisers have been quiet for ten minutes."""
    clock.move(minutes=11)
    app.extensions["ikone_engine"].run_once()


def test_new_event_is_a_draft_with_a_name_and_a_history(app: Flask) -> None:
    slugs = []
    for _ in range(2):
        with app.app_context(), transaction():
            slugs.append(create_event(DRAFT, actor="anna@example.org", now=NOW).slug)

    with app.app_context():
        event = db.session.scalars(select(Event).order_by(Event.id)).first()
        assert event is not None
        assert (event.state, history_of(event)[0].actor) == ("draft", "anna@example.org")
    assert slugs == ["raum-fuer-zukunft", "raum-fuer-zukunft-2"]


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"title": " "}, "title"),
        ({"title": "=?utf-8?q?Hi=0D=0ABcc:_x@y?="}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"summary": "a\0b"}, "summary"),
        ({"description": "x" * 20_001}, "description"),
        ({"ends_at": DRAFT.starts_at}, "ends_at"),
        ({"ends_at": DRAFT.starts_at + timedelta(microseconds=900)}, "ends_at"),
        ({"deadline": DRAFT.ends_at + timedelta(hours=1)}, "deadline"),
        ({"room_url": "javascript:alert(1)"}, "room_url"),
        ({"contact_email": "a@b.de\nBcc: x@y.de"}, "contact_email"),
        ({"contact_email": "müller@kommune.de"}, "contact_email"),
        ({"starts_at": datetime(9999, 12, 30, tzinfo=UTC)}, "starts_at"),
        ({"capacity": 0}, "capacity"),
        ({"retention_days": 0}, "retention_days"),
    ],
)
def test_unfit_draft_is_refused_at_its_field(
    app: Flask, changes: dict[str, object], about: str
) -> None:
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        create_event(replace(DRAFT, **changes), actor="anna", now=NOW)

    assert about in [complaint.about for complaint in refusal.value.complaints]
    with app.app_context():
        assert db.session.scalar(select(Event.id)) is None


def test_second_of_two_editors_is_warned(app: Flask) -> None:
    event = make_event(app)
    edit(app, event.slug, replace(DRAFT, title="First"))

    with pytest.raises(StaleForm):
        edit(app, event.slug, replace(DRAFT, title="Second"))

    with app.app_context():
        stored = db.session.get_one(Event, event.id)
        assert (stored.title, stored.edit_version) == ("First", 2)


def test_moved_date_updates_every_calendar(app: Flask, mailbox: Mailbox, clock: FixedClock) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)
    waits = make_registration(app, event, status="waitlisted")
    later = timedelta(days=7)

    edit(
        app,
        event.slug,
        replace(
            DRAFT, starts_at=DRAFT.starts_at + later, ends_at=DRAFT.ends_at + later, capacity=1
        ),
    )
    work_after_the_quiet(app, clock)

    (mail,) = mailbox.to(person.email)
    assert mail.calendar is not None
    entry = Calendar.from_ical(mail.calendar).events[0]
    assert (str(entry["UID"]), int(entry["SEQUENCE"])) == (person.calendar_uid, 1)
    assert entry.start == DRAFT.starts_at + later
    assert [mail.calendar for mail in mailbox.to(waits.email)] == [None]


@pytest.mark.parametrize("state", ["draft", "announced", "open"])
def test_moved_date_nobody_knows_yet_notifies_nobody(
    app: Flask, state: str, clock: FixedClock
) -> None:
    event = make_event(app, state=state)

    edit(app, event.slug, replace(DRAFT, ends_at=DRAFT.ends_at + timedelta(hours=1)))
    work_after_the_quiet(app, clock)

    with app.app_context():
        assert db.session.scalar(select(Mailing.id)) is None


def test_raised_capacity_serves_the_line_first(app: Flask) -> None:
    event = make_event(app, capacity=1)
    make_registration(app, event)
    make_registration(app, event, status="waitlisted")

    edit(app, event.slug, replace(DRAFT, capacity=5))

    with app.app_context():
        assert set(db.session.scalars(select(Registration.status))) == {"confirmed"}


def test_date_moved_again_after_a_postponement_is_mailed(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, state="announced")
    make_registration(app, event, calendar_sequence=2)

    edit(app, event.slug, replace(DRAFT, ends_at=DRAFT.ends_at + timedelta(hours=1)))
    work_after_the_quiet(app, clock)

    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["moved"]


def test_new_place_updates_the_calendar(app: Flask, mailbox: Mailbox, clock: FixedClock) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)

    edit(app, event.slug, replace(DRAFT, format=EventFormat.ON_SITE, place="Rathaus Mainz"))
    work_after_the_quiet(app, clock)

    (mail,) = mailbox.to(person.email)
    assert mail.calendar is not None
    entry = Calendar.from_ical(mail.calendar).events[0]
    assert (str(entry["LOCATION"]), int(entry["SEQUENCE"])) == ("Rathaus Mainz", 0)
    assert "Bisher:" not in mail.text


def test_name_of_a_page_is_no_name_of_an_event(app: Flask) -> None:
    with app.app_context(), transaction():
        assert create_event(replace(DRAFT, title="New"), actor="anna", now=NOW).slug == "new-event"
