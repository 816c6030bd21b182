"""From the version before, 0005: its database is migrated and its backup restored."""

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.schema import current_version, versions
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_settings
from tests.mailbox import Mailbox
from tests.postgres import fresh_database
from tests.services.operating.installations import call
from tests.web.visitor import sign_up

# Made by that version: two places, three people, slides, two mails sent and one queued.
OLD_DATABASE = Path(__file__).with_name("version_0005.db.gz")
OLD_BACKUP = Path(__file__).with_name("version_0005.zip")

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox) -> Settings:
    return make_settings(tmp_path / "data", smtp_url=mailbox.url, mail_per_minute=600_000)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def updated(
    request: pytest.FixtureRequest, settings: Settings, clock: FixedClock
) -> Iterator[Settings]:
    """Settings of the new version."""
    if request.param == "sqlite":
        yield settings
    else:
        with fresh_database() as url:
            yield make_settings(
                settings.data_dir,
                smtp_url=settings.smtp_url,
                mail_per_minute=600_000,
                database_url=url,
            )


def check(app: Flask, mailbox: Mailbox) -> None:
    """Everybody is there, the mail that waited leaves, and life goes on."""
    with app.app_context():
        assert current_version() == versions()[-1]
        assert list(faults(NOW)) == []
        people = db.session.scalars(select(Registration).order_by(Registration.id)).all()
        status = [(person.email, person.status) for person in people]
        mails = list(db.session.scalars(select(OutboxMail.state).order_by(OutboxMail.id)))
    assert status == [
        ("anna@example.org", "confirmed"),
        ("bert@example.org", "confirmed"),
        ("carl@example.org", "waitlisted"),
    ]
    assert mails == ["sent", "sent", "queued"]
    assert sign_up(app.test_client(), "workshop").status_code == 303
    app.extensions["ikone_engine"].run_once()
    assert len(mailbox.received) == 2
    with app.app_context():
        assert list(faults(NOW)) == []
        db.session.remove()
        db.engine.dispose()


def test_database_of_the_version_before_is_migrated(
    settings: Settings, clock: FixedClock, mailbox: Mailbox
) -> None:
    settings.data_dir.mkdir()
    database = settings.data_dir / "ikone.db"
    database.write_bytes(gzip.decompress(OLD_DATABASE.read_bytes()))
    (settings.data_dir / "uploads").mkdir()
    (settings.data_dir / "uploads" / "a1b2").write_bytes(b"%PDF-1.7 slides")
    app = create_app(settings, clock=clock)

    result = call(app, "event", "list")

    assert (result.exit_code, "workshop" in result.output) == (0, True)
    check(app, mailbox)


def test_backup_of_the_version_before_is_restored(
    updated: Settings, clock: FixedClock, mailbox: Mailbox
) -> None:
    with zipfile.ZipFile(OLD_BACKUP) as archive:
        assert json.loads(archive.read("manifest.json"))["schema"] == "0005"
    app = create_app(updated, clock=clock)

    result = call(app, "restore", str(OLD_BACKUP))

    assert result.exit_code == 0, result.output
    assert (updated.data_dir / "uploads" / "a1b2").read_bytes() == b"%PDF-1.7 slides"
    assert call(app, "outbox", "release").exit_code == 0
    check(app, mailbox)
