"""`retention`: the worker's own forgetting, by hand and for another day."""

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.factories import PAST, make_event, make_registration
from tests.own_fields import make_answer, make_field
from tests.services.operating.installations import call

DAY_AFTER_RETENTION = "2026-05-28"  # the event ended on 27 February, 90 days before


@pytest.fixture
def event(app: Flask) -> Event:
    event = make_event(app, **PAST, state="followed_up")
    for _ in range(2):
        make_registration(app, event)
    return event


def known(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Registration).where(Registration.email != "")).all())


def test_nobody_is_forgotten_before_the_time(app: Flask, event: Event) -> None:
    result = call(app, "retention")
    assert (result.exit_code, result.output) == (0, "Nobody is to be forgotten.\n")
    assert call(app, "retention", "--as-of", "2026-05-27").output == result.output
    assert known(app) == 2


def test_dry_run_shows_whom_and_changes_nothing(app: Flask, event: Event) -> None:
    result = call(app, "retention", "--as-of", DAY_AFTER_RETENTION, "--dry-run")
    assert result.output == (
        f"{event.slug}: 2 people would be forgotten\n"
        "all rows that would be deleted or emptied: 2 of registration\n"
    )
    assert known(app) == 2


def test_due_people_are_forgotten_and_their_event_archived(app: Flask, event: Event) -> None:
    result = call(app, "retention", "--as-of", DAY_AFTER_RETENTION)
    assert result.output == (
        f"{event.slug}: 2 people forgotten\n"
        "all rows that were deleted or emptied: 2 of registration\n"
    )
    assert known(app) == 0
    with app.app_context():
        assert db.session.get_one(Event, event.id).state == "archived"
    again = call(app, "retention", "--as-of", DAY_AFTER_RETENTION)
    assert again.output == "Nobody is to be forgotten.\n"


def test_short_lived_answers_and_people_without_a_place_go_first(app: Flask, event: Event) -> None:
    person = make_registration(app, event, status="cancelled")
    make_answer(app, person, make_field(app, event, keep_days=7), "vegan")
    planned = call(app, "retention", "--as-of", "2026-04-01", "--dry-run")
    assert planned.output == (
        f"{event.slug}: 1 answers would be deleted before the rest\n"
        f"{event.slug}: 1 people without a place would be forgotten\n"
        "all rows that would be deleted or emptied: 1 of answer, 1 of registration\n"
    )
    assert known(app) == 3
    done = call(app, "retention", "--as-of", "2026-04-01")
    assert done.output == planned.output.replace("that would be", "that were").replace(
        "would be ", ""
    )
    assert known(app) == 2
    assert call(app, "retention", "--as-of", "2026-04-01").output == "Nobody is to be forgotten.\n"
