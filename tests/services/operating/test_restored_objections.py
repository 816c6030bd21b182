"""A backup that is older than an objection: the objection still counts after the restore."""

from pathlib import Path

from flask import Flask
from sqlalchemy import select, update

from ikone_events.services.mails.unsubscribing import object_to_announcements, unsubscribe
from ikone_events.store.db import db, rows_written, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.mails.objections import Objection, ObjectionKey
from tests.factories import NOW, contact_path, make_contact, make_subscriber
from tests.rows import count
from tests.services.operating.installations import call, lay_event, restore


def test_objection_after_the_backup_survives_the_restore(app: Flask, tmp_path: Path) -> None:
    lay_event(app, "workshop")
    gone, stays = make_contact(app), make_contact(app)
    reader = make_subscriber(app)
    file = tmp_path / "backup.zip"
    assert call(app, "backup", str(file)).exit_code == 0
    with app.app_context(), transaction():
        unsubscribe(contact_path(app, gone).rpartition("/")[2], now=NOW)
        object_to_announcements(reader.email_key, now=NOW)
    restore(app, file)
    with app.app_context():
        assert db.session.scalars(select(Contact.email)).all() == [stays.email]
    assert (count(app, Subscriber), count(app, Objection)) == (0, 2)


def test_backup_from_before_the_first_objection_gets_its_key(app: Flask, tmp_path: Path) -> None:
    lay_event(app, "workshop")
    file = tmp_path / "backup.zip"
    assert call(app, "backup", str(file)).exit_code == 0
    with app.app_context(), transaction():
        object_to_announcements("nie@example.org", now=NOW)
    restore(app, file)
    assert (count(app, Objection), count(app, ObjectionKey)) == (1, 1)


def test_hashes_of_another_installation_are_not_mixed(app: Flask, tmp_path: Path) -> None:
    lay_event(app, "workshop")
    contact = make_contact(app)
    file = tmp_path / "backup.zip"
    assert call(app, "backup", str(file)).exit_code == 0
    with app.app_context(), transaction():
        rows_written(update(ObjectionKey).values(key="0" * 64))
        object_to_announcements(contact.email_key, now=NOW)
    restore(app, file)
    assert (count(app, Contact), count(app, Objection)) == (1, 0)
