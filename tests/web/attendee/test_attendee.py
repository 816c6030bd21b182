"""A person's own pages: how things stand, withdrawing, deleting, taking one's data along."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from tests.effort import by_night
from tests.factories import (
    NOW,
    SECRET,
    FixedClock,
    door_path,
    make_event,
    make_registration,
    personal_path,
)
from tests.rows import count, reload
from tests.web.visitor import Queries, everything, press


def test_page_shows_the_status(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Raum für Zukunft")
    person = make_registration(app, event, title="Dr.", question="Was <kostet> das?")
    page = client.get(personal_path(app, person))
    assert page.status_code == 200
    for words in (
        "Raum für Zukunft",
        "Bestätigt",
        "Der Zugangslink zur Videokonferenz kommt am So., 15.\u00a0März\u00a02026.",
        f"Dr. Maria {person.last_name}",
        person.email,
        "Was &lt;kostet&gt; das?",
        "/cancel",
    ):
        assert words in page.text, words
    assert "video.example.org" not in page.text


def test_waiting_person_sees_the_place_in_the_line(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    make_registration(app, event)
    line = [make_registration(app, event, status="waitlisted") for _number in range(3)]
    for place, person in enumerate(line, start=1):
        assert f"Position {place} auf der Warteliste" in client.get(personal_path(app, person)).text


PARTS = ["", "/confirm", "/accept", "/change", "/mode", "/hand-over", "/cancel", "/delete"]
PARTS += ["/room", "/materials", "/data.json"]
STATES = ["announced", "open", "closed", "dispatched", "followed_up", "postponed", "cancelled"]
STATUSES = ["pending", "confirmed", "waitlisted", "offered", "cancelled", "declined", "expired"]


@pytest.mark.slow
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("state", STATES)
def test_every_standing_has_pages(
    app: Flask, client: FlaskClient, clock: FixedClock, state: str, status: str
) -> None:
    event = make_event(app, state=state)
    person = make_registration(app, event, status=status)
    moments = (NOW, event.starts_at, event.ends_at)
    turn = (STATES.index(state) + STATUSES.index(status)) % len(moments)
    for moment in by_night(moments, moments[turn : turn + 1]):
        clock.moment = moment
        for part in PARTS:
            page = client.get(personal_path(app, person, part))
            assert page.status_code in (200, 303), part
    has_entry = status == "confirmed" and state not in ("postponed", "cancelled")
    entry = client.get(personal_path(app, person, "/calendar.ics"))
    assert entry.status_code == (200 if has_entry else 404)


def test_personal_pages_leave_no_trace(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app, state="dispatched"))
    paths = [personal_path(app, person, part) for part in (*PARTS, "/calendar.ics")]
    for path in (*paths, "/r/forged", "/r/forged/nonsense/at/all"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]


def test_bad_links_are_refused_alike(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    good = personal_path(app, person)
    with app.app_context():
        signer = get_installation().signer
        revoked = signer.sign(
            Purpose.REGISTRATION, LinkClaim(person.public_id, person.link_epoch + 1)
        )
        unknown = signer.sign(Purpose.REGISTRATION, LinkClaim("nobody", 1))
    bad = [f"/r/{token}" for token in (revoked, unknown, "x", "a.b.c", "Ünïcode", "%25")]
    # Not the last sign: two of its bits belong to no byte of the signature.
    bad.append(good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1])
    pages = [client.get(path) for path in bad]
    assert {page.status_code for page in pages} == {404}
    texts = {re.sub(r'href="/r/[^"]*"', "", page.text) for page in pages}
    assert len(texts) == 1
    assert "Dieser Link gilt nicht (mehr)" in texts.pop()
    for part in PARTS[1:9]:
        token_less = client.post(bad[0] + part, data={})
        assert token_less.status_code in (400, 404)


def test_withdrawing_frees_the_seat_for_the_next_in_line(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    person = make_registration(app, event)
    waiting = make_registration(app, event, status="waitlisted")
    form = personal_path(app, person, "/cancel")
    for _press in range(2):  # a second press is a success page too
        answer = press(client, form) if _press == 0 else client.get(form)
        assert (answer.status_code, answer.location) == (303, personal_path(app, person))
    page = client.get(personal_path(app, person))
    assert "Sie haben sich abgemeldet. Eine E-Mail bestätigt es." in page.text
    assert reload(app, person).status == "cancelled"
    assert reload(app, waiting).status == "confirmed"
    with app.app_context():
        kinds = set(db.session.scalars(select(OutboxMail.kind)))
    assert kinds == {"withdrawal", "promotion"}


def test_second_press_in_an_old_tab_is_a_success_page(app: Flask, client: FlaskClient) -> None:
    person = make_registration(app, make_event(app))
    form = personal_path(app, person, "/cancel")
    old_tab = client.get(form).text
    press(client, form)
    mails = count(app, OutboxMail)
    token = re.search(r'name="csrf_token" value="([^"]+)"', old_tab)
    assert token
    answer = client.post(form, data={"csrf_token": token[1]}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Sie haben sich von dieser Veranstaltung abgemeldet" in answer.text
    assert count(app, OutboxMail) == mails


def test_who_withdrew_may_register_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="cancelled")
    assert f"/events/{event.slug}/register" in client.get(personal_path(app, person)).text


def test_over_is_over(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    form = personal_path(app, person, "/cancel")
    page = client.get(form)
    clock.moment = event.ends_at
    assert client.get(form).status_code == 303
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    answer = client.post(form, data={"csrf_token": token[1]})
    assert answer.status_code == 409
    assert event.contact_email in answer.text
    assert f'href="{personal_path(app, person)}"' in answer.text  # the way back
    assert reload(app, person).status == "confirmed"


def test_buttons_need_their_token(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    clock.moment = event.starts_at
    before = everything(app)
    for part in ("/confirm", "/accept", "/mode", "/cancel", "/delete", "/room"):
        assert client.post(personal_path(app, person, part)).status_code == 400
    assert everything(app) == before


def test_entry_to_take_along_keeps_the_secret_of_the_mails(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event, calendar_uid="the-secret-uid@localhost")
    answer = client.get(personal_path(app, person, "/calendar.ics"))
    assert answer.content_type == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.data)
    [entry] = calendar.events
    assert "METHOD" not in calendar
    assert "ATTENDEE" not in entry
    assert "the-secret-uid" not in answer.text
    assert f"{event.slug}@" not in entry["UID"]
    assert f"http://localhost{door_path(app, person)}" == entry["URL"] == entry["LOCATION"]
    assert entry["CLASS"] == "PRIVATE"
    assert "/r/" not in answer.text.replace("\r\n ", "")
    assert client.get(personal_path(app, person, "/calendar.ics")).data == answer.data


def test_query_count_does_not_grow_with_people(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, capacity=1)
    person = make_registration(app, event, status="waitlisted")
    with Queries(app) as few:
        client.get(personal_path(app, person))
    for _number in range(10):
        make_registration(app, event, status="waitlisted")
    with Queries(app) as many:
        client.get(personal_path(app, person))
    assert len(many.statements) == len(few.statements) <= 6


def break_database(app: Flask, _clock: FixedClock) -> None:
    with app.app_context():
        db.drop_all()


def break_program(_app: Flask, clock: FixedClock) -> None:
    clock.moment = "noon"  # type: ignore[assignment]


@pytest.mark.parametrize("fault", [break_database, break_program])
def test_fault_behind_a_link_leaves_no_token_in_the_log(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Flask, FixedClock], None],
) -> None:
    person = make_registration(app, make_event(app))
    path = personal_path(app, person)
    app.testing = False
    fault(app, clock)
    page = client.get(path)
    assert page.status_code == (503 if fault is break_database else 500)
    assert page.headers["Cache-Control"] == "no-store"
    reference = re.search(r"<code>(\w+)</code>", page.text)
    assert fault is break_database or (reference and reference[1] in caplog.text)
    assert path.removeprefix("/r/") not in caplog.text
    assert person.public_id not in caplog.text
    assert SECRET not in caplog.text
