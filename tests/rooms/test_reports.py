"""The report after a meeting overwrites minutes once, and a lying one changes nothing of others."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta

from flask.testing import FlaskClient

from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.presence import sessions_of
from tests.factories import make_event, make_registration
from tests.rooms.bbb_server import SECRET
from tests.rooms.days import Day
from tests.rooms.jitsi_server import made_token
from tests.rooms.reports import opaque_id_of, post_report, report_body, report_token
from tests.web.visitor import everything


def _marked_critical(names: object) -> str:
    """A token with the header “crit”, which anybody can write; its signature is wrong."""
    header = json.dumps({"alg": "HS512", "crit": names}).encode()
    return f"{urlsafe_b64encode(header).rstrip(b'=').decode()}.e30.AA"


def test_report_overwrites_minutes_once(client: FlaskClient, day: Day) -> None:
    anna, kai = day.person(), day.person()
    day.enter(anna)
    day.enter(kai)
    day.minutes(30)
    assert post_report(client, day, report_body(day, {opaque_id_of(day, anna): 1722.5})) == 204
    assert (day.minutes_of(anna), day.minutes_of(kai)) == (29, 29)
    record = day.record(anna)
    assert record is not None
    assert (record.seconds, record.left_at) == (1722, day.clock.moment)
    again = report_body(day, {opaque_id_of(day, each): 5 for each in (anna, kai)})
    assert post_report(client, day, again) == 204
    assert (day.minutes_of(anna), day.minutes_of(kai)) == (29, 29)


def test_address_of_the_report_is_passed_on_when_the_room_is_made(
    client: FlaskClient, day: Day
) -> None:
    day.enter(day.person())
    received = day.bbb.meetings[day.key].parameters
    assert received["meta_analytics-callback-url"] == f"http://localhost/rooms/{day.key}/report"
    assert received["meetingKeepEvents"] == "true"


def test_person_whom_no_look_has_seen_is_known_by_the_report(client: FlaskClient, day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    entered = day.clock.moment
    day.clock.move(minutes=50)
    assert post_report(client, day, report_body(day, {opaque_id_of(day, anna): 2400})) == 204
    record = day.record(anna)
    assert record is not None
    assert (record.joined_at, record.left_at, record.minutes) == (
        entered,
        entered + timedelta(minutes=40),
        40,
    )


def test_reports_of_two_meetings_are_added_when_both_are_there(
    client: FlaskClient, day: Day
) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(10)
    first = report_body(day, {opaque_id_of(day, anna): 590})
    day.leave(anna)
    day.minutes(2)
    day.bbb.expire(day.key)
    day.enter(anna)
    day.minutes(10)
    assert day.minutes_of(anna) == 18
    assert post_report(client, day, first) == 204
    assert day.minutes_of(anna) == 18
    assert post_report(client, day, report_body(day, {opaque_id_of(day, anna): 610})) == 204
    assert day.minutes_of(anna) == 20


def test_lying_report_changes_nothing_of_others(client: FlaskClient, day: Day) -> None:
    anna, waiting = day.person(), day.person(status="cancelled")
    elsewhere = make_registration(day.app, make_event(day.app))
    day.enter(anna)
    day.minutes(10)
    lies = {
        opaque_id_of(day, anna): 10**8,  # longer than the meeting has been there
        opaque_id_of(day, waiting): 60,
        opaque_id_of(day, elsewhere): 60,
        anna.public_id: 60,
        anna.email: 60,
        "": 60,
        "x" * 10_000: 60,
    }
    assert post_report(client, day, report_body(day, lies)) == 204
    assert day.minutes_of(anna) == 9
    assert [day.record(person) for person in (waiting, elsewhere)] == [None, None]


def test_report_of_another_meeting_or_in_another_form_is_in_vain(
    client: FlaskClient, day: Day
) -> None:
    anna, other = day.person(), Day(day.app, day.bbb, day.clock)
    day.enter(anna)
    other.enter(other.person())
    day.minutes(10)
    seconds = {opaque_id_of(day, anna): 60}
    bodies = [
        report_body(other, seconds),
        report_body(day, seconds, internal_meeting_id="640ab2bae0-1"),
        report_body(day, seconds, meeting_id=other.key),
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
    ]
    assert [post_report(client, day, body) for body in bodies] == [410] * len(bodies)
    path = f"/rooms/{'0' * 40}/report"
    headers = {"Authorization": f"Bearer {report_token(day)}"}
    for body in bodies[:1]:
        answer = client.post(path, data=body, headers=headers, content_type="application/json")
        assert answer.status_code == 410
    assert day.minutes_of(anna) == 9


def test_report_needs_a_token_of_the_server(client: FlaskClient, day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(10)
    past = int((day.clock.moment - timedelta(hours=1)).timestamp())
    tokens = [
        "",
        "x",
        "a.b.c",
        report_token(day, secret="another secret that is as long as it must be"),
        report_token(day, algorithm="HS256"),
        report_token(day, algorithm="none"),
        report_token(day, exp=past),
        report_token(day, exp=None),
        report_token(day, exp="never"),
        report_token(day, exp=True),
        made_token({}, SECRET),
        made_token([], SECRET),
        "ä.ö.ü",
        "x" * 5000,
        *map(_marked_critical, (None, 5, [5], [[]], ["b64"])),
    ]
    body = report_body(day, {opaque_id_of(day, anna): 60})
    assert [post_report(client, day, body, token) for token in tokens] == [401] * len(tokens)
    assert day.minutes_of(anna) == 9


def test_report_is_not_taken_without_a_secret(client: FlaskClient, day: Day) -> None:
    """An empty secret would let anybody sign."""
    day.enter(day.person())
    body = report_body(day, {})
    with day.app.app_context():
        object.__setattr__(day.app.extensions["ikone_installation"].settings, "bbb_secret", "")
    try:
        assert post_report(client, day, body, report_token(day, secret="")) == 401
    finally:
        object.__setattr__(day.app.extensions["ikone_installation"].settings, "bbb_secret", SECRET)


def test_report_is_limited_in_size_and_type(client: FlaskClient, day: Day) -> None:
    day.enter(day.person())
    assert post_report(client, day, b"[" + b" " * 2_000_000 + b"]") == 413
    path, headers = f"/rooms/{day.key}/report", {"Authorization": f"Bearer {report_token(day)}"}
    assert client.post(path, data={"a": "b"}, headers=headers).status_code == 415
    assert client.get(path, headers=headers).status_code == 405


def test_late_report_brings_no_forgotten_person_back(client: FlaskClient, day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(30)
    opaque = opaque_id_of(day, anna)
    with day.app.app_context(), transaction():
        archive_persons(lock_event(day.event.slug), now=day.clock.moment)
    assert post_report(client, day, report_body(day, {opaque: 1722})) == 204
    assert opaque not in str(everything(day.app))
    assert day.minutes_of(anna) == 29


def test_archived_event_keeps_no_id_of_a_report(client: FlaskClient, day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(30)
    opaque = opaque_id_of(day, anna)
    assert post_report(client, day, report_body(day, {opaque: 1722})) == 204
    with day.app.app_context(), transaction():
        archive_persons(lock_event(day.event.slug), now=day.clock.moment)
    assert opaque not in str(everything(day.app))
    assert post_report(client, day, report_body(day, {opaque: 1722})) == 204
    assert opaque not in str(everything(day.app))


def test_report_names_nobody_who_has_been_forgotten(client: FlaskClient, day: Day) -> None:
    anna, kai = day.person(), day.person()
    for each in (anna, kai):
        day.enter(each)
    day.minutes(10)
    hers, his = opaque_id_of(day, anna), opaque_id_of(day, kai)
    assert post_report(client, day, report_body(day, {hers: 500, his: 560})) == 204
    day.clock.moment = day.event.ends_at + timedelta(days=1)
    with day.app.app_context(), transaction():
        forget_person(db.session.get_one(Registration, anna.id), now=day.clock.moment)
    assert [hers in each or his not in each for each in _reports(day)] == [False]
    with day.app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, day.event.id), now=day.clock.moment)
    assert _reports(day) == ["{}"]
    assert post_report(client, day, report_body(day, {his: 5})) == 204
    assert (day.minutes_of(anna), day.minutes_of(kai)) == (8, 9)


def test_report_and_look_after_somebody_was_forgotten_name_nobody(
    client: FlaskClient, day: Day
) -> None:
    """People stay a while after the end, and the report comes when the last one has left."""
    anna, kai = day.person(), day.person()
    for each in (anna, kai):
        day.enter(each)
    day.minutes(10)
    opaque = opaque_id_of(day, anna)
    day.clock.moment = day.event.ends_at + timedelta(minutes=1)
    with day.app.app_context(), transaction():
        forget_person(db.session.get_one(Registration, anna.id), now=day.clock.moment)
    day.minutes(2)
    assert opaque not in str(everything(day.app))
    late = report_body(day, {opaque: 540, opaque_id_of(day, kai): 560})
    assert post_report(client, day, late) == 204
    assert opaque not in str(everything(day.app))
    assert (day.minutes_of(anna), day.minutes_of(kai)) == (9, 9)


def _reports(day: Day) -> list[str]:
    with day.app.app_context():
        return [each.report for each in sessions_of(day.event.id)]
