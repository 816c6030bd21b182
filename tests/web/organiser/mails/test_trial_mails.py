"""Mails to try are for looking at, not for filling mailboxes."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.config import Settings
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from tests.factories import make_event, make_registration, make_settings
from tests.web.organiser.conftest import Browser


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """An installation with rate limits."""
    return make_settings(data_dir, rate_limits=True)


def test_seventh_mail_to_try_within_a_minute_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    path = f"/organise/events/{event.slug}/preview/dispatch/test"

    answers = [team.post(path, {"state": "open"}).status_code for _ in range(7)]

    assert answers == [200] * 6 + [429]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == 6
