"""Many people for few seats at one instant, over HTTP: no seat twice, right answers for all."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ikone_events.demo.catcher import free_port
from ikone_events.services.events.editing import record_creation
from ikone_events.services.installation import now
from ikone_events.services.operating import verification
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.crash.live_app import LiveApp, open_live_app, wait_until_served
from tests.effort import by_night
from tests.factories import make_event
from tests.mailbox import Mailbox
from tests.postgres import fresh_database
from tests.programs import ZYGOTE
from tests.rush.clients import Answer

PEOPLE, SEATS = by_night(1000, 90), 50
SEE_OTHER, CONFLICT = 303, 409
ON_POSTGRES = [pytest.mark.postgres]
BOTH = [
    pytest.param("sqlite", id="one-process"),
    pytest.param("postgres", id="two-processes", marks=ON_POSTGRES),
]

pytestmark = [pytest.mark.slow]


@dataclass
class Installation:
    """A running installation: one server on SQLite, two on PostgreSQL."""

    live_app: LiveApp
    ports: list[int]

    def open_event(self, *, capacity: int, waiting_list: bool) -> Event:
        start = datetime.now(UTC) + timedelta(days=20)
        dates = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
        event = make_event(self.live_app.app, capacity=capacity, waiting_list=waiting_list, **dates)
        with self.live_app.app.app_context(), transaction():
            record_creation(lock_event(event.slug), actor="test", now=now())
        return event

    def rush(self, event: Event, people: int) -> list[Answer]:
        """All of them press at once, from a process of their own."""
        words = [f"/events/{event.slug}/register", str(people), *map(str, self.ports)]
        command = [sys.executable, "-m", "tests.rush.clients", *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:] + self.live_app.log()[-2000:]
        return [Answer(**answer) for answer in json.loads(done.stdout)]

    def stored(self, event: Event) -> dict[str, str]:
        """Everybody who has a row, with their status."""
        of_event = Registration.event_id == event.id
        with self.live_app.app.app_context():
            rows = db.session.execute(
                select(Registration.email, Registration.status).where(of_event)
            )
            return {row.email: row.status for row in rows}

    def mails(self, event: Event) -> Counter[tuple[str, str]]:
        """How many mails of which kind each address has got."""
        of_event = OutboxMail.event_id == event.id
        with self.live_app.app.app_context():
            rows = db.session.execute(select(OutboxMail.recipient, OutboxMail.kind).where(of_event))
            return Counter((recipient, kind) for recipient, kind in rows)

    def faults(self) -> list[str]:
        """What `verify` finds."""
        with self.live_app.app.app_context():
            return list(verification.faults(now()))


@pytest.fixture
def zygote() -> str:
    """What the servers are forked from."""
    return ZYGOTE


@pytest.fixture(params=BOTH)
def installation(
    request: pytest.FixtureRequest, zygote: str, tmp_path: Path
) -> Iterator[Installation]:
    with ExitStack() as stack:
        mailbox = stack.enter_context(Mailbox())
        of_many = request.param == "postgres"
        url = stack.enter_context(fresh_database(laid=True)) if of_many else ""
        live_app = stack.enter_context(
            open_live_app(tmp_path, database_url=url, smtp_url=mailbox.url, zygote=zygote)
        )
        ports = [live_app.start("serve", free_port()).port for _ in range(2 if of_many else 1)]
        for port in ports:
            wait_until_served(live_app, port)
        yield Installation(live_app, ports)


def test_people_at_one_instant_fill_fifty_seats_and_the_waiting_list(
    installation: Installation,
) -> None:
    event = installation.open_event(capacity=SEATS, waiting_list=True)

    answers = installation.rush(event, PEOPLE)

    assert Counter(answer.status for answer in answers) == {SEE_OTHER: PEOPLE}
    stored = installation.stored(event)
    assert Counter(stored.values()) == {"confirmed": SEATS, "waitlisted": PEOPLE - SEATS}
    assert {answer.email: answer.outcome for answer in answers} == stored
    assert all(answer.names_me for answer in answers)
    kinds = {"confirmed": "confirmation", "waitlisted": "waitlist"}
    promised = {(email, kinds[status]): 1 for email, status in stored.items()}
    assert installation.mails(event) == promised
    assert installation.faults() == []


@pytest.mark.parametrize("installation", by_night(BOTH, BOTH[1:]), indirect=True)
def test_without_a_waiting_list_all_others_read_that_it_is_full(installation: Installation) -> None:
    event = installation.open_event(capacity=SEATS, waiting_list=False)

    answers = installation.rush(event, PEOPLE)

    expected = {SEE_OTHER: SEATS, CONFLICT: PEOPLE - SEATS}
    assert Counter(answer.status for answer in answers) == expected
    answered = {answer.email: answer.outcome for answer in answers if answer.status == SEE_OTHER}
    assert installation.stored(event) == answered == dict.fromkeys(answered, "confirmed")
    assert installation.mails(event) == {(email, "confirmation"): 1 for email in answered}
    assert installation.faults() == []


@pytest.mark.parametrize("zygote", ["tests.rush.unlocked"])
@pytest.mark.parametrize(
    "installation", [pytest.param("postgres", marks=ON_POSTGRES)], indirect=True
)
def test_rush_oversells_when_the_lock_is_taken_away(installation: Installation) -> None:
    """The proof that the tests above can fail."""
    event = installation.open_event(capacity=5, waiting_list=False)

    installation.rush(event, 100)

    assert len(installation.stored(event)) > 5
    assert any("people hold 5 seats" in fault for fault in installation.faults())
