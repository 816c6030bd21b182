"""A write waits for the disk unless it says that it need not, and the next one waits again."""

from flask import Flask
from sqlalchemy import text

from ikone_events.store.db import db, transaction

NORMAL, FULL = 1, 2


def test_only_what_need_not_last_spares_the_disk(app: Flask) -> None:
    found = []
    with app.app_context():
        for durable in (True, False, True):
            with transaction(durable=durable):
                found.append(db.session.scalar(text("PRAGMA synchronous")))
        with transaction():
            found.append(db.session.scalar(text("PRAGMA synchronous")))
    assert found == [FULL, NORMAL, FULL, FULL]
