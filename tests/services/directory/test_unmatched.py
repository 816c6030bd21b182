"""Typed names that fit nobody: decided once, for everybody, at every event."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.refusals import NotFound
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.directory.unmatched import (
    UnmatchedGroup,
    count_unmatched,
    decide,
    find_group,
    leave,
    take_up,
    unmatched_groups,
)
from ikone_events.services.figures.events import figures_of
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import LeftText, Organisation
from ikone_events.store.directory.naming import find_by_name
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import counts_for
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, make_event, make_organisation, make_registration

pytestmark = pytest.mark.both_databases


def make_organiser(app: Flask, *, only: tuple[str, ...] = ()) -> int:
    with app.app_context(), transaction():
        new = NewOrganiser(
            email="w@example.org", role="organiser", password="Lange-Wörter-2026", only=only
        )
        return add(new, now=NOW).id


@pytest.fixture
def team(app: Flask) -> int:
    """Somebody who sees every event."""
    return make_organiser(app)


def person(team: int) -> Organiser:
    return db.session.get_one(Organiser, team)


def groups(app: Flask, team: int, **wish: Any) -> list[UnmatchedGroup]:
    with app.app_context():
        return unmatched_groups(person(team), **wish).rows


def translate(app: Flask, team: int, key: str, body: Organisation, **more: Any) -> tuple[int, bool]:
    """Decide; how many got the body, and whether the name is remembered."""
    with app.app_context(), transaction():
        _body, given, learnt = decide(person(team), key, body.id, now=NOW, **more)
        return given, learnt


def bodies(app: Flask) -> list[int | None]:
    with app.app_context():
        wanted = select(Registration.organisation_id).order_by(Registration.id)
        return list(db.session.scalars(wanted))


def test_spellings_of_one_name_are_one_group(app: Flask, team: int) -> None:
    here, there = make_event(app), make_event(app)
    for event, text in ((here, "Bauamt Aue"), (here, "BAUAMT  AUE"), (there, "Bauamt-Aue")):
        make_registration(app, event, organisation_text=text)
    make_registration(app, here, organisation_text="Verein")
    make_registration(app, here, organisation_text="")
    make_registration(app, here, organisation_text="Bauamt Aue", status="cancelled")
    make_registration(app, make_event(app, state="archived"), organisation_text="Altes Amt")
    found = groups(app, team)
    assert [(g.key, g.people, g.events) for g in found] == [("bauamt aue", 3, 2), ("verein", 1, 1)]
    with app.app_context():
        assert count_unmatched(person(team)) == 2


def test_likeliest_bodies_come_first(app: Flask, team: int) -> None:
    meant = make_organisation(app, "Verbandsgemeindeverwaltung Landburg")
    near = make_organisation(app, "Stadtverwaltung Landbürg", kind="verbandsfreie_stadt")
    make_organisation(app, "Kreisverwaltung Zweiflingen", kind="landkreis")
    make_registration(app, make_event(app), organisation_text="VG Lanburg, Bauamt")
    make_registration(app, make_event(app), organisation_text="VG Landbrug")
    first, second = groups(app, team)
    assert [body.id for body in second.suggestions] == [meant.id, near.id]
    assert first.key == "vg lanburg bauamt"


def test_one_press_matches_everybody_and_is_remembered(app: Flask, team: int) -> None:
    body = make_organisation(app, "Verbandsgemeindeverwaltung Landburg")
    for _number in range(3):
        make_registration(app, make_event(app), organisation_text="Rathaus Landburg")
    assert translate(app, team, "rathaus landburg", body) == (3, True)
    assert bodies(app) == [body.id] * 3
    assert groups(app, team) == []
    with app.app_context():
        found = find_by_name("RATHAUS  Landburg")
        assert found is not None
        assert (found.id, found.aliases, found.edit_version) == (body.id, ["Rathaus Landburg"], 2)


def test_name_that_is_shared_is_not_remembered(app: Flask, team: int) -> None:
    city = make_organisation(app, "Stadtverwaltung Lautersheim", kind="kreisfreie_stadt")
    district = make_organisation(app, "Kreisverwaltung Lautersheim", kind="landkreis")
    event = make_event(app)
    first, second = (
        make_registration(app, event, organisation_text="Lautersheim") for _n in range(2)
    )
    (group,) = groups(app, team)
    assert group.shared
    assert {body.id for body in group.suggestions} == {city.id, district.id}
    assert translate(app, team, group.key, city, people=[first.public_id]) == (1, False)
    assert bodies(app) == [city.id, None]
    assert translate(app, team, group.key, district) == (1, False)
    assert bodies(app) == [city.id, district.id]
    with app.app_context():
        assert find_by_name("Lautersheim") is None
    assert second.organisation_id is None


def test_name_for_some_of_the_people_is_not_remembered(app: Flask, team: int) -> None:
    body = make_organisation(app, "VG Landburg")
    event = make_event(app)
    chosen = make_registration(app, event, organisation_text="Rathaus")
    make_registration(app, event, organisation_text="Rathaus")
    assert translate(app, team, "rathaus", body, people=[chosen.public_id]) == (1, False)
    assert bodies(app) == [body.id, None]


def test_organiser_of_some_events_sees_only_theirs(app: Flask) -> None:
    mine, other = make_event(app), make_event(app)
    make_registration(app, mine, organisation_text="Amt Eins")
    make_registration(app, other, organisation_text="Amt Zwei")
    limited = make_organiser(app, only=(mine.slug,))
    assert [group.key for group in groups(app, limited)] == ["amt eins"]
    with app.app_context(), pytest.raises(NotFound):
        find_group(person(limited), "amt zwei")
    with pytest.raises(NotFound):
        translate(app, limited, "amt zwei", make_organisation(app, "VG Landburg"))


def test_text_that_is_set_aside_is_asked_no_more_until_taken_up(app: Flask, team: int) -> None:
    event = make_event(app)
    make_registration(app, event, organisation_text="Privat")
    with app.app_context(), transaction():
        assert leave(person(team), "privat", now=NOW) == "Privat"
    make_registration(app, event, organisation_text="privat")
    assert groups(app, team) == []
    assert [group.people for group in groups(app, team, left=True)] == [2]
    with app.app_context(), transaction():
        take_up("privat")
    assert len(groups(app, team)) == 1


def test_text_that_was_set_aside_goes_with_those_who_typed_it(app: Flask, team: int) -> None:
    event = make_event(app, state="followed_up", **PAST)
    make_registration(app, event, organisation_text="Maria Muster privat")
    with app.app_context():
        with transaction():
            leave(person(team), "maria muster privat", now=NOW)
        with transaction():
            archive_persons(db.session.get_one(Event, event.id), now=NOW)
        assert db.session.scalar(select(LeftText)) is None


def test_match_of_a_member_serves_the_line(app: Flask, team: int) -> None:
    """Members come first: who is found to be one is let in at once, and notified."""
    event = make_event(app, members_until=NOW + timedelta(days=3), capacity=5)
    over = make_event(app, state="followed_up", **PAST)
    member = make_organisation(app, "VG Landburg", member_since=date(2020, 1, 1))
    waits = make_registration(
        app, event, status="waitlisted", waiting_order=1, organisation_text="Rathaus Landburg"
    )
    make_registration(
        app, over, status="waitlisted", waiting_order=1, organisation_text="Rathaus Landburg"
    )
    assert translate(app, team, "rathaus landburg", member) == (2, True)
    with app.app_context():
        assert db.session.get_one(Registration, waits.id).status == "confirmed"
        (mail,) = db.session.scalars(select(OutboxMail))
        assert (mail.registration_id, mail.kind) == (waits.id, "promotion")


def test_match_counts_against_the_places_of_the_administration(app: Flask, team: int) -> None:
    event = make_event(app, per_administration=1, capacity=5)
    body = make_organisation(app, "VG Landburg")
    make_registration(app, event, organisation_id=body.id, organisation_text="VG Landburg")
    waits = make_registration(
        app, event, status="waitlisted", waiting_order=1, organisation_text="Rathaus Landburg"
    )
    translate(app, team, "rathaus landburg", body)
    with app.app_context():
        stored = db.session.get_one(Registration, waits.id)
        assert (stored.status, stored.organisation_id) == ("waitlisted", body.id)


def test_two_who_decide_at_once_do_not_wait_for_each_other(app: Flask, team: int) -> None:
    events = [make_event(app) for _number in range(4)]
    known = [make_organisation(app, f"VG Landburg{number}") for number in range(2)]
    for number, order in enumerate((events, reversed(events))):
        for event in order:
            make_registration(app, event, organisation_text=f"Amt {number}")
    with ThreadPoolExecutor() as threads:
        pressed = [
            threads.submit(translate, app, team, f"amt {number}", body)
            for number, body in enumerate(known)
        ]
    assert [press.result() for press in pressed] == [(4, True), (4, True)]


def test_membership_counts_as_of_each_events_own_day(app: Flask) -> None:
    """It ended between two events, and began at midnight of the event's own zone."""
    ended = make_organisation(app, "VG Eins", member_until=date(2026, 3, 20))
    begun = make_organisation(app, "VG Zwei", member_since=date(2026, 3, 21))
    never = make_organisation(app, "VG Drei", member=False)
    before = make_event(app, **at(NOW.replace(day=20, hour=20)))
    after = make_event(app, **at(NOW.replace(day=20, hour=23, minute=30)))  # the 21st in Berlin
    for event in (before, after):
        for body in (ended, begun, never):
            make_registration(app, event, organisation_id=body.id, attendance="attended")
    with app.app_context():
        counts = counts_for([before, after])
        for event, member in ((before, ended), (after, begun)):
            assert (counts[event.id].administrations, counts[event.id].members) == (3, 1)
            figures = figures_of(db.session.get_one(Event, event.id), now=NOW)
            assert figures.administrations_attended_members == 1
            assert figures.administrations_attended_non_members == 2
            stored = db.session.get_one(Event, event.id)
            assert [o.is_member_on(stored.day) for o in (ended, begun)] == [
                o is member for o in (ended, begun)
            ]


def at(moment: Any) -> dict[str, Any]:
    """The times of an event that begins then."""
    return {"starts_at": moment, "ends_at": moment + timedelta(hours=1)}
