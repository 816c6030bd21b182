"""Many people at one door within a moment, over HTTP: all get in, each is recorded once."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.rooms.models import AttendanceRecord
from tests.effort import by_night
from tests.factories import door_path, make_event, make_registration, personal_path
from tests.rush.test_rush import BOTH, Installation, installation, zygote

__all__ = ["installation", "zygote"]  # fixtures

PEOPLE, SEE_OTHER = by_night(500, 25), 303
ROOM = "https://video.example.org/raum"

pytestmark = [pytest.mark.slow]


@pytest.mark.parametrize("installation", by_night(BOTH, BOTH[:1]), indirect=True)
def test_people_at_one_door_all_get_in_and_are_recorded_once(
    installation: Installation, tmp_path: Path
) -> None:
    app, start = installation.live_app.app, datetime.now(UTC) + timedelta(minutes=5)
    dates = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
    event = make_event(app, state="dispatched", room_url=ROOM, capacity=None, **dates)
    people = [make_registration(app, event) for _ in range(PEOPLE)]
    # Everybody comes by both links, from two devices.
    own = [personal_path(app, person, "/room") for person in people]
    paths = [*own, *(door_path(app, person) for person in people)]
    file = tmp_path / "doors.txt"
    file.write_text("\n".join(paths), encoding="utf-8")

    words = [str(file), "1.0", *map(str, installation.ports)]
    command = [sys.executable, "-m", "tests.rush.doors", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:] + installation.live_app.log()[-2000:]
    ways = json.loads(done.stdout)

    assert Counter(way["status"] for way in ways) == {SEE_OTHER: 2 * PEOPLE}
    assert {way["through"] for way in ways} == {ROOM}
    with app.app_context():
        rows = db.session.scalars(select(AttendanceRecord)).all()
        assert sorted(row.registration_id for row in rows) == [person.id for person in people]
        assert all(row.door_at for row in rows)
    # The event was made as it is now, without the history of its states.
    assert [each for each in installation.faults() if not each.startswith("history")] == []
