"""Hybrid events: each person gets the place or the link, in mails and in calendars."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails.drafts import (
    draft_for,
    mask_links,
    page_of,
    sending_of_action,
    total_of,
)
from ikone_events.services.mails.values import summary_for, summary_of
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.operating.verification.mails import gaps_in_mailings
from ikone_events.services.plan.plans import create_plan, steps_of
from ikone_events.services.plan.step_mails import count_people
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration

ONLINE, ON_SITE = "online@example.org", "vor-ort@example.org"
HYBRID = {"format": "hybrid", "place": "Rathaus, Saal 2"}
KEPT = {"reserved_until": NOW + timedelta(days=1)}
NOT_YET = {
    "wartet@example.org": {"status": "waitlisted"},
    "adresse@example.org": {"status": "pending", "awaits": "address", **KEPT},
    "zusage@example.org": {"status": "pending", "awaits": "approval"},
    "angebot@example.org": {"status": "offered", **KEPT},
}
LATER: dict[str, Any] = {
    "new_starts_at": NOW.replace(month=6),
    "new_ends_at": NOW.replace(month=6, hour=12),
}


@pytest.fixture
def event(app: Flask) -> Event:
    """A hybrid event with two confirmed people, one of each mode."""
    made = make_event(app, **HYBRID)
    make_registration(app, made, email=ONLINE, mode="online", calendar_sequence=0)
    make_registration(app, made, email=ON_SITE, mode="on_site", calendar_sequence=0)
    return made


def act(app: Flask, event: Event, action: Action, **wish: Any) -> dict[str, OutboxMail]:
    """Perform, let the worker write everything, and give the new mails by their address."""
    with app.app_context():
        last = max(db.session.scalars(select(OutboxMail.id)), default=0)
        with transaction():
            perform(event.slug, Request(action=action, actor="test", **wish), now=NOW)
    app.extensions["ikone_engine"].run_once()
    with app.app_context():
        rows = db.session.scalars(select(OutboxMail).where(OutboxMail.id > last)).all()
        db.session.expunge_all()
    return {row.recipient: row for row in rows}


def entry(mail: OutboxMail) -> Any:
    return Calendar.from_ical(mail.calendar or b"").events[0]


def write(app: Flask, event: Event, email: str, kind: MailKind) -> OutboxMail:
    with app.app_context():
        with transaction():
            held = lock_event(event.slug)
            person = db.session.scalars(
                select(Registration).where(Registration.email == email)
            ).one()
            mail = write_mail(kind, person, held, key=f"{kind}:{email}", now=NOW)
        db.session.refresh(mail)
        db.session.expunge_all()
        return mail


def test_access_links_go_to_those_who_come_online(app: Flask, event: Event) -> None:
    mails = act(app, event, Action.DISPATCH)
    assert set(mails) == {ONLINE}
    mail = mails[ONLINE]
    assert "/room\n" in mail.text
    assert "Rathaus" not in mail.text
    assert entry(mail)["LOCATION"].startswith("http://localhost/door/")


def test_hybrid_event_goes_on_where_everybody_comes_on_site(app: Flask) -> None:
    event = make_event(app, **HYBRID)
    make_registration(app, event, email=ON_SITE, mode="on_site")
    assert act(app, event, Action.DISPATCH) == {}
    with app.app_context():
        assert db.session.get_one(Event, event.id).state == State.DISPATCHED


def test_preview_of_the_dispatch_counts_and_shows_the_same(app: Flask, event: Event) -> None:
    with app.app_context():
        row = db.session.get_one(Event, event.id)
        rule = find_rule(Action.DISPATCH, State.OPEN)
        assert rule is not None
        sending = sending_of_action(row, rule, now=NOW)
        assert sending is not None
        assert total_of(sending) == 1
        [person] = page_of(sending).rows
        shown = draft_for(sending, person, "de", now=NOW)
    mail = act(app, event, Action.DISPATCH)[ONLINE]
    assert shown.mail.text == mask_links(mail.text)


def test_plan_counts_whom_each_step_writes_to(app: Flask, event: Event) -> None:
    with app.app_context(), transaction():
        row = db.session.get_one(Event, event.id)
        row.format = "hybrid"
        create_plan(row, now=NOW)
        steps = {step.name: step for step in steps_of(row)}
        numbers = count_people(steps.values(), now=NOW)
        assert steps["reminder_day"].active
        counted = {name: numbers[step.id] for name, step in steps.items() if step.id in numbers}
    assert counted["dispatch"] == 1
    assert counted["reminder_day"] == 1
    assert counted["reminder_hour"] == 2
    assert counted["follow_up"] == 2


@pytest.mark.parametrize(
    "kind", [MailKind.CONFIRMATION, MailKind.CHANGED, MailKind.MOVED, MailKind.REMINDER_DAY]
)
def test_each_mail_shows_one_way(app: Flask, event: Event, kind: MailKind) -> None:
    on_site = write(app, event, ON_SITE, kind)
    online = write(app, event, ONLINE, kind)
    assert "\nRathaus, Saal 2\n" in on_site.text
    assert "Zugangslink" not in on_site.text
    assert "und online" not in on_site.text
    assert "\nOnline\n" in online.text
    assert "Rathaus" not in online.text
    if on_site.calendar:
        assert entry(on_site)["LOCATION"] == "Rathaus, Saal 2"
        assert entry(online)["LOCATION"] == "Online"


def test_latecomer_on_site_gets_no_door(app: Flask, event: Event) -> None:
    act(app, event, Action.DISPATCH)
    assert "/room" not in write(app, event, ON_SITE, MailKind.CONFIRMATION).text
    assert "/room" in write(app, event, ONLINE, MailKind.CHANGED).text


def test_public_pages_show_both_ways(app: Flask, event: Event) -> None:
    with app.app_context():
        row = db.session.get_one(Event, event.id)
        person = db.session.scalars(select(Registration)).first()
        assert person is not None
        assert summary_of(row, "de").format == "hybrid"
        assert summary_for(row, person).format == "online"
        row.format = "on_site"
        assert summary_for(row, person) == summary_of(row, "de")


def test_dispatch_left_nobody_out_whoever_switches_later(app: Flask, event: Event) -> None:
    act(app, event, Action.DISPATCH)
    with app.app_context(), transaction():
        assert list(gaps_in_mailings(NOW)) == []
        person = db.session.scalars(select(Registration).where(Registration.email == ON_SITE)).one()
        person.mode = "online"
    with app.app_context():
        assert list(gaps_in_mailings(NOW)) != []
    write(app, event, ON_SITE, MailKind.CHANGED)
    with app.app_context():
        assert list(gaps_in_mailings(NOW)) == []


@pytest.mark.parametrize(
    ("action", "state", "wish", "method"),
    [
        (Action.CANCEL, "open", {"reason": "Sturm"}, "CANCEL"),
        (Action.POSTPONE, "open", {"reason": "Sturm"}, "CANCEL"),
        (Action.RESCHEDULE, "postponed", LATER, "REQUEST"),
    ],
)
def test_everybody_registered_is_mailed_and_only_the_invited_get_an_entry(
    app: Flask, action: Action, state: str, wish: dict[str, Any], method: str
) -> None:
    event = make_event(app, state=state, confirm_hours=24, approval=True, offer_hours=24)
    make_registration(app, event, email=ONLINE, calendar_sequence=2)
    for email, values in NOT_YET.items():
        make_registration(app, event, email=email, **values)
    make_registration(app, event, email="weg@example.org", status="cancelled", calendar_sequence=1)
    make_registration(app, event, email="zu-spaet@example.org", status="expired")

    mails = act(app, event, action, **wish)

    assert set(mails) == {ONLINE, *NOT_YET}
    assert mails[ONLINE].calendar_method == method
    assert entry(mails[ONLINE])["SEQUENCE"] == 3
    for email in NOT_YET:
        assert mails[email].calendar is None
        assert "Kalender" not in mails[email].text
    if action is not Action.CANCEL:
        assert "Warteliste" in mails["wartet@example.org"].text
