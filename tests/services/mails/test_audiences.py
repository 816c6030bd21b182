"""Who belongs to which audience, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.mails.audiences import OF_SUBSCRIBERS, Audience
from ikone_events.domain.plan.times import Anchor, Timing
from ikone_events.services.mails.audiences import count, people_of, subscribers_of
from ikone_events.services.plan.plans import add_message
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.plan.models import choose_people
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_organisation, make_registration

pytestmark = pytest.mark.both_databases

PEOPLE = {
    "invited": {"calendar_sequence": 0},
    "answered": {"calendar_sequence": 0, "partstat": "ACCEPTED"},
    "came": {"attendance": "attended"},
    "stayed-away": {"attendance": "missed"},
    "waits": {"status": "waitlisted", "question": "Was kostet das?"},
    "pending": {"status": "pending", "awaits": "address"},
    "judged": {"status": "pending", "awaits": "approval"},
    "offered": {"status": "offered"},
    "on-site": {"mode": "on_site", "partstat": "ACCEPTED"},
    "withdrew": {"status": "cancelled", "question": "Warum?", "calendar_sequence": 0},
    "forgotten": {"anonymised_at": NOW, "question": "x", "calendar_sequence": 0},
}
ONLINE = {"invited", "answered", "came", "stayed-away"}
CONFIRMED = ONLINE | {"on-site"}
ACTIVE = CONFIRMED | {"waits", "pending", "judged", "offered"}
MEMBERS = {
    Audience.CONFIRMED: CONFIRMED,
    Audience.CONFIRMED_ONLINE: ONLINE,
    Audience.CONFIRMED_ON_SITE: {"on-site"},
    Audience.CONFIRMED_AND_WAITING: ACTIVE,
    Audience.WAITING: {"waits"},
    Audience.UNCONFIRMED: {"pending"},
    Audience.UNAPPROVED: {"judged"},
    Audience.OFFERED: {"offered"},
    Audience.ATTENDED: {"came"},
    Audience.MISSED: {"stayed-away"},
    Audience.NOT_MISSED: CONFIRMED - {"stayed-away"},
    Audience.ASKED: {"waits"},
    Audience.ADMINISTRATION: {"waits", "came", "offered"},
    Audience.UNANSWERED: {"invited"},
    Audience.SUBSCRIBERS: {"news", "came", "withdrew"},
    Audience.UNREGISTERED: {"news", "withdrew"},
    Audience.INTERESTED: {"curious"},
}


def subscribe(app: Flask, name: str, event: Event | None = None, *, confirmed: bool = True) -> None:
    with app.app_context(), transaction():
        db.session.add(
            Subscriber(
                topic=f"event:{event.id}" if event else "network",
                event_id=event.id if event else None,
                email=f"{name}@example.org",
                email_key=f"{name}@example.org",
                created_at=NOW,
                confirmed_at=NOW - timedelta(hours=1) if confirmed else None,
            )
        )


@pytest.fixture
def event(app: Flask) -> Event:
    """An event with one person of each sort, and another with the same people."""
    event, other = make_event(app, format="hybrid"), make_event(app, format="hybrid")
    bendorf = make_organisation(app, "Stadtverwaltung Bendorf")
    for name, values in PEOPLE.items():
        email = f"{name}@example.org"
        theirs = name in ("waits", "came", "offered", "withdrew")
        organisation = bendorf.id if theirs else None
        make_registration(app, event, email=email, organisation_id=organisation, **values)
        make_registration(app, other, email=email, organisation_id=organisation, **values)
    for name in ("news", "came", "withdrew"):
        subscribe(app, name)
        subscribe(app, name, other)
    subscribe(app, "curious", event)
    subscribe(app, "unconfirmed", confirmed=False)
    subscribe(app, "unconfirmed", event, confirmed=False)
    return event


def names(app: Flask, event: Event, audience: Audience) -> set[str]:
    with app.app_context():
        chosen: list[str]
        if audience in OF_SUBSCRIBERS:
            chosen = [
                person.email for person in db.session.scalars(subscribers_of(event, audience))
            ]
        else:
            bendorf = 1 if audience is Audience.ADMINISTRATION else None
            people = people_of(event, audience, now=NOW, organisation_id=bendorf)
            chosen = [person.email for person in db.session.scalars(people)]
            assert count(event, audience, organisation_id=bendorf, now=NOW) == len(chosen)
        return {email.removesuffix("@example.org") for email in chosen}


def test_audience_holds_its_people_and_nobody_else(app: Flask, event: Event) -> None:
    assert {audience: names(app, event, audience) for audience in MEMBERS} == MEMBERS


def test_chosen_people_get_a_message_unless_they_have_withdrawn_since(
    app: Flask, event: Event
) -> None:
    chosen = {"came", "offered", "withdrew", "forgotten"}
    wanted = Registration.email.in_([f"{name}@example.org" for name in chosen])
    with app.app_context(), transaction():
        mine = db.session.get_one(Event, event.id)
        timing = Timing(anchor=Anchor.FIXED, fixed=NOW)
        steps = [
            add_message(mine, title="x", audience=Audience.CHOSEN, timing=timing) for _ in range(2)
        ]
        people = list(db.session.scalars(select(Registration).where(wanted)))
        choose_people(steps[0], [each.id for each in people])
        numbers = [step.id for step in steps]

    def found() -> list[set[str]]:
        with app.app_context():
            groups = [
                people_of(event, Audience.CHOSEN, now=NOW, step_id=number) for number in numbers
            ]
            people = [db.session.scalars(group).all() for group in groups]
            mine = {each.event_id for group in people for each in group}
            assert mine <= {event.id}
            assert count(event, Audience.CHOSEN, step_id=numbers[0], now=NOW) == len(people[0])
            return [{each.email.partition("@")[0] for each in group} for group in people]

    assert found() == [{"came", "offered", "withdrew"}, set()]
    with app.app_context(), transaction():
        for each in db.session.scalars(select(Registration).where(wanted)):
            each.status = "cancelled"
    assert found() == [{"withdrew"}, set()]


def test_event_that_needs_a_code_is_news_for_nobody_but_who_asked_for_it(
    app: Flask, event: Event
) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).by_code = True
    event.by_code = True
    found = {audience: names(app, event, audience) for audience in sorted(OF_SUBSCRIBERS)}
    assert found == {
        Audience.INTERESTED: {"curious"},
        Audience.NOBODY: set(),
        Audience.SUBSCRIBERS: set(),
        Audience.UNREGISTERED: set(),
    }


@pytest.mark.parametrize(
    ("event_format", "online", "on_site"), [("online", 2, 0), ("on_site", 0, 2)]
)
def test_mode_counts_at_hybrid_events_only(
    app: Flask, event_format: str, online: int, on_site: int
) -> None:
    event = make_event(app, format=event_format)
    for mode in ("online", "on_site"):
        make_registration(app, event, mode=mode)
    with app.app_context():
        assert count(event, Audience.CONFIRMED_ONLINE, now=NOW) == online
        assert count(event, Audience.CONFIRMED_ON_SITE, now=NOW) == on_site


def test_every_audience_can_be_counted(app: Flask, event: Event) -> None:
    with app.app_context():
        known = db.session.get_one(Event, event.id)
        assert all(count(known, audience, now=NOW) >= 0 for audience in Audience)
