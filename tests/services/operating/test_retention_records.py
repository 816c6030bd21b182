"""Records of retention: signed, chained, nameless, and honest about what is out of reach."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import NotFound
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.retention import delete_expired, forget_event
from ikone_events.services.privacy.retention_record import as_file, check_file
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.operating.retention_records import RetentionRecord, records_after
from tests.factories import NOW, PAST, FixedClock, make_event, make_mail, make_registration
from tests.own_fields import make_answer, make_field
from tests.services.operating.installations import call

DAY_AFTER_RETENTION = "2026-05-28"
PERSON = {"first_name": "Zwetschgine", "last_name": "Quitte", "email": "zq@example.org"}


@pytest.fixture
def event(app: Flask) -> Event:
    event = make_event(app, **PAST, state="followed_up")
    person = make_registration(app, event, **PERSON)
    make_registration(app, event)
    make_answer(app, person, make_field(app, event), "vegan")
    make_mail(app, person, state="sent", sent_at=NOW)
    return event


def contents(app: Flask) -> list[dict[str, object]]:
    with app.app_context():
        return [json.loads(record.content) for record in records_after(0)]


def run(app: Flask, *words: str) -> str:
    result = call(app, "retention", *words)
    assert result.exit_code == 0, result.output
    return result.output


def test_dry_run_counts_all_that_would_go(app: Flask, event: Event) -> None:
    output = run(app, "--as-of", DAY_AFTER_RETENTION, "--dry-run")
    assert output == (
        f"{event.slug}: 2 people would be forgotten\n"
        f"{event.slug}: rows would be deleted or emptied: 1 of answer, 1 of outbox_mail\n"
        "all rows that would be deleted or emptied:"
        " 1 of answer, 1 of outbox_mail, 2 of registration\n"
    )
    assert contents(app) == []


def test_run_stores_a_record_without_names(app: Flask, event: Event, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    output = run(app, "--as-of", DAY_AFTER_RETENTION, "--record", str(file))
    assert f"{file}: 1 records, the last one is number 1." in output
    [content] = contents(app)
    assert content["events"] == [{"event": event.slug, "archived": True, "people": 2}]
    rows = content["rows"]
    assert isinstance(rows, dict)
    assert rows["registration"] == {"overwritten": 2}
    assert (rows["answer"], rows["outbox_mail"]) == ({"deleted": 1}, {"deleted": 1})
    assert (content["by"], content["schema"]) == ("retention", "0036")
    text = file.read_text()
    for word in (*PERSON.values(), "vegan"):
        assert word not in text
    assert call(app, "retention", "--check", str(file)).output == (
        "record 1: signed, and stored like this\n"
    )


def test_record_shows_what_is_out_of_reach(
    app: Flask, event: Event, clock: FixedClock, tmp_path: Path
) -> None:
    for _day in range(2):
        assert call(app, "backup", "--keep", "14", str(tmp_path / "backups")).exit_code == 0
        clock.move(days=1)
    run(app, "--as-of", DAY_AFTER_RETENTION)
    [content] = contents(app)
    copies = {each["copy"]: each for each in content["out_of_reach"]}  # type: ignore[attr-defined]
    assert copies["backups"] == {
        "copy": "backups", "newest": "2026-03-03", "gone_on": "2026-03-17", "number": 14,
    }  # fmt: skip
    assert {"replicas", "mailboxes", "calendars", "server_logs", "exports"} <= set(copies)


def test_records_are_a_chain(app: Flask, event: Event, clock: FixedClock) -> None:
    other = make_event(app, **PAST, state="followed_up")
    make_registration(app, other)
    later = NOW + timedelta(days=365)
    with app.app_context():
        for slug in (event.slug, other.slug):
            with transaction():
                forget_event(slug, actor="system", now=later)
        db.session.remove()
    with app.app_context():
        first, second = records_after(0)
        assert json.loads(second.content)["former_hash"] == first.hash
        db.session.remove()
    assert "retention: " not in call(app, "verify").output
    with app.app_context():
        with transaction():
            db.session.get_one(RetentionRecord, 1).content = first.content.replace("2", "3")
        db.session.remove()
    assert "retention: record 1 was changed" in call(app, "verify").output
    with app.app_context(), transaction():
        db.session.delete(db.session.get_one(RetentionRecord, 1))
    assert "retention: record 2 does not follow" in call(app, "verify").output


@pytest.mark.parametrize("old", ['"people": 2', '\\"people\\": 2'])
def test_changed_file_is_found_out(app: Flask, event: Event, old: str, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    run(app, "--as-of", DAY_AFTER_RETENTION, "--record", str(file))
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, old.replace("2", "3"), 1))
    checked = call(app, "retention", "--check", str(file))
    assert (checked.exit_code, "no file with records" in checked.output) == (1, True)


def test_record_that_was_made_up_is_found_out(app: Flask, event: Event) -> None:
    run(app, "--as-of", DAY_AFTER_RETENTION)
    with app.app_context():
        data = json.loads(as_file(records_after(0)))
        [row] = data["records"]
        row["record"]["events"] = []
        row["content"] = json.dumps(row["record"], ensure_ascii=False, sort_keys=True)
        [found] = check_file(json.dumps(data))
        assert "its hash is another one" in str(found.complaint)


def test_organiser_who_archives_is_not_named(app: Flask, event: Event) -> None:
    with app.app_context(), transaction():
        request = Request(action=Action.ARCHIVE, actor="wilma@example.org")
        perform(event.slug, request, now=NOW + timedelta(days=365))
    [content] = contents(app)
    assert content["by"] == "organiser"


def test_worker_records_only_when_something_was_deleted(app: Flask, event: Event) -> None:
    app.extensions["ikone_engine"].run_once()
    assert contents(app) == []
    make_registration(app, event, status="cancelled")
    with app.app_context(), transaction():
        delete_expired(NOW + timedelta(days=40))
    [content] = contents(app)
    assert content["events"] == [
        {"event": event.slug, "archived": False, "answers": 0, "people": 1}
    ]


def _forget_and_fail(slug: str) -> None:
    forget_event(slug, actor="system", now=NOW + timedelta(days=365))
    raise NotFound(())


def test_no_record_of_a_deletion_that_failed(app: Flask, event: Event) -> None:
    with app.app_context():
        with pytest.raises(NotFound), transaction():
            _forget_and_fail(event.slug)
        db.session.remove()
    assert contents(app) == []


def test_existing_file_is_not_replaced(app: Flask, event: Event, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text("mine")
    refused = call(app, "retention", "--as-of", DAY_AFTER_RETENTION, "--record", str(file))
    assert (refused.exit_code, file.read_text()) == (1, "mine")
    assert contents(app) == []


def test_records_outlive_a_restore(app: Flask, event: Event, tmp_path: Path) -> None:
    other = make_event(app, **PAST, state="followed_up", retention_days=1)
    make_registration(app, other)
    run(app)
    backup = tmp_path / "backup.zip"
    assert call(app, "backup", str(backup)).exit_code == 0
    file = tmp_path / "proof.json"
    run(app, "--as-of", DAY_AFTER_RETENTION, "--record", str(file))
    assert len(contents(app)) == 2
    assert call(app, "restore", str(backup), "--force").exit_code == 0
    assert [content["number"] for content in contents(app)] == [1, 2]
    assert call(app, "retention", "--check", str(file)).exit_code == 0
    assert "retention: " not in call(app, "verify").output
