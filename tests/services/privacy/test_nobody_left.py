"""After the retention of every event no file of the data folder has a name or an address left."""

import json
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.demo.story import folder
from ikone_events.domain.events.lifecycle import State
from ikone_events.services.mails import subscribers
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.mails.models import MailText, Subscriber
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, make_event, make_registration, make_settings, stored
from tests.services.operating.installations import call

LONG_AFTER = "2031-01-01"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path / "data")


def files_with(data: Path, words: set[str]) -> set[str]:
    """The words that are left in a file."""
    found = set()
    for path in data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            folded = content.lower()  # of ASCII alone
            found |= {w for w in words if w.encode() in content or w.lower().encode() in folded}
    return found


@pytest.mark.slow
def test_no_attendee_of_the_trial_is_left(app: Flask, settings: Settings) -> None:
    """Free pages, the write-ahead log and the queue are searched like everything else."""
    source = folder() / "ikone.json"
    data = json.loads(source.read_text(encoding="utf-8"))
    assert call(app, "load", str(source)).exit_code == 0
    with app.app_context():
        with transaction():
            # An event without a new date waits for it, with its people.
            for event in db.session.query(Event).filter_by(state=State.POSTPONED.value):
                db.session.delete(event)
        app.extensions["ikone_wake"]()
        people = db.session.query(Registration).filter(Registration.email != "").all()
        names = {person.last_name for person in people}
        addresses = {person.email for person in people}
        db.session.remove()
    published = json.dumps([data["events"], data.get("contacts", [])], ensure_ascii=False)
    words = {word for word in names | addresses if word not in published}
    assert len(words) > 80
    assert files_with(settings.data_dir, words) == words, "the search can find"

    with app.app_context():
        for reader in db.session.query(Subscriber).all():  # they want to be written to
            with transaction():
                subscribers.remove(reader.public_id, now=NOW)
        db.session.remove()
    result = call(app, "retention", "--as-of", LONG_AFTER)
    assert result.exit_code == 0, result.output
    app.extensions["ikone_engine"].run_once()
    app.extensions["ikone_engine"].huey.pending_count()

    assert {"ikone.db", "ikone.db-wal"} <= {path.name for path in settings.data_dir.iterdir()}
    assert files_with(settings.data_dir, words) == set()
    assert call(app, "verify").output == "No fault found.\n"


def test_names_that_organisers_typed_go_too(app: Flask, settings: Settings) -> None:
    event = make_event(app, **PAST, state="followed_up", contact_name="Jutta Amt")
    for first, last in (("Zwetschgine", "Quittenbaum"), ("Jutta", "Amt")):
        email = f"{first.lower()}@example.org"
        make_registration(app, event, first_name=first, last_name=last, email=email)
    why = "Zwetschgine Quittenbaum (zwetschgine@example.org) bat darum"
    stored(app, StateChange(event_id=event.id, action="load", source="", target="followed_up",
                            actor="wilma@example.org", reason=why, at=NOW))  # fmt: skip
    body = "Danke an Zwetschgine Quittenbaum! Jutta Amt"
    stored(app, MailText(scope=f"event:{event.id}", event_id=event.id, kind="follow_up",
                         locale="de", subject="Dank", body=body, changed_at=NOW))  # fmt: skip
    assert call(app, "retention", "--as-of", LONG_AFTER).exit_code == 0
    with app.app_context():
        [change] = db.session.query(StateChange).filter_by(action="load")
        assert change.reason == "… (…) bat darum"
        assert change.actor == "wilma@example.org", "who decided stays"
        assert db.session.query(MailText).one().body == "Danke an …! Jutta Amt"
        db.session.remove()
    assert files_with(settings.data_dir, {"Quittenbaum", "zwetschgine@example.org"}) == set()
