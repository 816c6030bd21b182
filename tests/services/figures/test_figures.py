"""The figures of events: what counts as what, the same before and after forgetting, few queries."""

import json
import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.domain.refusals import StatusRefused
from ikone_events.services.figures.events import figures_for, figures_of
from ikone_events.services.figures.periods import period_of
from ikone_events.services.operating.retention import forget_event
from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.services.privacy.forgetting import forget_early
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.feedback import FeedbackAnswer
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.registering.models import Registration, StatusChange
from tests.effort import by_night
from tests.factories import NOW, PAST, make_event, make_organisation, make_registration
from tests.own_fields import make_field
from tests.web.visitor import Queries

pytestmark = pytest.mark.both_databases
LATER = NOW + timedelta(days=400)


def figures(app: Flask, event: Event) -> EventFigures:
    with app.app_context():
        return figures_of(db.session.get_one(Event, event.id), now=NOW)


def came(app: Flask, event: Event, organisation_id: int | None, **more: object) -> Registration:
    values = {"attendance": "attended", **more}
    return make_registration(app, event, organisation_id=organisation_id, **values)


def test_local_municipality_counts_to_its_association(app: Flask) -> None:
    event = make_event(app, **PAST)
    by_key = make_organisation(app, "VG Nieder-Olm", official_key="073395006")
    make_organisation(app, "VG Landstuhl", member=False)
    local = {"kind": "ortsgemeinde", "member": False}
    places = [
        make_organisation(app, "OG Zornheim", official_key="073395006067", **local),
        make_organisation(app, "OG Essenheim", official_key="07 339 5006 012", **local),
        make_organisation(app, "OG Oberarnbach", district="Verbandsgemeinde Landstuhl", **local),
        make_organisation(app, "OG Nirgendwo", official_key="07339067", **local),
    ]
    for place in places:
        came(app, event, place.id)
    found = figures(app, event)
    assert (found.attended_people, found.administrations_attended) == (4, 2)
    assert found.administrations_attended_members == 1
    assert found.administrations_attended_by_kind == {"verbandsgemeinde": 2}
    assert found.other_bodies_attended_by_kind == {"ortsgemeinde": 1}
    assert found.bodies is not None
    assert {one.id: one.attended for one in found.bodies}[by_key.id] == 2


def test_bodies_that_do_not_count_are_listed_by_themselves(app: Flask) -> None:
    event = make_event(app, **PAST)
    for kind in ("land", "forschung", "zweckverband", "landkreis"):
        came(app, event, make_organisation(app, f"Stelle {kind}", kind=kind).id)
    came(app, event, None)
    found = figures(app, event)
    assert (found.administrations_attended, found.other_bodies_attended) == (1, 3)
    assert found.people_without_body_attended == 1
    assert found.people_attended_by_kind == {
        "landkreis": 1,
        "zweckverband": 1,
        "land": 1,
        "forschung": 1,
    }


@pytest.mark.parametrize(("days", "members"), [(-1, 0), (0, 1), (1, 1)])
def test_membership_is_that_of_the_events_day(app: Flask, days: int, members: int) -> None:
    event = make_event(app, **PAST)
    since = event.day - timedelta(days=days)
    came(app, event, make_organisation(app, "VG Jung", member_since=since).id)
    found = figures(app, event)
    assert found.administrations_attended_members == members
    assert found.administrations_attended_non_members == 1 - members
    assert found.administrations_confirmed_members == members


def test_unconfirmed_are_those_whose_address_was_never_confirmed(app: Flask) -> None:
    event = make_event(app, **PAST, confirm_hours=24)
    make_registration(app, event, status="pending", awaits="address")
    make_registration(app, event, status="pending", awaits="approval")
    make_registration(app, event, status="expired")
    make_registration(app, event, status="expired", address_confirmed_at=NOW)
    offered = make_registration(app, event, status="expired")
    with app.app_context(), transaction():
        change = {"action": "expire", "source": "offered", "target": "expired", "actor": "system"}
        db.session.add(StatusChange(registration_id=offered.id, at=NOW, **change))
    assert figures(app, event).unconfirmed_email == 2

    by_approval = make_event(app, **PAST, approval=True)
    make_registration(app, by_approval, status="expired")
    assert figures(app, by_approval).unconfirmed_email == 0


def test_first_timers_are_found_among_forgotten_events(app: Flask) -> None:
    before = {"starts_at": NOW - timedelta(days=60), "ends_at": NOW - timedelta(days=59)}
    first, second = make_event(app, **before), make_event(app, **PAST)
    old, new, absent = (make_organisation(app, f"VG Nummer{n}") for n in range(3))
    came(app, first, old.id)
    make_registration(app, first, organisation_id=absent.id, attendance="missed")
    for body in (old, new, absent):
        came(app, second, body.id)
    assert (figures(app, first).first_timers, figures(app, second).first_timers) == (1, 2)
    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, first.id), now=NOW)
    assert figures(app, second).first_timers == 2


def test_registrations_are_counted_by_channel(app: Flask) -> None:
    event = make_event(app, **PAST)
    for via in ("", "newsletter", "newsletter", "press"):
        make_registration(app, event, via=via, status="cancelled")
    assert figures(app, event).by_channel == {"": 1, "newsletter": 2, "press": 1}


def test_requests_and_feedback_are_counted(app: Flask) -> None:
    event = make_event(app, **PAST)
    field = make_field(app, event)
    with app.app_context(), transaction():
        for number in range(2):
            asked = {"email": f"{number}@example.org", "email_key": f"{number}@example.org"}
            db.session.add(
                MaterialRequest(event_id=event.id, asked_on=event.day, asked_at=NOW, **asked)
            )
        for place in range(3):
            values = {"event_id": event.id, "field_id": field.id, "entry": "one", "value": "5"}
            db.session.add(FeedbackAnswer(place=place, **values))
    found = figures(app, event)
    assert (found.materials_requested, found.feedback_answers) == (2, 1)


def test_stored_figures_are_never_counted_again(app: Flask) -> None:
    event = make_event(app, **PAST)
    body = make_organisation(app, "VG Bleibt")
    came(app, event, body.id)
    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, event.id), now=NOW)
    before = figures(app, event)
    with app.app_context(), transaction():
        db.session.execute(Registration.__table__.update().values(status="cancelled"))
    assert figures(app, event) == before
    assert before.administrations_attended == 1


def test_figures_of_the_first_version_stay_and_get_their_bodies(app: Flask) -> None:
    first = {"registrations": 9, "waitlisted": 1, "attended_people": 7}
    event = make_event(app, **PAST, state="archived", figures=json.dumps(first))
    came(app, event, make_organisation(app, "VG Alt").id)
    found = figures(app, event)
    assert (found.version, found.registrations, found.waitlist) == (1, 9, 1)
    assert (found.took_place, found.attended_people, found.first_timers) == (True, 7, None)
    with app.app_context():
        whole = period_of([db.session.get_one(Event, event.id)], NOW).whole
    assert (whole.attended_people, whole.administrations, whole.members) == (7, 1, 1)


def test_damaged_figures_are_counted_again(app: Flask) -> None:
    event = make_event(app, **PAST, state="archived", figures="{damaged")
    make_registration(app, event)
    assert figures(app, event).registrations == 1


def fill(app: Flask, event: Event, seed: int) -> None:
    """People of every status, of several bodies, by several links."""
    chance = random.Random(seed)
    bodies = [make_organisation(app, f"VG {seed} {n}", member=n % 2 == 0).id for n in range(4)]
    bodies.append(make_organisation(app, f"Land {seed}", kind="land").id)
    for _ in range(25):
        status = chance.choice(
            ["confirmed"] * 5 + ["cancelled", "waitlisted", "declined", "pending", "expired"]
        )
        make_registration(
            app,
            event,
            status=status,
            status_at=NOW - timedelta(days=20),
            awaits="address" if status == "pending" else "",
            organisation_id=chance.choice([*bodies, None]),
            via=chance.choice(["", "newsletter", "website"]),
            attendance=chance.choice(["attended", "missed", None])
            if status == "confirmed"
            else None,
        )


def by_the_people(event: Event) -> None:
    for person in db.session.scalars(select(Registration).filter_by(event_id=event.id)).all():
        try:
            forget_person(person, now=NOW)
        except StatusRefused:
            continue


WAYS: dict[str, Callable[[Event], None]] = {
    "by the people": by_the_people,
    "early": lambda _event: forget_early(LATER),
    "archived": lambda event: archive_persons(event, now=LATER),
    "by the clock": lambda event: forget_event(event.slug, actor="system", now=LATER),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", by_night([1, 2], [1]))
def test_figures_are_the_same_after_forgetting(app: Flask, way: str, seed: int) -> None:
    event = make_event(app, **PAST, state="dispatched")
    fill(app, event, seed)
    before = figures(app, event)
    assert before.attended_people
    assert before.unconfirmed_email
    with app.app_context(), transaction():
        WAYS[way](db.session.get_one(Event, event.id))
    assert figures(app, event) == before
    with app.app_context(), transaction():
        gone = db.session.scalars(
            select(Registration.email).where(Registration.anonymised_at.is_not(None))
        ).all()
        db.session.get_one(Event, event.id).figures = ""
    assert set(gone) == {""}
    assert figures(app, event) == before


def test_number_of_queries_does_not_grow_with_the_events(app: Flask) -> None:
    numbers = []
    for size in (1, 6):
        for _ in range(size):
            event = make_event(app, **PAST, state="archived")
            came(app, event, make_organisation(app, "VG Viele").id)
        with app.app_context():
            events = db.session.scalars(select(Event)).all()
            with Queries(app) as said:
                figures_for(events, NOW)
        numbers.append(len(said))
    assert numbers[0] == numbers[1] <= 8


def test_period_counts_everybody_once(app: Flask) -> None:
    bodies = [make_organisation(app, f"VG Ort{n}", member_until=date(2026, 2, 1)) for n in range(2)]
    early = {"starts_at": NOW - timedelta(days=40), "ends_at": NOW - timedelta(days=39)}
    events = [make_event(app, **early), make_event(app, **PAST), make_event(app)]
    for event in events[:2]:
        came(app, event, bodies[0].id)
    came(app, events[1], bodies[1].id)
    unknown = make_event(app, **PAST)
    make_registration(app, unknown)
    with app.app_context():
        rows = [db.session.get_one(Event, event.id) for event in (*events, unknown)]
        whole = period_of(rows, NOW).whole
    assert (whole.events, whole.events_without_attendance) == (3, 1)
    assert (whole.attended_people, whole.seats, whole.attendance_share) == (3, 3, 1.0)
    assert (whole.administrations, whole.members, whole.non_members) == (2, 1, 1)
    assert whole.first_timers == 2
