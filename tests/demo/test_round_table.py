"""The round table of the trial: its worker registers those who signed up for all dates."""

from datetime import UTC, date
from pathlib import Path

import pytest
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.demo import trial
from ikone_events.demo.pages import TrialClock
from ikone_events.demo.round_table import add_round_table
from ikone_events.demo.story import SCENARIOS, make_story
from ikone_events.services.registering.standing_dates import due_registrations, register_standing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import find_event
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_people_are_registered_for_the_open_date(scenario: str, tmp_path: Path) -> None:
    story = make_story(scenario, today=date(2026, 11, 30))
    clock = TrialClock(story.begins.astimezone(UTC))
    settings = trial._settings(tmp_path, host="127.0.0.1", port=8000, smtp_port=1)
    app = create_app(settings, clock=clock)
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        trial._fill(story, clock)
        with transaction():
            add_round_table(story, actor="Wilma Organisaria")
        events = [find_event(f"runder-tisch-{number}") for number in (1, 2, 3)]
        states = [event.state if event else None for event in events]
        assert states == ["followed_up", "open", "announced"]
        starts = [event.starts_at for event in events if event]
        assert starts[0] < story.begins < starts[1] < starts[2]
        now = clock()
        for due in due_registrations(now):
            with transaction():
                register_standing(due, now=now)
        of_open = select(Registration.status).where(Registration.standing_id.is_not(None))
        assert db.session.scalars(of_open).all() == ["confirmed"] * 5
        db.engine.dispose()
