"""Checking people in: several helpers at once, presses that arrive late or twice, undo."""

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.refusals import LinkGone, LinkRefused, NotFound, StatusRefused
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.check_in import EntryOutcome
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.privacy.forgetting import forget
from ikone_events.services.rooms.attendance import enter_by_door, state_attendance
from ikone_events.services.rooms.check_in import (
    Entry,
    Press,
    check_in,
    find_by_code,
    undo_check_in,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.check_in import (
    AtEntrance,
    count_inside,
    find_at_entrance,
    last_entries,
    not_in_yet,
    people_named,
)
from ikone_events.store.rooms.models import AttendanceRecord, CheckInPress
from tests.at_once import at_once
from tests.factories import NOW, TODAY, make_event, make_registration

ENTERED, ALREADY_IN = EntryOutcome.ENTERED, EntryOutcome.ALREADY_IN


def press(
    app: Flask, event: Event, person: Registration, *, now: datetime = NOW, **values: object
) -> Entry:
    made = Press(**{"by": "Paula", **values})  # type: ignore[arg-type]
    with app.app_context(), transaction():
        return check_in(event, person.public_id, made, now=now)


def undo(
    app: Flask, event: Event, person: Registration, *, now: datetime = NOW, **values: object
) -> AtEntrance:
    made = Press(**{"by": "Quentin", **values})  # type: ignore[arg-type]
    with app.app_context(), transaction():
        return undo_check_in(event, person.public_id, made, now=now)


def recorded(app: Flask, person: Registration) -> tuple[str, datetime | None, str]:
    with app.app_context():
        found = db.session.get(AttendanceRecord, person.id)
        return (found.stated, found.stated_at, found.stated_by) if found else ("", None, "")


@pytest.mark.both_databases
def test_of_many_helpers_at_once_one_lets_the_person_in(app: Flask) -> None:
    """Seen failing on PostgreSQL with `with_for_update` taken out of `lock_at_entrance`."""
    event = make_event(app, **TODAY)
    people = [make_registration(app, event) for _ in range(5)]
    helpers = [f"Helferin {number}" for number in range(6)]
    ready = threading.Barrier(len(helpers))
    got: list[tuple[int, str, Entry]] = []

    def help_in(name: str) -> None:
        for person in people:
            ready.wait()
            got.append((person.id, name, press(app, event, person, by=name)))

    threads = [threading.Thread(target=help_in, args=(name,)) for name in helpers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for person in people:
        of_person = [(name, entry) for id_, name, entry in got if id_ == person.id]
        outcomes = Counter(entry.outcome for _name, entry in of_person)
        assert outcomes == {ENTERED: 1, ALREADY_IN: len(helpers) - 1}
        first = next(name for name, entry in of_person if entry.outcome is ENTERED)
        assert {entry.found.stated_by for _name, entry in of_person} == {first}
        assert recorded(app, person) == ("attended", NOW, first)


@pytest.mark.both_databases
def test_of_many_undos_at_once_one_counts(app: Flask) -> None:
    """Seen failing on PostgreSQL with `with_for_update` taken out of `lock_at_entrance`."""
    event = make_event(app, **TODAY)
    people = [make_registration(app, event) for _ in range(5)]
    for person in people:
        press(app, event, person)
    helpers = 4
    ready = threading.Barrier(helpers)
    got: list[tuple[int, bool]] = []

    def take_back() -> None:
        for person in people:
            ready.wait()
            try:
                undo(app, event, person, since=NOW)
                got.append((person.id, True))
            except StatusRefused:
                got.append((person.id, False))

    threads = [threading.Thread(target=take_back) for _ in range(helpers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = {(person.id, True): 1 for person in people}
    wanted |= {(person.id, False): helpers - 1 for person in people}
    assert Counter(got) == wanted
    assert [recorded(app, person) for person in people] == [("", None, "")] * len(people)


@pytest.mark.both_databases
def test_one_key_at_once_is_one_press(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    got = at_once(lambda _number: press(app, event, person, key="k").outcome, range(4))
    assert Counter(got) == {ENTERED: 1, ALREADY_IN: 3}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CheckInPress)) == 1


def test_second_press_finds_the_person_in_since_the_first(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    first = press(app, event, person)
    second = press(app, event, person, by="Quentin", now=NOW + timedelta(minutes=3))
    assert (first.outcome, first.found.since) == (ENTERED, NOW)
    assert (second.outcome, second.found.since, second.found.stated_by) == (
        ALREADY_IN,
        NOW,
        "Paula",
    )


@pytest.mark.both_databases
def test_press_that_arrives_late_counts_from_its_own_moment(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person, by="Quentin")
    late = press(app, event, person, seconds_ago=300, now=NOW + timedelta(minutes=2))
    assert late.outcome is ENTERED
    assert recorded(app, person) == ("attended", NOW - timedelta(minutes=3), "Paula")


def test_press_sent_again_after_an_undo_changes_nothing(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person, key="lost-answer")
    undo(app, event, person, now=NOW + timedelta(minutes=1))
    again = press(app, event, person, key="lost-answer", now=NOW + timedelta(minutes=2))
    assert again.outcome is EntryOutcome.TAKEN_BACK
    assert recorded(app, person) == ("", None, "")


def test_press_from_before_an_undo_stays_undone(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person, by="Quentin")
    undo(app, event, person, now=NOW + timedelta(minutes=5))
    late = press(app, event, person, seconds_ago=600, now=NOW + timedelta(minutes=9))
    assert late.outcome is EntryOutcome.TAKEN_BACK
    anew = press(app, event, person, now=NOW + timedelta(minutes=10))
    assert anew.outcome is ENTERED


def test_absence_of_before_is_replaced_and_one_of_later_stays(app: Flask) -> None:
    event = make_event(app, **TODAY)
    early, late = make_registration(app, event), make_registration(app, event)
    with app.app_context(), transaction():
        for person in (early, late):
            state_attendance(person.public_id, Attendance.MISSED, now=NOW, by="Olga")
    assert press(app, event, early, now=NOW + timedelta(minutes=1)).outcome is ENTERED
    kept = press(app, event, late, now=NOW + timedelta(minutes=1), seconds_ago=120)
    assert kept.outcome is EntryOutcome.MARKED_ABSENT
    assert recorded(app, late)[0] == "missed"


def test_press_at_the_video_door_does_not_matter_at_the_entrance(app: Flask) -> None:
    event = make_event(app, **{**TODAY, "format": "hybrid"})
    person = make_registration(app, event, mode="online")
    with app.app_context(), transaction():
        enter_by_door(person.id, event.id, now=NOW)
    with app.app_context():
        assert count_inside(event) == (0, 0)
    assert press(app, event, person).outcome is ENTERED
    with app.app_context():
        assert count_inside(event) == (1, 1)


def test_undo_by_another_takes_the_entry_back_once(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person)
    with pytest.raises(StatusRefused, match="since"):
        undo(app, event, person, since=NOW - timedelta(minutes=9))
    assert undo(app, event, person, since=NOW).since is None
    assert recorded(app, person) == ("", None, "")
    with pytest.raises(StatusRefused, match="not checked in"):
        undo(app, event, person)


def test_entry_cannot_be_taken_back_after_the_day(app: Flask) -> None:
    """An account of the role door stays; what certificates were made from must stay too."""
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person)
    with pytest.raises(StatusRefused, match="on an earlier day"):
        undo(app, event, person, now=NOW + timedelta(days=1))
    assert recorded(app, person)[0] == "attended"


@pytest.mark.parametrize("status", ["waitlisted", "cancelled", "pending", "offered", "expired"])
def test_person_without_a_place_is_refused_and_nothing_recorded(app: Flask, status: str) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event, status=status)
    with pytest.raises(StatusRefused):
        press(app, event, person)
    assert recorded(app, person) == ("", None, "")


@pytest.mark.parametrize(
    "values",
    [
        {"format": "online"},
        {"state": "cancelled"},
        {"state": "postponed"},
        {"starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=1, hours=2)},
        {"starts_at": NOW - timedelta(days=1), "ends_at": NOW - timedelta(days=1, hours=-2)},
    ],
)
def test_event_without_an_entrance_today_lets_nobody_in(
    app: Flask, values: dict[str, object]
) -> None:
    event = make_event(app, **{**TODAY, **values})
    person = make_registration(app, event)
    with pytest.raises(StatusRefused):
        press(app, event, person)
    assert recorded(app, person) == ("", None, "")


def test_press_of_the_day_before_is_not_one_of_today(app: Flask) -> None:
    """Somebody has tried the scanner at home, without a network."""
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    with pytest.raises(StatusRefused, match="later day"):
        press(app, event, person, seconds_ago=24 * 3600)


def test_person_of_another_event_is_unknown(app: Flask) -> None:
    event, other = make_event(app, **TODAY), make_event(app, **TODAY)
    person = make_registration(app, other)
    with pytest.raises(NotFound):
        press(app, event, person)


def test_only_a_check_in_code_of_now_names_somebody(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event, link_epoch=2)
    with app.app_context():
        signer = get_installation().signer
        right = signer.sign(Purpose.CHECK_IN, LinkClaim(person.public_id, 2))
        assert find_by_code(right).id == person.id
        assert find_by_code(f"HTTP://LOCALHOST/C/{right}\n").id == person.id
        wrong = [
            signer.sign(purpose, LinkClaim(person.public_id, 2))
            for purpose in Purpose
            if purpose is not Purpose.CHECK_IN
        ]
        unknown = signer.sign(Purpose.CHECK_IN, LinkClaim("0" * 32, 1))
        future = signer.sign(Purpose.CHECK_IN, LinkClaim(person.public_id, 3))  # a backup is back
        cut = (right[:-1], right[1:], right.upper(), "", "Adler")
        for code in (*wrong, unknown, future, *cut):
            with pytest.raises(LinkRefused):
                find_by_code(code)
        with pytest.raises(LinkGone, match="newer"):
            find_by_code(signer.sign(Purpose.CHECK_IN, LinkClaim(person.public_id, 1)))


def test_forgotten_person_leaves_no_press_and_is_not_found(app: Flask) -> None:
    event = make_event(app, **TODAY)
    person = make_registration(app, event)
    press(app, event, person)
    with app.app_context():
        with transaction():
            forget(select(Registration.id).where(Registration.id == person.id), now=NOW)
        assert db.session.scalar(select(func.count()).select_from(CheckInPress)) == 0
        assert find_at_entrance(event.id, person.public_id) is None
        code = get_installation().signer.sign(Purpose.CHECK_IN, LinkClaim(person.public_id, 1))
        with pytest.raises(LinkGone, match="deleted"):
            find_by_code(code)


@pytest.mark.both_databases
def test_lists_of_the_entrance_show_who_is_in_and_who_is_not(app: Flask) -> None:
    event = make_event(app, **{**TODAY, "format": "hybrid"})
    here = make_registration(app, event, last_name="Adler", mode="on_site")
    make_registration(app, event, last_name="Zander", mode="on_site")
    make_registration(app, event, last_name="Zuhause", mode="online")
    make_registration(app, event, last_name="Wartend", mode="on_site", status="waitlisted")
    press(app, event, here)
    with app.app_context():
        assert count_inside(event) == (1, 2)
        assert [each.person.last_name for each in not_in_yet(event, 9)] == ["Zander"]
        assert [each.person.last_name for each in last_entries(event, 9)] == ["Adler"]
        found = people_named(event, "bendorf", 3)
        assert [each.person.last_name for each in found] == ["Adler", "Wartend", "Zander"]
