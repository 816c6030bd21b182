"""What `retention --dry-run` and the page list is what goes, by every table with personal data."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.services.privacy.due_deletions import due_besides, due_events
from ikone_events.store.calendars.personal_feeds import PersonalFeed
from ikone_events.store.db import Base, db
from ikone_events.store.erasing import PERSONAL
from ikone_events.store.events.models import Event
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.followup.answers import PublishedAnswer
from ikone_events.store.incoming.models import IncomingMail, UndeliverableAddress
from ikone_events.store.mails.models import DeliveryNote
from ikone_events.store.operating.retention_records import records_after
from ikone_events.store.registering.administrations import LeftText
from ikone_events.store.registering.models import Code
from ikone_events.store.registering.standing import StandingDate
from ikone_events.store.rooms.models import AttendanceRecord, CheckInPress, Question, RoomSession
from tests.factories import (
    NOW,
    PAST,
    make_event,
    make_mail,
    make_material,
    make_registration,
    make_request,
    make_settings,
    make_speaker,
    make_subscriber,
    stored,
)
from tests.feedback import LIKED, RATING, give, past_event
from tests.own_fields import make_answer, make_change, make_field, make_import
from tests.services.operating.installations import call
from tests.standing import make_standing

LATER, AS_OF = NOW + timedelta(days=89), "2026-05-28"  # the retention of the past event is over
_BY_TABLE = re.compile(r"(\d+) of (\w+)")
# What belongs to nobody any more goes with the last one; the page says so without a number.
_AFTERWARDS = {"left_text", "personal_feed", "undeliverable_address"}


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


@pytest.fixture
def past(app: Flask) -> Event:
    """An event whose retention is over, with rows in every table that names somebody."""
    event = past_event(app)
    standing = make_standing(app, email="bleibt@example.org", confirmed_at=LATER)
    anna = make_registration(
        app, event, last_name="Zwetschge", email="a@example.org", standing_id=standing.id
    )
    bert = make_registration(app, event, organisation_text="Amt X", organisation_key="amt x")
    for text in ("gut", ""):
        give(app, anna if text else bert, {RATING: "4", LIKED: text})
    make_answer(app, anna, make_field(app, event), "vegan")
    make_change(app, anna, reason="wegen Zwetschge")
    make_change(app, bert)
    mail = make_mail(app, anna, state="sent", sent_at=NOW)
    make_request(app, event, state="granted", granted_until=LATER + timedelta(days=1))
    make_request(app, event, asked_at=None, email="", email_key="weg", name="")
    make_import(app, event, json.dumps([{"email": "a@example.org"}]))
    seen = make_material(app, event)
    make_material(app, event, released=False, stored_name="", title="Entwurf")
    make_speaker(app, event)
    published = {"question": "Warum?", "answer": "Darum.", "published_at": NOW}
    kept = stored(app, PublishedAnswer(event_id=event.id, **published))
    published["answer"] = "Das fragte Zwetschge."
    naming = stored(app, PublishedAnswer(event_id=event.id, **published))
    own: dict[str, Any] = {"event_id": event.id, "registration_id": anna.id}
    for row in (
        AttendanceRecord(**own, provider_user="u1", stated="attended", stated_at=NOW),
        AttendanceRecord(event_id=event.id, registration_id=bert.id, seconds=60),
        CheckInPress(**own, key="1", kind="in", at=NOW, received_at=NOW, by_name="Wilma"),
        Code(event_id=event.id, text="EINS", label="für Anna", uses=1, created_at=NOW),
        Code(event_id=event.id, text="ZWEI", label="", uses=1, created_at=NOW),
        DeliveryNote(mail_id=mail.id, at=NOW, what="bounced", words="<a@example.org>"),
        IncomingMail(
            digest="1" * 64, kind="bounce", outcome="taken", event_id=event.id, mail_id=mail.id,
            registration_id=anna.id, attendee="a@example.org", received_at=NOW,
        ),
        MaterialRelease(material_id=seen.id, registration_id=anna.id),
        Question(**own, source="live", text="Wer?", asked_at=NOW, place=1,
                 published_id=naming.id),
        Question(**own, source="live", text="Wann?", asked_at=NOW, place=2, published_id=kept.id),
        RoomSession(event_id=event.id, session="s", provider="bbb", made_at=NOW,
                    report='{"x": 60}'),
        StandingDate(event_id=event.id, standing_id=standing.id, applied_at=NOW),
        LeftText(key="amt x", text="Amt X", left_by="", left_at=NOW),
        PersonalFeed(email_key="a@example.org", created_at=NOW),
        UndeliverableAddress(email_key="a@example.org", since=NOW, words="<a@example.org>"),
    ):  # fmt: skip
        stored(app, row)
    return event


@pytest.fixture
def elsewhere(app: Flask) -> Event:
    """Rows that go before the retention of their event is over, and others that stay."""
    event = make_event(app, **PAST, state="followed_up", retention_days=300)
    make_registration(app, event)
    left = make_registration(app, event, status="cancelled", question="Wohin?")
    make_mail(app, left, state="sent", sent_at=NOW)
    make_answer(app, make_registration(app, event), make_field(app, event, keep_days=7), "vegan")
    request = make_request(app, event, state="granted")
    make_mail(app, left, registration_id=None, key=f"materials:{request.public_id}:1:x")
    make_request(app, event, asked_at=LATER)
    make_subscriber(app, confirmed_at=None)
    make_subscriber(app, event)
    make_subscriber(app)
    ended = make_standing(app, confirmed_at=None)
    make_mail(app, left, registration_id=None, event_id=None, key=f"standing:{ended.public_id}:x")
    stored(app, IncomingMail(digest="2" * 64, kind="bounce", outcome="unknown", received_at=NOW))
    return event


def _rows(app: Flask) -> dict[str, dict[Any, tuple[Any, ...]]]:
    """The personal columns of each row, by table and primary key."""
    found: dict[str, dict[Any, tuple[Any, ...]]] = {}
    with app.app_context():
        for name, columns in PERSONAL.items():
            table = Base.metadata.tables[name]
            keys, telling = list(table.primary_key.columns), [table.c[c] for c in sorted(columns)]
            found[name] = {
                tuple(row[: len(keys)]): tuple(row[len(keys) :])
                for row in db.session.execute(select(*keys, *telling))
            }
        db.session.remove()
    return found


def _gone(before: dict[str, Any], after: dict[str, Any]) -> dict[str, int]:
    """How many rows of each table were deleted, or have lost something."""
    changed = {
        table: sum(after[table].get(key) != values for key, values in rows.items())
        for table, rows in before.items()
    }
    return {table: number for table, number in changed.items() if number}


def _recorded(app: Flask) -> dict[str, int]:
    numbers: dict[str, int] = {}
    with app.app_context():
        for record in records_after(0):
            for table, rows in json.loads(record.content)["rows"].items():
                numbers[table] = numbers.get(table, 0) + sum(rows.values())
        db.session.remove()
    return numbers


def _all_rows(output: str) -> dict[str, int]:
    [line] = [line for line in output.splitlines() if line.startswith("all rows")]
    return {table: int(number) for number, table in _BY_TABLE.findall(line)}


@pytest.mark.both_databases
def test_list_record_and_tables_agree(app: Flask, past: Event, elsewhere: Event) -> None:
    before = _rows(app)
    listed = _all_rows(call(app, "retention", "--as-of", AS_OF, "--dry-run").output)
    assert _rows(app) == before
    assert _recorded(app) == {}

    done = call(app, "retention", "--as-of", AS_OF)
    assert done.exit_code == 0, done.output
    gone = _gone(before, _rows(app))
    assert _recorded(app) == gone
    assert listed == gone
    assert _all_rows(done.output) == gone
    # All tables took part, besides those that retention never touches.
    untouched = {"contact", "event", "form_field", "installation_settings", "mailing", "organiser"}
    assert set(PERSONAL) - set(gone) == untouched | {"provider_settings", "standing_date"}


def test_page_counts_what_goes(app: Flask, past: Event, elsewhere: Event) -> None:
    before = _rows(app)
    with app.app_context():
        [whole, early] = due_events(LATER)
        besides = due_besides(LATER)
        db.session.remove()
    assert call(app, "retention", "--as-of", AS_OF).exit_code == 0
    gone = _gone(before, _rows(app))

    assert besides == {
        "import_list": 1, "incoming_mail": 1, "material_request": 1, "standing_sign_up": 1,
        "subscriber": 2,
    }  # fmt: skip
    assert (whole.people, early.people, early.rows) == (2, 1, {"answer": 1})
    expected = dict(gone)
    for table in (*_AFTERWARDS, "published_answer", "standing_sign_up", "subscriber"):
        expected.pop(table)
    expected |= {"answer": 1, "incoming_mail": 1, "material_request": 1}
    expected["outbox_mail"] -= 3  # of people who are counted themselves
    expected.pop("registration")
    assert whole.rows == expected
