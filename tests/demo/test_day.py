"""The day itself in the trial: a meeting that runs, one on site, letters, and a room."""

from collections.abc import Iterator
from datetime import UTC, date
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from ikone_events.app import create_app
from ikone_events.demo import trial
from ikone_events.demo.catcher import Catcher
from ikone_events.demo.day import add_day
from ikone_events.demo.pages import Trial, TrialClock
from ikone_events.demo.story import SCENARIOS, Story, make_story
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.rooms.providers import RoomRole, Visitor
from ikone_events.domain.tokens import Purpose
from ikone_events.services.accounts.organisers import get_account_of
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.board import is_live
from ikone_events.services.rooms.check_in import no_entry_because
from ikone_events.services.rooms.entering import join_address
from ikone_events.store.accounts.queries import assigned_event_ids
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord

RUNNING, ON_SITE = "rundruf-heute", "werkstatt-heute"


@pytest.fixture(scope="module", params=SCENARIOS)
def story(request: pytest.FixtureRequest) -> Story:
    return make_story(request.param, today=date(2026, 11, 30))


@pytest.fixture(scope="module")
def day(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The trial's application with both events, as `run_trial` makes it; tests only read it."""
    clock = TrialClock(story.begins.astimezone(UTC))
    catcher = Catcher(clock)
    port = catcher.start()
    settings = trial._settings(
        tmp_path_factory.mktemp("day"), host="127.0.0.1", port=8000, smtp_port=port
    )
    app = create_app(settings, clock=clock, more_pages=Trial(clock, catcher).register)
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        trial._fill(story, clock)
        with transaction():
            add_day(story, actor="Wilma Organisaria", password=trial.PASSWORD)
        yield app
        db.engine.dispose()
    catcher.stop()


def event_of(slug: str) -> Event:
    event = find_event(slug)
    assert event is not None
    return event


def test_day_has_a_running_meeting_and_an_open_entrance(day: Flask, story: Story) -> None:
    running, on_site, now = event_of(RUNNING), event_of(ON_SITE), story.begins

    assert running.starts_at < now < running.ends_at
    assert is_live(running, now)
    assert no_entry_because(on_site, now) is None
    came = select(func.count()).where(AttendanceRecord.event_id == running.id)
    assert db.session.scalar(came) == 6
    assert db.session.scalar(came.where(AttendanceRecord.stated != "")) == 0
    inside = select(func.count()).where(AttendanceRecord.event_id == on_site.id)
    assert db.session.scalar(inside) == 2
    helper = get_account_of("einlass@example.org")
    assert not helper.sees_all
    assert assigned_event_ids(helper.id) == {on_site.id}


def test_letters_of_the_day_before_lie_ready(day: Flask) -> None:
    running = event_of(RUNNING)
    kinds = db.session.scalars(select(Mailing.kind).where(Mailing.event_id == running.id))
    written = db.session.scalars(select(OutboxMail.recipient))

    assert set(kinds) == {"access_link"}
    assert set(written) == {"moderation@example.org", "mitwirkung@example.org"}


def test_room_is_a_page_of_the_trial_that_reads_the_token(day: Flask, story: Story) -> None:
    with day.app_context():
        visitor = Visitor("Petra Ackerwinde", RoomRole.MODERATOR, "p")
        address = urlsplit(join_address(event_of(RUNNING), visitor, now=story.begins))
    client: FlaskClient = day.test_client()

    assert f"{address.scheme}://{address.netloc}" == get_installation().settings.base_url
    page = client.get(f"{address.path}?{address.query}", base_url="http://localhost:8000")
    assert page.status_code == 200
    assert "Petra Ackerwinde" in page.text
    assert "Sie moderieren diesen Raum." in page.text
    for wrong in (address.path, f"{address.path}?jwt=x.y.z", f"{address.path}x?{address.query}"):
        refused = client.get(wrong, base_url="http://localhost:8000")
        assert refused.status_code == 403


def test_tickets_of_today_open_the_entrance(day: Flask) -> None:
    person = db.session.scalars(
        select(Registration).where(Registration.event_id == event_of(ON_SITE).id)
    ).first()
    assert person is not None
    assert person.mode == Mode.ON_SITE.value  # also once the event is online too
    address = get_installation().check_in(person.public_id, person.link_epoch)
    token = address.rpartition("/")[2]

    assert get_installation().signer.read(Purpose.CHECK_IN, token).public_id == person.public_id
