"""A copied event: all that was thought out, nobody who came, every moment at its distance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.services.events.copying import COPIED, FRESH, MOVED, CopyPart, copy_event
from ikone_events.services.plan.plans import (
    add_message,
    anchors_of,
    create_plan,
    set_timing,
    steps_of,
)
from ikone_events.services.registering.answers import all_fields
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import find_event
from ikone_events.store.events.speakers import speakers_of
from ikone_events.store.mails.models import MailText
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    make_event,
    make_material,
    make_registration,
    make_speaker,
    make_text,
)
from tests.own_fields import make_answer, make_field

LATER = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)  # 10:00 in Berlin, in summer


def copied(app: Flask, event: Event, **changes: Any) -> Event:
    """The stored copy, loaded and detached."""
    with app.app_context():
        with transaction():
            source = find_event(event.slug)
            assert source is not None
            values = {"title": "Neuer Titel", "title_en": "", "starts_at": LATER, **changes}
            made = copy_event(source, **values, actor="Wilma", now=NOW)
        db.session.refresh(made)
        _ = made.materials
        db.session.expunge(made)
        return made


def fields(app: Flask, event: Event) -> list[OwnField]:
    with app.app_context():
        return list(all_fields(event))


def test_copy_has_content_and_rules_and_its_own_name(app: Flask) -> None:
    event = make_event(
        app,
        summary="Worum es geht",
        programme='[{"time": "10:00", "title": "Begrüßung"}]',
        format="hybrid",
        place="Rathaus",
        directions="Raum 204",
        bring="Ausweis",
        plan="round_table",
        capacity=30,
        capacity_on_site=12,
        per_administration=2,
        approval=True,
        confirm_hours=24,
        offer_hours=12,
        colleagues=False,
        decline_frees=True,
        retention_days=30,
        figures='{"registrations": 3}',
        seats_kept=40,
        state="followed_up",
    )
    made = copied(app, event)
    same = (
        *("summary", "format", "place", "directions", "bring", "plan"),
        *("capacity", "capacity_on_site", "programme"),
    )
    rules = (
        "per_administration",
        "approval",
        "confirm_hours",
        "offer_hours",
        "colleagues",
        "decline_frees",
    )
    for name in (*same, *rules, "retention_days"):
        assert getattr(made, name) == getattr(event, name), name
    assert (made.slug, made.title, made.state) == ("neuer-titel", "Neuer Titel", "draft")
    assert (made.figures, made.seats_kept, made.edit_version) == ("", None, 1)


def test_every_column_of_an_event_is_copied_moved_or_fresh() -> None:
    """A new column fails here until somebody has decided what becomes of it in a copy."""
    decided = [*COPIED, *MOVED, *FRESH]
    assert sorted(decided) == sorted(Event.__table__.columns.keys())


def unlike_the_default(name: str) -> Any:
    """A valid value of a column that is not its default."""
    column = Event.__table__.columns[name]
    given = {
        "format": "hybrid",
        "zone": "Europe/London",
        "plan": "round_table",
        "room_provider": "jitsi",
        "programme": '[{"time": "10:00", "title": "Begrüßung"}]',
        "capacity": 30,
        "retention_days": 30,
        "contact_email": "wilma@example.org",
        "offer_hours": None,  # does not go with "no waiting list"
    }
    if name in given:
        return given[name]
    if name.endswith("_url"):
        return f"https://example.org/{name}"
    if column.type.python_type is bool:
        return not column.default.arg
    return 3 if column.type.python_type is int else f"Text {name}"


def test_copy_with_all_parts_equals_its_event_in_all_that_is_copied(app: Flask) -> None:
    event = make_event(app, **{name: unlike_the_default(name) for name in COPIED})
    given = {"title": event.title, "title_en": event.title_en, "parts": tuple(CopyPart)}
    made = copied(app, event, **given)
    assert {name: getattr(made, name) for name in COPIED} == {
        name: getattr(event, name) for name in COPIED
    }
    assert (made.state, made.figures, made.edit_version) == ("draft", "", 1)


def test_copy_without_parts_has_the_frame_alone(app: Flask) -> None:
    event = make_event(app, **{name: unlike_the_default(name) for name in COPIED}, deadline=NOW)
    make_field(app, event, key="essen")
    make_text(app, "confirmation", event)
    make_material(app, event, kind="contact", title="Daten")
    made = copied(app, event, parts=())
    assert (made.series, made.format, made.contact_name) == (
        event.series,
        "hybrid",
        event.contact_name,
    )
    assert (made.summary, made.programme, made.capacity, made.room_url, made.speakers) == (
        "",
        "[]",
        None,
        "",
        "",
    )
    assert made.deadline is None
    assert (fields(app, made), made.materials) == ([], [])


def test_copy_of_the_same_title_has_its_date_in_the_address(app: Flask) -> None:
    event = make_event(app, slug="runder-tisch", title="Runder Tisch")
    slugs = [copied(app, event, title="Runder Tisch").slug for _copy in range(2)]
    assert slugs == ["runder-tisch-2026-09-07", "runder-tisch-2026-09-07-2"]


@pytest.mark.parametrize("state", ["archived", "cancelled", "postponed", "draft"])
def test_event_in_any_state_and_a_copy_are_copied(app: Flask, state: str) -> None:
    copy = copied(app, make_event(app, state=state))
    assert copied(app, copy).state == "draft"


def test_steps_keep_what_was_changed_and_follow_the_date(app: Flask) -> None:
    event = make_event(app, plan="online")
    fixed = event.starts_at - timedelta(days=2, hours=1)
    with app.app_context(), transaction():
        source = find_event(event.slug)
        assert source is not None
        create_plan(source, now=NOW)
        steps = {step.name: step for step in steps_of(source)}
        steps["reminder_hour"].active = False
        early = Timing(anchor=Anchor.START, amount=-3, unit=Unit.HOURS)
        set_timing(steps["reminder_day"], early, anchors_of(source))
        own = Timing(anchor=Anchor.FIXED, fixed=fixed)
        message = add_message(source, title="Bitte Laptop", audience=Audience.CONFIRMED, timing=own)
        add_message(source, title="Nur an Sie", audience=Audience.CHOSEN, timing=own)
        name = message.name
    make_text(app, name, event, body="Laptop!")
    made = copied(app, event)
    with app.app_context():
        found = {step.name: step for step in steps_of(made)}
        (own_step,) = (step for step in found.values() if step.name.startswith("own-"))
        texts = db.session.scalars(select(MailText).where(MailText.event_id == made.id)).all()
        assert found["reminder_hour"].active is False
        assert found["reminder_day"].due_at == LATER - timedelta(hours=3)
        assert own_step.name != name
        # Across the change of clocks: as long before by the clock on the wall.
        assert own_step.due_at == LATER - timedelta(days=2, hours=1)
        assert own_step.title == "Bitte Laptop"
        assert [(text.kind, text.body) for text in texts] == [(own_step.name, "Laptop!")]
        assert {step.outcome for step in found.values()} == {""}


def test_step_whose_moved_time_has_passed_sends_nothing(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        source = find_event(event.slug)
        assert source is not None
        at = Timing(anchor=Anchor.FIXED, fixed=event.starts_at - timedelta(days=30))
        add_message(source, title="Früh", audience=Audience.CONFIRMED, timing=at)
    made = copied(app, event, starts_at=NOW + timedelta(days=20))
    with app.app_context():
        outcomes = {step.outcome for step in steps_of(made) if step.name.startswith("own-")}
    assert outcomes == {"expired"}


def test_contacts_come_along_and_contributors_only_if_wanted(app: Flask) -> None:
    event = make_event(app, speakers="Ada")
    make_material(app, event, kind="slides")
    make_material(app, event, kind="contact", title="Daten", contact_name="Max")
    speaker = make_speaker(app, event, calendar_sequence=2, partstat="ACCEPTED", thread_id="<x>")
    made = copied(app, event)
    assert [(each.kind, each.contact_name) for each in made.materials] == [("contact", "Max")]
    with app.app_context():
        assert list(speakers_of(made)) == []
    made = copied(app, event, parts=[CopyPart.SPEAKERS])
    with app.app_context():
        (copy,) = speakers_of(made)
    assert (copy.name, copy.email, copy.role) == (speaker.name, speaker.email, speaker.role)
    assert (copy.calendar_sequence, copy.partstat, copy.thread_id) == (None, "", "")
    assert copy.public_id != speaker.public_id
    assert copy.calendar_uid != speaker.calendar_uid


def test_copy_has_nobody_and_nothing_of_the_past(app: Flask) -> None:
    event = make_event(app, by_code=True)
    make_registration(app, event)
    make_material(app, event)
    made = copied(app, event)
    assert (made.room_url, made.dial_in, made.by_code) == ("", "", True)
    assert made.materials == []
    with app.app_context():
        people = db.session.scalars(select(Registration.event_id)).all()
        history = db.session.scalars(
            select(StateChange.action).where(StateChange.event_id == made.id)
        ).all()
        steps = steps_of(made)
    assert list(people) == [event.id]
    assert list(history) == ["create"]
    assert len(steps) > 3
    assert {step.outcome for step in steps} == {""}


def test_moments_keep_their_distance_on_the_clocks(app: Flask) -> None:
    start = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)  # 10:00 in Berlin, in winter
    event = make_event(
        app,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        deadline=datetime(2026, 3, 13, 22, 59, tzinfo=UTC),  # 23:59
        members_until=datetime(2026, 3, 1, 23, 0, tzinfo=UTC),  # midnight
    )
    made = copied(app, event)
    assert made.starts_at == LATER
    assert made.ends_at == LATER + timedelta(hours=2)
    assert made.deadline == datetime(2026, 9, 4, 21, 59, tzinfo=UTC)
    assert made.members_until == datetime(2026, 8, 23, 22, 0, tzinfo=UTC)
    assert copied(app, make_event(app, deadline=None)).deadline is None


def test_moment_that_the_clocks_skip_keeps_its_hours(app: Flask) -> None:
    start = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
    event = make_event(
        app,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        deadline=start - timedelta(hours=31, minutes=30),  # 02:30 of the day before
    )
    monday = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)  # the clocks went forward at 02:00 on Sunday
    assert copied(app, event, starts_at=monday).deadline == monday - timedelta(hours=31, minutes=30)


def test_own_fields_come_along_without_their_past(app: Flask) -> None:
    event = make_event(app)
    choices = [
        {"value": "ja", "label": "Ja", "retired": True},
        {"value": "nein", "label": "Nein", "label_en": "No", "places": 3},
        {"value": "fort", "label": "Fort", "retired": True},
    ]
    texts = [{"version": n, "label": f"Text {n}", "label_en": ""} for n in (1, 2)]
    common = {"keep_days": 7, "seen_by": "admin", "help": "Hilfe", "required": True}
    make_field(app, event, key="alt", position=1, retired_at=NOW)
    own = make_field(
        app, event, key="essen", kind="one_choice", choices=choices, position=2, **common
    )
    make_field(app, event, key="kost", position=3, shown_if="essen", shown_value="ja")
    make_field(app, event, key="liste", kind="consent", label="Text 2", versions=texts, position=4)
    make_answer(app, make_registration(app, event), own, "nein")
    made = copied(app, event)
    food, diet, consent = fields(app, made)
    before = {field.key: field for field in fields(app, event)}
    assert food.choices == before["essen"].choices[:2]
    assert (food.keep_days, food.seen_by, food.help, food.required) == (7, "admin", "Hilfe", True)
    assert diet == before["kost"]
    assert (consent.label, consent.version, before["liste"].version) == ("Text 2", 1, 2)


def test_texts_of_the_event_come_along_but_not_those_of_its_own_steps(app: Flask) -> None:
    event = make_event(app)
    make_text(app, "confirmation", event, body="Eigener Text")
    make_text(app, "own-abc", event)
    make_text(app, "confirmation", body="Für alle")
    made = copied(app, event)
    with app.app_context():
        texts = db.session.scalars(select(MailText).where(MailText.event_id == made.id)).all()
        assert [(t.scope, t.kind, t.body) for t in texts] == [
            (f"event:{made.id}", "confirmation", "Eigener Text")
        ]


@pytest.mark.parametrize(
    "unfit",
    [
        {"title": " "},
        {"starts_at": datetime(9999, 12, 31, 22, tzinfo=UTC)},
        {"starts_at": datetime(1, 1, 1, 1, tzinfo=UTC)},
    ],
)
def test_copy_that_can_not_be_stored_leaves_nothing(app: Flask, unfit: dict[str, Any]) -> None:
    event = make_event(app, deadline=NOW)
    with pytest.raises(UnfitInput):
        copied(app, event, **unfit)
    with app.app_context():
        assert list(db.session.scalars(select(Event.slug))) == [event.slug]
