"""What the preview shows is what leaves: compared mail by mail, on both databases."""

from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails.drafts import (
    Draft,
    Sending,
    counts_by_kind,
    draft_for,
    find_person,
    harmless_draft_for,
    mask_links,
    page_of,
    send_test,
    sending_of_action,
    total_of,
)
from ikone_events.services.mails.subscribers import subscribe
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, make_event, make_material, make_registration
from tests.mailbox import Mailbox
from tests.web.visitor import everything

LATER = {
    "new_starts_at": NOW.replace(month=6),
    "new_ends_at": NOW.replace(month=6, hour=12),
}
CASES: list[tuple[Action, dict[str, Any], dict[str, Any]]] = [
    (Action.DISPATCH, {"state": "closed"}, {}),
    (Action.FOLLOW_UP, {"state": "dispatched", **PAST}, {}),
    (Action.POSTPONE, {"state": "open"}, {"reason": " Sturm <b>. "}),
    (Action.RESCHEDULE, {"state": "postponed"}, LATER),
    (Action.CANCEL, {"state": "dispatched"}, {"reason": "Krankheit"}),
]


def sending(event: Event, action: Action, **wish: Any) -> Sending:
    rule = find_rule(action, State(event.state))
    assert rule is not None
    found = sending_of_action(event, rule, now=NOW, **wish)
    assert found is not None
    return found


def drafts(app: Flask, event: Event, action: Action, wish: dict[str, Any]) -> dict[str, Draft]:
    with app.app_context():
        row = db.session.get_one(Event, event.id)
        shown = sending(row, action, **wish)
        people = page_of(shown).rows
        return {one.email: draft_for(shown, one, one.locale, now=NOW) for one in people}


@pytest.mark.parametrize(("action", "values", "wish"), CASES, ids=[str(c[0]) for c in CASES])
def test_draft_reads_as_the_mail_that_leaves(
    app: Flask, action: Action, values: dict[str, Any], wish: dict[str, Any]
) -> None:
    event = make_event(app, title_en="Sensors", **values)
    make_material(app, event)
    make_registration(app, event, calendar_sequence=1, attendance="attended")
    make_registration(app, event, locale="en", attendance="missed", question="Why?")
    make_registration(app, event, status="waitlisted")
    before = everything(app)

    shown = drafts(app, event, action, wish)

    assert everything(app) == before
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="test", **wish), now=NOW)
    app.extensions["ikone_engine"].run_once()
    with app.app_context():
        mails = list(db.session.scalars(select(OutboxMail)))
    assert {mail.recipient for mail in mails} == set(shown)
    for mail in mails:
        draft = shown[mail.recipient]
        assert draft.mail.subject == mail.subject
        assert draft.mail.text == mask_links(mail.text)
        assert draft.mail.html == mask_links(mail.html)
        assert draft.mail.method == mail.calendar_method
        assert draft.facts.kind == mail.kind
        if mail.calendar:
            assert _entry(draft.mail.calendar) == _entry(mail.calendar)


def _entry(content: bytes | None) -> tuple[str, ...]:
    entry = Calendar.from_ical(content or b"").events[0]
    names = ("SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "STATUS")
    return tuple(entry.get(name).to_ical() if name in entry else "" for name in names)


def test_announcement_to_a_subscriber_has_no_way_out_that_works(app: Flask) -> None:
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        subscribe("neu@example.org", "de", now=NOW).confirmed_at = NOW
        subscribe("unbestaetigt@example.org", "de", now=NOW)

    with app.app_context():
        shown = sending(db.session.get_one(Event, event.id), Action.ANNOUNCE)
        person = find_person(shown, "")
        assert isinstance(person, Subscriber)
        assert total_of(shown) == 1
        for locale in ("de", "en"):
            draft = draft_for(shown, person, locale, now=NOW)
            assert draft.mail.calendar is None
            assert "/unsubscribe/…" in draft.mail.text
        assert person.locale == "de"


def test_person_of_another_event_is_never_chosen(app: Flask) -> None:
    event = make_event(app)
    mine = make_registration(app, event)
    foreign = make_registration(app, make_event(app))
    with app.app_context():
        shown = sending(db.session.get_one(Event, event.id), Action.DISPATCH)
        found = find_person(shown, foreign.public_id)
        assert found is not None
        assert found.public_id == mine.public_id


def test_follow_up_is_counted_by_what_is_known_of_people(app: Flask) -> None:
    event = make_event(app, state="dispatched", **PAST)
    for attendance in ("attended", "attended", "missed", None):
        make_registration(app, event, attendance=attendance)
    with app.app_context():
        shown = sending(db.session.get_one(Event, event.id), Action.FOLLOW_UP)
        assert dict(counts_by_kind(shown)) == {
            "follow_up": 2,
            "follow_up_missed": 2,
        }


def test_follow_up_mentions_no_absence_that_nobody_recorded(app: Flask) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_registration(app, event)
    with app.app_context():
        shown = sending(db.session.get_one(Event, event.id), Action.FOLLOW_UP)
        assert dict(counts_by_kind(shown)) == {"follow_up_unknown": 1}


def test_mail_to_try_leaves_and_can_do_nothing(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=4)
    with app.app_context():
        row = db.session.get_one(Event, event.id)
        shown = sending(row, Action.DISPATCH)
        draft = harmless_draft_for(
            shown, db.session.get_one(Registration, person.id), "de", now=NOW
        )
        with transaction():
            send_test(draft, row, recipient="wir@example.org", name="Büro", now=NOW)

    assert app.extensions["ikone_engine"].run_once() == 1

    [mail] = mailbox.to("wir@example.org")
    assert mail.subject.startswith("[Test] ")
    assert mail.calendar is None
    assert "/r/" not in mail.text
    with app.app_context():
        assert db.session.get_one(Registration, person.id).calendar_sequence == 4
