"""Services are tested with a mail server; marked `both_databases`, on PostgreSQL too."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.services.events.editing import edit_event
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import FixedClock, make_event, make_settings
from tests.mailbox import Mailbox
from tests.services.events.edits import DRAFT, Edit


@pytest.fixture
def settings(data_dir: Path, database: str, mailbox: Mailbox) -> Settings:
    """An installation that sends at full speed to the mailbox."""
    return make_settings(
        data_dir,
        database_url=database,
        smtp_url=mailbox.url,
        mail_per_minute=600_000,
    )


@pytest.fixture
def event(app: Flask) -> Event:
    """An event as DRAFT has it; modules with an event of their own override it."""
    return make_event(app, title=DRAFT.title)


@pytest.fixture
def edit(app: Flask, clock: FixedClock, event: Event) -> Edit:
    """Save the event with other values than DRAFT's, now."""

    def save(*, silent: bool = False, **values: Any) -> None:
        with app.app_context(), transaction():
            number = db.session.get_one(Event, event.id).edit_version
            edit_event(
                event.slug,
                replace(DRAFT, **values),
                expected_edit_version=number,
                now=clock.moment,
                actor="Anna Amt",
                silent=silent,
            )

    return save
