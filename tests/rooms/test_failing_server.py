"""A video server that is slow, fails or lies, before a whole running installation.

Presses are kept, other pages are answered meanwhile, the office gets one mail, and the next press
that works settles it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.services.rooms import outgoing
from ikone_events.services.rooms.call_guard import CallGuard
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.office.models import OfficeAlarm
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import make_event, make_registration, personal_path
from tests.journeys.installation import ORGANISER, Installation, running
from tests.patience import PATIENCE, wait_for
from tests.rooms.bbb_server import SECRET, BbbServer, Manner, bbb_server
from tests.rush.doors import Way, rush

pytestmark = [pytest.mark.slow]

# More presses at once than the server has threads.
PEOPLE = 20
BAD = [manner for manner in Manner if manner not in (Manner.WELL, Manner.ODD_SESSION)]


class Timer:
    """The clock of the call guard."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_failing_server_costs_no_press_no_page_and_one_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = outgoing.SECONDS
    with bbb_server() as bbb:
        own = {"bbb_url": bbb.address, "bbb_secret": SECRET, "outgoing_hosts": ("localhost",)}
        with running(tmp_path / "data", **own) as installation:
            timer = Timer()
            installation.app.extensions["ikone_room_calls"] = CallGuard(timer)
            for number, manner in enumerate(BAD, start=1):
                patience = 2.0 if manner is Manner.SLOW else whole
                monkeypatch.setattr(outgoing, "SECONDS", patience)
                _fail(installation, bbb, manner)
                _wait_for_mails(installation, number)
                assert len(_alarms(installation)) == number
                timer.now += 11
                monkeypatch.setattr(outgoing, "SECONDS", whole)
                _mend(installation, bbb)
                timer.now += 31
            titles = [subject.rpartition(": ")[2] for subject in _alarms(installation)]
            assert len(set(titles)) == len(BAD)


def _wait_for_mails(installation: Installation, number: int) -> None:
    wait_for(lambda: len(_alarms(installation)) >= number)


def _alarms(installation: Installation) -> list[str]:
    """The subjects of the alarms that have arrived."""
    found = [mail.subject for mail in installation.mailbox.to(ORGANISER)]
    return [subject for subject in found if subject.startswith("Dringend, Videoraum prüfen: ")]


def _fail(installation: Installation, bbb: BbbServer, manner: Manner) -> None:
    """A crowd at the door while the server misbehaves; somebody reads the public page meanwhile."""
    app, port = installation.app, urlsplit(installation.url).port or 0
    bbb.reset(lock_held=lambda: False)
    bbb.manner = manner
    values = {"room_provider": "bbb", "room_url": "", "contact_email": ORGANISER}
    event = make_event(app, state="dispatched", capacity=None, **values)
    installation.clock.moment = event.starts_at - timedelta(minutes=5)
    people = [make_registration(app, event) for _ in range(PEOPLE)]
    paths = [personal_path(app, person, "/room") for person in people]
    with ThreadPoolExecutor(1) as crowd:
        pressing = crowd.submit(asyncio.run, rush(paths, 0.2, [port]))
        wait_for(lambda: bool(bbb.under_lock) or pressing.done())
        for _page in range(5):
            assert _status(port, f"/events/{event.slug}") == 200
        ways: list[Way] = pressing.result()
    assert {(way.status, way.through) for way in ways} == {(303, "")}, manner
    assert _came(app, event) == PEOPLE
    assert len(bbb.under_lock) <= 2, manner  # the answer holds for everybody who comes then
    assert _stored_alarms(app) == [f"{event.id}:door-bbb"]


def _mend(installation: Installation, bbb: BbbServer) -> None:
    """One press that works."""
    app, port = installation.app, urlsplit(installation.url).port or 0
    bbb.manner = Manner.WELL
    with app.app_context():
        event = db.session.scalars(select(Event).order_by(Event.id.desc())).first()
        db.session.expunge_all()
    assert event is not None
    path = personal_path(app, make_registration(app, event), "/room")
    with ThreadPoolExecutor(1) as thread:  # browser tests leave an event loop in this one
        [way] = thread.submit(asyncio.run, rush([path], 0.1, [port])).result()
    assert way.status == 303
    assert bbb.enter(way.through)["role"] == "VIEWER"
    assert _stored_alarms(app) == []


def _status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def _came(app: Flask, event: Event) -> int:
    with app.app_context():
        wanted = select(AttendanceRecord).where(AttendanceRecord.event_id == event.id)
        return sum(row.door_at is not None for row in db.session.scalars(wanted))


def _stored_alarms(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(OfficeAlarm.key)))
