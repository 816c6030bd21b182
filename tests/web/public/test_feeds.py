"""Calendars for everybody, as programs that ask every few hours see them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event

from ikone_events.app import create_app
from ikone_events.domain.calendars.feeds import MOST_EVENTS
from ikone_events.domain.events.draft import EventDraft, RoomChoice
from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.services.events.editing import edit_event, set_room
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event as EventRow
from ikone_events.store.events.public_history import note_public_change, public_facts
from ikone_events.store.events.queries import lock_event
from tests.calendar_oracle import checked
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_registration,
    make_settings,
    personal_path,
)
from tests.web.visitor import Queries, sign_up

ODD = "Straße; „Fahrt“, \\Neu & <b>\n\U0001f600" + "ü" * 150
SERIES = "Reihe „Smart City“, Teil 2"
SERIES_SLUG = "reihe-smart-city-teil-2"
WEEKS = timedelta(weeks=6)


def paths(event: EventRow) -> tuple[str, ...]:
    """Every calendar that holds an event of the series."""
    return (
        "/calendar.ics",
        f"/series/{SERIES_SLUG}/calendar.ics",
        f"/events/{event.slug}/calendar.ics",
        f"/events/{event.slug}/event.ics",
    )


def entries(client: FlaskClient, path: str = "/calendar.ics") -> dict[str, Event]:
    """The entries of a calendar by their titles."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    calendar = Calendar.from_ical(checked(answer.data))
    return {str(event["SUMMARY"]): event for event in calendar.events}


def act(app: Flask, event: EventRow, action: Action, now: datetime = NOW, **more: Any) -> None:
    """Carry out an action of the lifecycle."""
    with app.app_context(), transaction():
        request = Request(action=action, actor="w@example.org", reason="Sturm", **more)
        perform(event.slug, request, now=now)


@pytest.mark.parametrize("path", paths(EventRow(slug="eins")))
def test_calendar_holds_no_secret(app: Flask, client: FlaskClient, path: str) -> None:
    event = make_event(app, slug="eins", state="dispatched", series=SERIES)
    person = make_registration(app, event, first_name="Zenobia")
    text = client.get(path).text.replace("\r\n ", "")
    assert "Workshop" in text
    secrets = (
        *("video.example.org", "631 000", "ATTENDEE", "ORGANIZER", "METHOD", "VALARM", "/r/"),
        *(person.email, person.first_name, person.last_name, person.calendar_uid),
        personal_path(app, person),
    )
    assert [secret for secret in secrets if secret in text] == []


def test_every_state_shows_as_what_it_is(app: Flask, client: FlaskClient) -> None:
    for state in State:
        make_event(app, title=state.value, state=state.value)
    found = {title: str(entry["STATUS"]) for title, entry in entries(client).items()}
    assert found == {
        **dict.fromkeys(("announced", "open", "closed", "dispatched", "followed_up"), "CONFIRMED"),
        "Abgesagt: cancelled": "CANCELLED",
        "Verschoben: postponed": "CANCELLED",
    }


def test_foreign_parser_reads_what_was_written(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title=ODD.replace("\n", " "), summary=ODD, series=SERIES)
    for path in paths(event):
        calendar = vobject.readOne(client.get(path).text)
        assert [child.name for child in calendar.components()] == ["VEVENT"]
        entry = calendar.vevent
        assert entry.summary.value == ODD.replace("\n", " ")
        assert ODD in entry.description.value
        assert entry.dtstart.value == event.starts_at
        assert entry.dtend.value == event.ends_at
        assert entry.url.value == f"http://localhost/events/{event.slug}"


def test_damaged_event_takes_no_other_with_it(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="Nirgends", zone="Mars/Olympus")
    make_event(app, title="Hier")
    assert list(entries(client)) == ["Hier"]
    news = client.get("/feed.atom").text
    assert "Nirgends" in news
    assert "Hier" in news


def test_lines_are_those_of_the_format(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="ö" * 200, summary="🙂" * 300)
    data = client.get("/calendar.ics").data
    assert data.count(b"\n") == data.count(b"\r\n")
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert data.decode().endswith("END:VCALENDAR\r\n")


@pytest.mark.parametrize(
    ("starts_at", "local"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "1:30 bis 3:30"),  # the hour is left out
        (
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "2:30 Uhr (Sommerzeit) bis 2:30 Uhr (Winterzeit)",
        ),  # the hour comes twice
    ],
)
def test_nights_of_the_clock_change_are_right(
    app: Flask, client: FlaskClient, starts_at: datetime, local: str
) -> None:
    hour = timedelta(hours=1)
    make_event(app, title="Nacht", starts_at=starts_at, ends_at=starts_at + hour)
    entry = entries(client)["Nacht"]
    assert entry["DTSTART"].to_ical() == starts_at.strftime("%Y%m%dT%H%M%SZ").encode()
    assert entry.end - entry.start == hour
    assert local in entry["DESCRIPTION"]


def test_calendars_carry_the_marks_of_a_subscription(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Dörfer", series=SERIES)
    names = ("IKONE DS: Veranstaltungen", f"IKONE DS: {SERIES}", "IKONE DS: Dörfer")
    for path, name in zip(paths(event), names, strict=False):
        text = client.get(f"{path}?lang=de").text.replace("\r\n ", "")
        assert f"\r\nNAME:{name}\r\n".replace(", ", "\\, ") in text
        assert f"\r\nX-WR-CALNAME:{name}\r\n".replace(", ", "\\, ") in text
        assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in text
        assert "\r\nX-PUBLISHED-TTL:PT6H\r\n" in text
        assert f"\r\nSOURCE;VALUE=URI:http://localhost{path}\r\n" in text
    file = client.get(f"/events/{event.slug}/event.ics")
    assert "NAME:" not in file.text
    assert file.headers["Content-Disposition"] == f'attachment; filename="{event.slug}.ics"'


def test_entry_is_the_same_in_every_calendar(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Dörfer", series=SERIES)
    found = {entries(client, path)["Dörfer"].to_ical() for path in paths(event)}
    assert len(found) == 1


def test_unchanged_answer_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series=SERIES)
    for path in (*paths(event), "/feed.atom", f"/series/{SERIES_SLUG}/feed.atom"):
        first = client.get(path)
        by_tag = {"If-None-Match": first.headers["ETag"]}
        by_time = {"If-Modified-Since": first.headers["Last-Modified"]}
        for headers in (by_tag, by_time):
            for answer in (client.get(path, headers=headers), client.head(path, headers=headers)):
                assert answer.status_code == 304, path
                assert answer.data == b""
                assert answer.headers["ETag"] == first.headers["ETag"]
        _edit(app, event)
        assert client.get(path, headers=by_tag).status_code == 200
        assert client.get(path, headers=by_time).status_code == 200


def _edit(app: Flask, event: EventRow) -> None:
    with app.app_context(), transaction():
        row = lock_event(event.slug)
        before = public_facts(row)
        row.title += "!"
        row.edit_version += 1
        row.changed_at += timedelta(hours=1)
        note_public_change(row, before, now=row.changed_at)


def test_sign_up_changes_no_byte(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series=SERIES)
    feeds = (*paths(event), "/feed.atom")
    before = [client.get(path) for path in feeds]
    assert sign_up(app.test_client(), event.slug).status_code == 303
    after = [client.get(path) for path in feeds]
    assert [answer.data for answer in after] == [answer.data for answer in before]
    for path, answer in zip(feeds, before, strict=True):
        headers = {"If-None-Match": answer.headers["ETag"]}
        assert client.get(path, headers=headers).status_code == 304


def test_two_processes_give_the_same_tag(app: Flask, client: FlaskClient) -> None:
    make_event(app)
    first = client.get("/calendar.ics").headers["ETag"]
    app.extensions["ikone_pages"].clear()
    assert client.get("/calendar.ics").headers["ETag"] == first


def test_poll_costs_one_query(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series=SERIES)
    for path, cost in zip((*paths(event), "/feed.atom"), (1, 2, 1, 1, 1), strict=True):
        tag = client.get(path).headers["ETag"]
        for method in ("GET", "HEAD"):
            with Queries(app) as queries:
                answer = client.open(path, method=method, headers={"If-None-Match": tag})
            assert answer.status_code == 304
            assert len(queries.statements) == cost, path


def test_number_of_queries_does_not_grow(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series=SERIES)

    def costs() -> list[int]:
        found = []
        for path in (*paths(event), "/feed.atom", f"/series/{SERIES_SLUG}", "/"):
            with Queries(app) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries.statements))
        return found

    few = costs()
    for number in range(12):
        other = make_event(app, series=SERIES if number % 2 else f"Andere {number}")
        make_registration(app, other)
    _edit(app, event)
    assert costs() == few
    assert max(few) <= 6


def test_secret_room_changes_nothing_public(app: Flask, client: FlaskClient) -> None:
    """Otherwise subscribers see when the room of an event is saved, and load it all again."""
    event = make_event(app, series=SERIES, format="hybrid", place="Rathaus")
    make_registration(app, event)
    before = [client.get(path) for path in paths(event)]
    with app.app_context(), transaction():
        set_room(
            event.slug,
            RoomChoice(room_url="https://video.example.org/neu", dial_in="+49 1"),
            now=NOW + timedelta(hours=1),
        )
    act(app, event, Action.CLOSE, NOW + timedelta(hours=2))
    act(app, event, Action.DISPATCH, NOW + timedelta(hours=3))
    after = [client.get(path) for path in paths(event)]
    for one, other in zip(before, after, strict=True):
        assert other.data == one.data
        for name in ("ETag", "Last-Modified"):
            assert other.headers[name] == one.headers[name]


def test_edit_of_what_is_not_public_changes_nothing_public(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Dörfer", summary="")
    same = {"title": "Dörfer", "starts_at": event.starts_at, "ends_at": event.ends_at}
    contact = {"contact_name": event.contact_name, "contact_email": event.contact_email}
    path = f"/events/{event.slug}/event.ics"
    seen = [client.get(path).data]
    for number, changes in enumerate(({"capacity": 3}, {"summary": "Neu."}), start=1):
        with app.app_context(), transaction():
            draft = EventDraft(**same, **contact, **changes)
            edit_event(event.slug, draft, expected_edit_version=number, now=NOW)
        seen.append(client.get(path).data)
    assert seen[0] == seen[1] != seen[2]


def test_announcing_an_older_draft_is_a_change(app: Flask, client: FlaskClient) -> None:
    draft = make_event(app, title="Neu", state="draft", created_at=NOW - timedelta(days=30))
    make_event(app)
    seen = client.get("/calendar.ics").headers["Last-Modified"]
    act(app, draft, Action.ANNOUNCE)
    answer = client.get("/calendar.ics", headers={"If-Modified-Since": seen})
    assert answer.status_code == 200


def test_sequence_rises_with_every_change_that_clients_must_see(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, title="Dörfer")
    seen = [entries(client)["Dörfer"]]
    _edit(app, event)
    seen.append(entries(client)["Dörfer!"])
    act(app, event, Action.POSTPONE, NOW + timedelta(hours=2))
    seen.append(entries(client)["Verschoben: Dörfer!"])
    later = NOW + timedelta(days=40)
    dates = {"new_starts_at": later, "new_ends_at": later + timedelta(hours=1)}
    act(app, event, Action.RESCHEDULE, NOW + timedelta(hours=3), **dates)
    seen.append(entries(client)["Dörfer!"])
    assert [str(entry["STATUS"]) for entry in seen] == [
        *("CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED")
    ]
    assert len({str(entry["UID"]) for entry in seen}) == 1
    for name in ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED"):
        values = [entry[name].to_ical() for entry in seen]
        assert [bytes(v) if isinstance(v, bytes) else v for v in values] == sorted(values), name
    assert len({int(entry["SEQUENCE"]) for entry in seen}) == 4
    assert seen[-1].start == later


@pytest.mark.parametrize("action", [Action.CANCEL, Action.POSTPONE])
def test_what_is_called_off_stays_six_weeks(
    app: Flask, client: FlaskClient, clock: FixedClock, action: Action
) -> None:
    soon = make_event(app, title="Bald", starts_at=NOW + timedelta(days=3),
                      ends_at=NOW + timedelta(days=3, hours=1))  # fmt: skip
    late = make_event(app, title="Fern", starts_at=NOW + timedelta(days=90),
                      ends_at=NOW + timedelta(days=90, hours=1))  # fmt: skip
    for event in (soon, late):
        act(app, event, action)
    word = "Abgesagt" if action is Action.CANCEL else "Verschoben"
    for moment, titles in (
        (soon.ends_at + WEEKS - timedelta(seconds=1), {f"{word}: Bald", f"{word}: Fern"}),
        (soon.ends_at + WEEKS, {f"{word}: Fern"}),
        (late.ends_at + WEEKS - timedelta(seconds=1), {f"{word}: Fern"}),
        (late.ends_at + WEEKS, set()),
    ):
        clock.moment = moment
        assert set(entries(client)) == titles
    assert list(entries(client, f"/events/{soon.slug}/calendar.ics")) == [f"{word}: Bald"]


def test_late_cancellation_is_shown_for_six_weeks_too(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="cancelled", **PAST, changed_at=NOW)
    clock.moment = event.ends_at + WEEKS + timedelta(hours=1)
    assert len(entries(client)) == 1
    clock.moment = NOW + WEEKS
    assert entries(client) == {}


def test_past_events_stay_a_year(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, title="Gewesen", state="followed_up", **PAST)
    clock.moment = event.ends_at + timedelta(days=364)
    assert list(entries(client)) == ["Gewesen"]
    clock.moment = event.ends_at + timedelta(days=365)
    assert entries(client) == {}


def test_archived_event_leaves_the_calendar_but_keeps_its_own(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, title="Gewesen", state="followed_up", **PAST, retention_days=1)
    first = client.get("/calendar.ics").headers
    act(app, event, Action.ARCHIVE)
    assert entries(client) == {}
    for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        assert client.get("/calendar.ics", headers={name: first[value]}).status_code == 200
    own = entries(client, f"/events/{event.slug}/event.ics")["Gewesen"]
    assert str(own["STATUS"]) == "CONFIRMED"


def test_archiving_brings_no_cancelled_event_back(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Aus", retention_days=0)
    act(app, event, Action.CANCEL)
    act(app, event, Action.ARCHIVE, event.ends_at + timedelta(days=1))
    for part in ("event.ics", "calendar.ics"):
        own = entries(client, f"/events/{event.slug}/{part}")["Abgesagt: Aus"]
        assert str(own["STATUS"]) == "CANCELLED"


def test_full_calendar_loses_its_oldest(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        db.session.add_all(
            EventRow(
                slug=f"voll-{number}", state="open", title=f"Nr. {number}",
                starts_at=NOW + timedelta(days=number),
                ends_at=NOW + timedelta(days=number, hours=1),
                created_at=NOW, changed_at=NOW,
            )
            for number in range(MOST_EVENTS + 3)
        )  # fmt: skip
    found = list(entries(client))
    assert found == [f"Nr. {number}" for number in range(3, MOST_EVENTS + 3)]


def test_address_alone_decides_the_language(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Dörfer", title_en="Villages", series=SERIES)
    client.set_cookie("lang", "en")
    for path in (*paths(event), "/feed.atom"):
        german = client.get(path, headers={"Accept-Language": "en-GB"})
        english = client.get(f"{path}?lang=en", headers={"Accept-Language": "de-DE"})
        odd = client.get(f"{path}?lang=xx")
        assert ("Dörfer" in german.text, "Villages" in german.text) == (True, False)
        assert ("Dörfer" in english.text, "Villages" in english.text) == (False, True)
        assert odd.data.replace(b"?lang=xx", b"") == german.data
        assert german.headers["ETag"] != english.headers["ETag"]
        for answer in (german, english, odd):
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert "Set-Cookie" not in answer.headers


def test_unknown_event_or_draft_has_no_calendar(app: Flask, client: FlaskClient) -> None:
    draft = make_event(app, state="draft", title="Geheim", series="Geheime Reihe")
    for path in (
        *paths(draft),
        "/events/nichts/calendar.ics",
        "/series/geheime-reihe/calendar.ics",
    ):
        answer = client.get(path)
        assert "Geheim" not in answer.text
        assert answer.status_code == (200 if path == "/calendar.ics" else 404)


def test_empty_calendar_is_valid(client: FlaskClient) -> None:
    answer = client.get("/calendar.ics")
    assert Calendar.from_ical(answer.data).events == []
    assert "Last-Modified" not in answer.headers


@pytest.fixture
def secure(app: Flask, tmp_path: Any) -> Iterator[Flask]:
    """An installation behind TLS."""
    other = create_app(make_settings(tmp_path / "tls", base_url="https://events.example.org"))
    with other.app_context():
        db.create_all()
    yield other
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def test_addresses_are_those_of_the_settings(secure: Flask) -> None:
    event = make_event(secure)
    answer = secure.test_client().get("/calendar.ics", base_url="https://events.example.org")
    text = answer.text.replace("\r\n ", "")
    assert "SOURCE;VALUE=URI:https://events.example.org/calendar.ics\r\n" in text
    assert f"UID:{event.slug}@events.example.org\r\n" in text
    page = secure.test_client().get("/", base_url="https://events.example.org").text
    assert "webcal://events.example.org/calendar.ics" in page
