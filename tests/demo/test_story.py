"""The demo data: on its day, in the present, and with the numbers that were promised for it."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.demo.story import folder, make_story, shift_weeks
from ikone_events.domain.figures.press import press_sentence
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.figures.events import figures_for
from ikone_events.services.figures.report import make_report
from ikone_events.services.operating.loading import Loaded, read_file, store_dataset
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.naming import find_by_name, namesakes
from ikone_events.store.events.queries import all_events, find_event, history_of
from ikone_events.store.figures.counts import counts_for
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from ikone_events.store.plan.models import due_actions_of
from ikone_events.store.registering.models import Registration

# The names of the promised numbers in reports.
IN_REPORTS = {
    "registered": "registrations",
    "with_place": "confirmed",
    "attended": "attended_people",
    "administrations": "administrations_attended",
    "members": "administrations_attended_members",
    "non_members": "administrations_attended_non_members",
    "other_bodies": "other_bodies_attended",
}
DATA = json.loads((folder() / "ikone.json").read_text(encoding="utf-8"))


def load(app: Flask, scenario: str) -> tuple[Loaded, datetime]:
    story = make_story(scenario, today=date(2026, 11, 22))
    with app.app_context(), transaction():
        dataset = read_dataset(story.data)
        return store_dataset(dataset, folder=folder(), actor="demo", now=story.begins), story.begins


@pytest.mark.parametrize("today", [date(2026, 11, 16) + timedelta(days=n) for n in range(14)])
def test_monday_begins_on_the_monday_of_this_week(today: date) -> None:
    story = make_story("monday", today=today)

    assert story.begins.date() == today - timedelta(days=today.weekday())
    assert (story.begins.hour, story.begins.minute) == (8, 30)
    workshop = next(e for e in story.data["events"] if e["slug"] == "smart-city-2")
    starts_at = datetime.fromisoformat(workshop["starts_at"])
    assert starts_at.date() == story.begins.date() + timedelta(days=1)
    assert starts_at.hour == 10


def test_move_across_a_dst_night_keeps_the_clock_time() -> None:
    assert shift_weeks({"a": ["2021-01-12T10:00:00+01:00"]}, 24) == {
        "a": ["2021-06-29T10:00:00+02:00"]
    }


def test_people_who_confirmed_the_newsletter_are_subscribers_once(app: Flask) -> None:
    load(app, "monday")
    people = {person["id"]: person["email"] for person in DATA["people"]}
    agreed = {
        people[record["person"]]
        for record in DATA["registrations"]
        if record["consent"].get("newsletter_confirmed")
    }
    with app.app_context():
        rows = list(db.session.scalars(select(Subscriber)))
    assert len(agreed) > 20
    assert sorted(row.email for row in rows) == sorted(agreed)
    assert all(row.topic == "network" and row.confirmed_at for row in rows)


def test_workshop_has_its_64_registrations_of_45_administrations(app: Flask) -> None:
    load(app, "monday")
    expected = DATA["test_cases"]["expected_numbers"]
    with app.app_context():
        events = {event.slug: event for event in all_events()}
        counts = counts_for(events.values())
        for slug, numbers in expected.items():
            found = counts[events[slug].id]
            assert found.total == numbers["registrations"]
            assert found.confirmed == numbers["confirmed"]
            assert found.waiting == numbers["waitlist"]
            assert found.administrations == numbers["administrations_confirmed"]


def test_only_a_name_that_two_bodies_share_is_left_to_the_organiser(app: Flask) -> None:
    load(app, "monday")
    with app.app_context():
        unmatched = select(Registration).where(Registration.organisation_id.is_(None))
        texts = {person.organisation_key for person in db.session.scalars(unmatched)}
        assert texts == {"kaiserslautern"}
        assert [o.name for o in namesakes("kaiserslautern")] == [
            "Stadtverwaltung Kaiserslautern",
            "Kreisverwaltung Kaiserslautern",
        ]
        found = find_by_name("VG Landstuhl")
        assert found is not None
        assert found.key == "vg-landstuhl"


def test_figures_after_the_workshop_are_those_that_were_promised(app: Flask) -> None:
    _loaded, begins = load(app, "after")
    with app.app_context():
        events = {event.slug: event for event in all_events()}
        found = figures_for(events.values(), begins)
        for slug, expected in DATA["test_cases"]["expected_numbers"].items():
            numbers = found[events[slug].id].as_dict()
            assert {name: numbers[name] for name in expected} == expected, slug
        days = sorted(event.day for event in events.values())
        report = make_report(events.values(), days[0], days[-1], now=begins, locale="de")
        for row in report.as_dict()["events"]:
            expected = DATA["test_cases"]["expected_numbers"].get(row["slug"], {})
            named = {short: expected[name] for short, name in IN_REPORTS.items() if expected}
            assert {name: row[name] for name in named} == named, row["slug"]
        assert {"smart-city-1", "smart-city-2"} <= {each.slug for each in report.whole.events}
        case = DATA["test_cases"]["press_sentence"]
        event = events[case["event"]]
        assert press_sentence(found[event.id], Announced(date(2021, 1, 12)), "de") == case["de"]


def test_follow_up_of_the_workshop_is_soon_due_after_it(app: Flask) -> None:
    _loaded, begins = load(app, "after")
    with app.app_context():
        event = find_event("smart-city-2")
        assert event is not None
        due_at = dict(due_actions_of(event))["follow_up"]
        assert timedelta() < due_at - begins <= timedelta(hours=1)


@dataclass
class Announced:
    """The day of the press sentence: the trial's own is moved into the present."""

    day: date
    format: str = "online"


@pytest.mark.parametrize("scenario", ["monday", "after", "summer"])
def test_loading_sends_no_mail_and_explains_every_state(app: Flask, scenario: str) -> None:
    load(app, scenario)
    with app.app_context():
        assert db.session.scalar(select(OutboxMail.id)) is None
        assert db.session.scalar(select(Mailing.id)) is None
        for event in all_events():
            assert history_of(event)[-1].target == event.state


def test_summer_has_forgotten_the_people_of_old(app: Flask) -> None:
    load(app, "summer")
    with app.app_context():
        archived = [event.id for event in all_events() if event.state == "archived"]
        emails = db.session.scalars(
            select(Registration.email).where(Registration.event_id.in_(archived))
        )
        assert len(archived) == 8
        assert set(emails) <= {""}


def test_waiting_line_keeps_its_order(app: Flask) -> None:
    load(app, "monday")
    with app.app_context():
        event = find_event("smart-city-3")
        assert event is not None
        line = list(
            db.session.scalars(
                select(Registration.registered_at)
                .where(Registration.event_id == event.id, Registration.status == "waitlisted")
                .order_by(Registration.id)
            )
        )
    assert line[3] == min(line)  # the person in place four registered first and was moved back


def test_whole_file_is_loaded_from_disk() -> None:
    dataset = read_file(folder() / "ikone.json")
    assert len(dataset.events) == 11
    assert len(dataset.registrations) == 139


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["events"][0].pop("title"), "title"),
        (lambda d: d["events"][0].update(starts_at="2021-13-01T10:00:00+01:00"), "moment"),
        (lambda d: d["events"][0].update(starts_at="2021-01-01T10:00:00"), "time zone"),
        (lambda d: d["events"][0].update(ends_at=d["events"][0]["starts_at"]), "not after"),
        (lambda d: d["events"][0].update(state="lost"), "lost"),
        (lambda d: d["events"][0].update(slug="../x"), "a-z"),
        (lambda d: d["events"][1].update(slug=d["events"][0]["slug"]), "same short name"),
        (lambda d: d["events"][0].update(title={"de": "=?utf-8?q?x?="}), "can't be used"),
        (lambda d: d["registrations"][0].update(person="p999"), "person"),
        (lambda d: d["registrations"][0].update(event="nowhere"), "no such event"),
        (lambda d: d["registrations"][0].update(status="vip"), "vip"),
        (lambda d: d["people"][0].update(email="not an address"), "address"),
        (lambda d: d.update(people="none"), "list"),
        (lambda d: d["people"][0].update(email="ä@b.de"), "address"),
        (lambda d: d["people"][0].update(first_name="x" * 101), "characters"),
        (lambda d: d["registrations"][0].update(question="a\0b"), "characters|stored"),
        (lambda d: d["registrations"].append(d["registrations"][0]), "twice"),
        (lambda d: d["organisations"][0].update(name="x" * 201), "characters"),
        (lambda d: d["events"][1].update(materials=["x"]), "list of objects"),
        (lambda d: d["events"][1]["materials"][1].update(url="javascript:alert(1)"), "address"),
        (lambda d: d["events"][0].update(starts_at="0001-01-01T00:00:00+14:00"), "year|read"),
    ],
)
def test_broken_file_is_refused_whole(app: Flask, change: object, words: str) -> None:
    broken = json.loads(json.dumps(DATA))
    change(broken)  # type: ignore[operator]

    with pytest.raises(UnfitInput, match=words):
        read_dataset(broken)


def test_event_that_exists_is_not_loaded_twice(app: Flask) -> None:
    load(app, "monday")
    with pytest.raises(UnfitInput, match="exists already"):
        load(app, "monday")
    with app.app_context():
        assert len(all_events()) == 6
