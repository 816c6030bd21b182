"""Snapshots are read once per version, and never true longer than it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, update

from ikone_events.config import Settings
from ikone_events.services.mails.texts import find_text
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.snapshots import MOST_SNAPSHOTS, derived, snapshots
from ikone_events.store.mails.models import MailText
from ikone_events.store.registering.current_event import get_current_event
from ikone_events.store.registering.form_fields import FormField, asked_of
from tests.factories import NOW, make_event, make_settings
from tests.services.registering.seats import sign_up, write

pytestmark = pytest.mark.both_databases


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def current(app: Flask, slug: str) -> Event:
    with app.app_context():
        return get_current_event(slug, NOW).event


def test_registrations_leave_the_snapshot_as_it_is(app: Flask) -> None:
    event = make_event(app)
    before = current(app, event.slug)

    sign_up(app, event, "a")

    assert current(app, event.slug) is before


def _title(event: Event) -> None:
    db.session.execute(update(Event).where(Event.id == event.id).values(title="Anders"))


def _field(event: Event) -> None:
    row = {"event_id": event.id, "key": "q", "kind": "short_text", "position": 1, "label": "Frage"}
    db.session.execute(insert(FormField), row)


def _text(event: Event) -> None:
    row = {"scope": f"event:{event.id}", "event_id": event.id, "kind": "confirmation"}
    more = {"locale": "de", "subject": "S", "body": "B", "changed_at": NOW, "changed_by": "a"}
    db.session.execute(insert(MailText), {**row, **more})


def _text_of_all(_event: Event) -> None:
    row = {"scope": "installation", "kind": "confirmation", "locale": "de", "subject": "S"}
    more = {"body": "B", "changed_at": NOW, "changed_by": "a"}
    db.session.execute(insert(MailText), {**row, **more})


def _material(event: Event) -> None:
    row = {"event_id": event.id, "kind": "link", "title": "Folien", "created_at": NOW}
    db.session.execute(insert(Material), row)


def _administration(_event: Event) -> None:
    row = {"key": "vg-a", "name": "VG A", "kind": "municipality"}
    db.session.execute(insert(Organisation), row)


CHANGES = (_title, _field, _text, _text_of_all, _material, _administration)


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_content_gives_another_snapshot(
    app: Flask, change: Callable[[Event], None]
) -> None:
    event = make_event(app)
    before = current(app, event.slug)

    write(app, lambda: change(event))

    after = current(app, event.slug)
    assert after is not before
    assert current(app, event.slug) is after


def test_change_that_is_rolled_back_is_never_shown(app: Flask) -> None:
    event = make_event(app, title="Wahr")
    current(app, event.slug)

    with app.app_context(), suppress(ZeroDivisionError), transaction():
        _title(event)
        _field(event)
        changed = get_current_event(event.slug, NOW).event
        assert (changed.title, len(asked_of(changed))) == ("Anders", 1)
        raise ZeroDivisionError

    with app.app_context():
        after = get_current_event(event.slug, NOW).event
        assert (after.title, asked_of(after)) == ("Wahr", ())


def test_value_read_in_a_write_transaction_is_not_kept(app: Flask) -> None:
    """It may be derived from a change that is rolled back while the version stays."""
    event = make_event(app)
    found = current(app, event.slug)

    with app.app_context(), suppress(ZeroDivisionError), transaction():
        _text(event)
        assert find_text(found, "confirmation", "de") is not None
        raise ZeroDivisionError

    with app.app_context():
        assert find_text(found, "confirmation", "de") is None


def test_value_is_derived_once_per_snapshot(app: Flask) -> None:
    found = current(app, make_event(app).slug)
    read: list[int] = []

    with app.app_context():
        values = [derived(found, "name", lambda: len(read.append(1) or read)) for _ in range(3)]  # type: ignore[func-returns-value]

    assert values == [1, 1, 1]


def test_least_recently_used_snapshots_are_dropped(app: Flask) -> None:
    event = make_event(app)
    first = current(app, event.slug)

    with app.app_context():
        for number in range(MOST_SNAPSHOTS):
            snapshots().keep(Event(id=-1 - number))

    assert current(app, event.slug) is not first
