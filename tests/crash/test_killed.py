"""kill -9 of web and worker at random moments: nothing lost, nothing stuck, nothing twice.

On SQLite one process serves and sends; on PostgreSQL two serve and three send, and any of them is
killed. The only mails that may come twice are those whose acknowledgements were not noted yet.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from sqlalchemy import func, select

from ikone_events.demo.catcher import free_port
from ikone_events.services.events.editing import record_creation
from ikone_events.services.installation import now
from ikone_events.services.operating import verification
from ikone_events.services.plan import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from ikone_events.worker.batches import MOST_AT_ONCE
from tests.crash.clients import Clients
from tests.crash.live_app import LiveApp, Process, open_live_app, wait_until_served
from tests.effort import by_night
from tests.factories import make_event, make_mail, make_registration
from tests.mailbox import Mailbox
from tests.patience import PATIENCE, wait_for
from tests.postgres import fresh_database

ROUNDS = by_night(40, 5)
MAILING = by_night(500, 100)
SMALL_EVENTS = by_night(40, 8)
# So the work lasts about as long as the killing.
APART = timedelta(seconds=0.4)
MAIL_TAKES = 0.02

BOTH = [
    pytest.param("sqlite"),
    pytest.param("postgres", marks=pytest.mark.postgres),
]

pytestmark = [pytest.mark.slow]


class SlowMailbox(Mailbox):
    """Takes its time over each mail, so that many are caught in the middle."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(MAIL_TAKES)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with SlowMailbox() as server:
        yield server


@pytest.fixture
def lease() -> str:
    """Seconds after which the mails of a killed worker are somebody else's."""
    return by_night("6", "3")


@pytest.fixture(params=BOTH)
def live_app(
    request: pytest.FixtureRequest, tmp_path: Path, mailbox: Mailbox, lease: str
) -> Iterator[LiveApp]:
    with ExitStack() as stack:
        of_many = request.param == "postgres"
        url = stack.enter_context(fresh_database(laid=True)) if of_many else ""
        yield stack.enter_context(
            open_live_app(tmp_path, database_url=url, smtp_url=mailbox.url, lease_seconds=lease)
        )


def fill(live_app: LiveApp) -> None:
    """An open event to sign up for; one with many people, and small ones, whose links are due."""
    soon = datetime.now(UTC) + timedelta(hours=20)
    dates = {"starts_at": soon, "ends_at": soon + timedelta(hours=2)}
    make_event(live_app.app, slug="open", capacity=None, **dates)
    full = make_event(live_app.app, slug="full", capacity=None, **dates)
    for number in range(MAILING):
        make_registration(live_app.app, full, email=f"person-{number}@example.org")
    for number in range(SMALL_EVENTS):
        small = make_event(live_app.app, slug=f"small-{number}", **dates)
        make_registration(live_app.app, small, email=f"small-{number}@example.org")
    with live_app.app.app_context():
        with transaction():
            for event in db.session.scalars(select(Event)):
                record_creation(event, actor="test", now=now())
        slugs = db.session.scalars(select(Event.slug).where(Event.slug != "open")).all()
        for number, slug in enumerate(slugs):
            with transaction():
                _lay(slug, now() + number * APART)


def _lay(slug: str, due_at: datetime) -> None:
    """The plan of an event whose link is due at that moment, and nothing else."""
    event = lock_event(slug)
    plans.create_plan(event, now=due_at - timedelta(days=30))
    for step in plans.steps_of(event):
        step.active = step.name == "dispatch"
        if step.name == "dispatch":
            step.due_at = due_at


def start_all(live_app: LiveApp) -> list[Process]:
    if not live_app.settings.database_url:
        return [live_app.start("serve", free_port())]
    # `serve` brings no worker here: each process is killed for itself.
    webs = [live_app.start("serve --no-worker", free_port()) for _ in range(2)]
    return [*webs, *(live_app.start("worker") for _ in range(3))]


def kill_and_replace(live_app: LiveApp, chance: random.Random) -> None:
    time.sleep(chance.uniform(0.05, 0.6))
    victim = chance.choice(live_app.processes)
    victim.kill()
    following = live_app.replace(victim)
    if following.port and len(live_app.processes) == 1:
        wait_until_served(live_app, following.port)


def wait_until_settled(live_app: LiveApp, mailbox: Mailbox) -> None:
    """Everything that was begun has come to its end, by what is running now."""
    last = datetime.now(UTC) + SMALL_EVENTS * APART
    due = (Step.outcome == "") & Step.active & (Step.due_at <= last)
    waiting = (
        select(func.count()).where(OutboxMail.state == "queued"),
        select(func.count()).where(Mailing.finished_at.is_(None)),
        select(func.count()).where(due),
    )

    def settled() -> bool:
        with live_app.app.app_context():
            return not any(db.session.scalar(number) for number in waiting)

    wait_for(settled, "e-mails are stuck")


def test_nothing_is_lost_or_sent_twice_when_processes_are_killed(
    live_app: LiveApp, mailbox: Mailbox
) -> None:
    fill(live_app)
    chance = random.Random(4711)
    servers = [process.port for process in start_all(live_app) if process.port]
    for port in servers:
        wait_until_served(live_app, port)

    rounds = ROUNDS if len(live_app.processes) == 1 else 2 * ROUNDS
    with Clients(servers, "/events/open/register") as clients:
        for _ in range(rounds):
            known = len(clients.acknowledged)
            kill_and_replace(live_app, chance)
            wait_for(
                lambda known=known: len(clients.acknowledged) > known, "nobody is served any more"
            )
        for port in servers:
            wait_until_served(live_app, port)
    wait_until_settled(live_app, mailbox)

    with live_app.app.app_context():
        stored = set(
            db.session.scalars(
                select(Registration.email)
                .join(Event, Registration.event_id == Event.id)
                .where(Event.slug == "open")
            )
        )
        mails = db.session.execute(select(OutboxMail.recipient, OutboxMail.message_id)).all()
        states = Counter(db.session.scalars(select(Event.state)))
        faults = list(verification.faults(now()))
    assert set(clients.answers) == {303}
    assert len(clients.acknowledged) >= rounds
    assert clients.acknowledged <= stored
    assert states == {"dispatched": SMALL_EVENTS + 1, "open": 1}
    assert faults == []
    promised = {f"person-{n}@example.org" for n in range(MAILING)} | stored
    promised |= {f"small-{n}@example.org" for n in range(SMALL_EVENTS)}
    assert Counter(recipient for recipient, _ in mails) == dict.fromkeys(promised, 1)
    arrived = Counter(str(mail.message["Message-ID"]) for mail in mailbox.received)
    assert set(arrived) == {message_id for _, message_id in mails}
    assert sum(arrived.values()) - len(arrived) <= rounds * MOST_AT_ONCE


@pytest.mark.parametrize("lease", ["2"])
def test_lease_of_a_killed_worker_ends(live_app: LiveApp, mailbox: Mailbox) -> None:
    """A worker killed while the mail server thinks leaves its mail to another one."""
    soon = datetime.now(UTC) + timedelta(days=20)
    event = make_event(live_app.app, starts_at=soon, ends_at=soon + timedelta(hours=2))
    registration = make_registration(live_app.app, event)
    make_mail(live_app.app, registration, due_at=datetime.now(UTC), created_at=datetime.now(UTC))
    killed = threading.Event()
    mailbox.answer = lambda _recipient: f"451 {killed.wait(PATIENCE)}"
    worker = live_app.start("worker")

    def leased() -> bool:
        with live_app.app.app_context():
            return db.session.scalar(select(OutboxMail.lease_until)) is not None

    wait_for(leased)
    worker.kill()
    killed.set()
    mailbox.answer = lambda _recipient: None
    live_app.replace(worker)
    wait_until_settled(live_app, mailbox)
    assert len({str(mail.message["Message-ID"]) for mail in mailbox.received}) == 1
