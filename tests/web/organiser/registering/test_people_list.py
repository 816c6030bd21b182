"""The list of people: narrowed, ordered, and as quick for thousands as for ten."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.registering.filter import wish_of
from tests.effort import by_night
from tests.factories import NOW, make_event, make_mail, make_organisation, make_registration
from tests.web.organiser.conftest import Browser
from tests.web.organiser.registering.test_people import queries


@pytest.fixture
def event(app: Flask) -> Event:
    """A hybrid event with somebody of every sort, all named after what they are."""
    event = make_event(
        app, format="hybrid", place="Rathaus", approval=True, capacity=100, capacity_online=10
    )
    member = make_organisation(app, "Stadt Worms", key="worms", short_name="Worms")
    guest = make_organisation(app, "Stadt Speyer", key="speyer", member=False)
    until = (NOW - timedelta(days=1)).date()
    former = make_organisation(app, "Stadt Mainz", key="mainz", member_until=until)
    sorts: dict[str, dict[str, Any]] = {
        "Member": {"organisation_id": member.id, "mode": "on_site"},
        "Guest": {"organisation_id": guest.id, "attendance": "attended"},
        "Former": {"organisation_id": former.id, "attendance": "missed"},
        "Unmatched": {"organisation_text": "Amt Nirgendwo"},
        "Nothing": {"organisation_text": ""},
        "Approval": {"organisation_id": guest.id, "status": "pending", "awaits": "approval"},
        "Address": {"organisation_id": guest.id, "status": "pending", "awaits": "address"},
        "Later": {"organisation_id": guest.id, "status": "waitlisted", "waiting_order": 9},
        "Earlier": {"organisation_id": guest.id, "status": "waitlisted", "waiting_order": 5},
        "Cancelled": {"organisation_id": None, "status": "cancelled"},
    }
    for number, (name, values) in enumerate(sorts.items()):
        moment = NOW - timedelta(days=5) + timedelta(hours=number)
        make_registration(app, event, last_name=name, registered_at=moment, **values)
    return event


NAMES = (
    *("Member", "Guest", "Former", "Unmatched", "Nothing"),
    *("Approval", "Address", "Later", "Earlier", "Cancelled"),
)


def listed(browser: Browser, event: Event, query: str = "") -> list[str]:
    """Who is on the page, in order."""
    page = browser.get(f"/organise/events/{event.slug}/registrations{query}").text
    body = page.partition("<tbody>")[2]
    places = {name: body.find(f">{name}, ") for name in NAMES}
    return sorted((name for name in NAMES if places[name] >= 0), key=lambda name: places[name])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=waitlisted", {"Later", "Earlier"}),
        ("?awaits=approval", {"Approval"}),
        ("?awaits=address", {"Address"}),
        ("?mode=on_site", {"Member"}),
        ("?administration=mainz", {"Former"}),
        ("?belonging=member", {"Member"}),
        ("?belonging=unmatched", {"Unmatched", "Nothing", "Cancelled"}),
        ("?came=attended", {"Guest"}),
        ("?came=missed", {"Former"}),
        ("?came=unknown", {"Member", "Unmatched", "Nothing"}),
        ("?decision=yes", {"Approval", "Unmatched"}),
        ("?q=worms", {"Member"}),
        ("?q=maria+stadt+mainz", {"Former"}),
        ("?q=nirgendwo&status=waitlisted", set()),
        ("?status=erfunden&mode=&order=%27", set(NAMES)),
    ],
)
def test_list_is_narrowed(team: Browser, event: Event, query: str, found: set[str]) -> None:
    assert set(listed(team, event, query)) == found


def test_guests_are_those_who_are_no_members_on_the_day(team: Browser, event: Event) -> None:
    guests = {"Guest", "Former", "Approval", "Address", "Later", "Earlier"}
    assert set(listed(team, event, "?belonging=guest")) == guests


def test_list_is_ordered(team: Browser, event: Event) -> None:
    assert listed(team, event)[:3] == ["Approval", "Unmatched", "Member"]
    assert listed(team, event, "?order=line")[:2] == ["Earlier", "Later"]
    assert listed(team, event, "?order=name") == sorted(NAMES, key=str.lower)


def test_decisions_are_called_for_until_they_are_looked_at(team: Browser, event: Event) -> None:
    base = f"/organise/events/{event.slug}/registrations"
    page = team.get(f"{base}?lang=en").text
    assert "2 people need your decision" in page
    assert "Waiting for your approval: 1." in page
    assert '/organise/contacts/unmatched">Decide who is meant' in page
    assert "need your decision" not in team.get(f"{base}?lang=en&decision=yes").text


def test_without_a_directory_nobody_waits_for_a_match(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}/registrations?lang=en").text
    assert "your decision" not in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "The time begins when the e-mail is delivered."),
        ("failed", "The e-mail about it was not delivered."),
    ],
)
def test_list_and_page_show_whose_mail_about_a_place_was_not_delivered(
    app: Flask, team: Browser, state: str, words: str
) -> None:
    event = make_event(app)
    eva = make_registration(
        app, event, status="pending", awaits="address", reserved_until=NOW + timedelta(hours=9)
    )
    make_mail(app, eva, kind="confirm_address", state=state)
    base = f"/organise/events/{event.slug}/registrations"

    listed, own = team.get(f"{base}?lang=en").text, team.get(f"{base}/{eva.public_id}?lang=en").text

    assert words in own
    assert words.lower().removesuffix(".") in listed.lower()
    assert ("kept until" in listed) is (state == "failed")


def test_filters_are_kept_by_pages_and_buttons(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW, ends_at=NOW + timedelta(hours=2), capacity=None)
    people = [make_registration(app, event, last_name=f"Alle{n:02d}") for n in range(52)]
    base = f"/organise/events/{event.slug}/registrations"
    page = team.get(f"{base}?q=Alle&belonging=unmatched&order=name").text
    assert "q=Alle&amp;belonging=unmatched&amp;order=name&amp;page=2" in page
    assert '<input type="hidden" name="belonging" value="unmatched">' in page
    sent = {"attendance": "attended", "q": "Alle", "belonging": "unmatched", "page": "2"}
    answer = team.post(f"{base}/{people[0].public_id}/attendance", sent)
    assert answer.location == f"{base}?q=Alle&belonging=unmatched&page=2#p-{people[0].public_id}"


def _fill(app: Flask, event: Event, field_id: int, number: int) -> None:
    """Many people at once, every third one waiting, each with an answer and an administration."""
    with app.app_context(), transaction():
        start = db.session.query(Registration).count()
        rows = [
            Registration(
                event_id=event.id,
                public_id=f"id-{start + n}",
                status="waitlisted" if n % 3 else "confirmed",
                waiting_order=start + n if n % 3 else None,
                status_at=NOW,
                registered_at=NOW,
                first_name="Maria",
                last_name=f"Muster{start + n}",
                email=f"m{start + n}@example.org",
                email_key=f"m{start + n}@example.org",
                organisation_id=n % 7 + 1,
                note="Notiz",
                calendar_uid=f"uid-{start + n}",
            )
            for n in range(number)
        ]
        db.session.add_all(rows)
        db.session.flush()
        db.session.add_all(
            Answer(registration_id=row.id, field_id=field_id, value="Ja", at=NOW) for row in rows
        )


def test_number_of_queries_is_the_same_for_few_and_many(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1, per_administration=2, format="hybrid", place="Rathaus")
    for number in range(7):
        make_organisation(app, f"Stadt {number}")
    with app.app_context(), transaction():
        field = FormField(event_id=event.id, key="a", kind="short_text", position=1, label="A")
        db.session.add(field)
        db.session.flush()
        field_id = field.id
    paths = [
        f"/organise/events/{event.slug}/registrations{part}"
        for part in ("", "?order=line&page=2", "?q=muster&belonging=member", ".xlsx", ".json")
    ]
    _fill(app, event, field_id, 10)
    few = [queries(app, team, path) for path in paths]
    _fill(app, event, field_id, by_night(1_990, 590))
    assert [queries(app, team, path) for path in paths] == few
    assert max(few) < 25


def test_answers_are_shown_to_the_roles_that_may_see_them(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    with app.app_context(), transaction():
        for role in ("viewer", "organiser", "admin"):
            field = FormField(
                event_id=event.id,
                key=role,
                kind="short_text",
                position=1,
                label=f"Frage {role}",
                seen_by=role,
            )
            db.session.add(field)
            db.session.flush()
            given = {"registration_id": person.id, "field_id": field.id, "at": NOW}
            db.session.add(Answer(value=f"nur-{role}", **given))
    base = f"/organise/events/{event.slug}/registrations"
    for path in (base, f"{base}/{person.public_id}"):
        assert "nur-viewer" in viewer.get(path).text
        assert "nur-organiser" not in viewer.get(path).text
        page = team.get(path).text
        assert "nur-organiser" in page
        assert "nur-admin" not in page
    exported = team.get(f"{base}.csv").text
    assert "f_viewer;f_organiser" in exported
    assert "f_admin" not in exported


def test_nul_bytes_of_a_form_reach_no_query() -> None:
    wish = wish_of({"q": "a\0b", "administration": "\0"})
    assert (wish.words, wish.administration) == ("ab", "")
