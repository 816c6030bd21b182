"""A backup that is older than a deletion: people who had their data deleted are deleted again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.refusals import NotFound
from ikone_events.services.events.speakers import remove_speaker
from ikone_events.services.followup.requests import delete_request, forget_own
from ikone_events.services.mails import subscribers
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.services.registering import standing
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.operating.forgotten import (
    ForgottenPerson,
    hash_of_id,
    note_forgotten,
    read_lines,
    write_missing_lines,
)
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingSignUp
from tests.effort import by_night
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_mail,
    make_registration,
    make_request,
    make_settings,
    make_speaker,
    make_subscriber,
)
from tests.postgres import fresh_database
from tests.services.operating.installations import call, lay_event, restore, sign_up
from tests.standing import make_series, make_standing

NAME, ADDRESS = "Zwetschgine", "zq.quittenbaum@example.org"
PERSON = {"first_name": NAME, "last_name": "Quittenbaum", "email": ADDRESS}
BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=by_night(BOTH, BOTH[:1]))
def either(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Flask]:
    """The application on each database, with migrated tables."""
    if request.param == "sqlite":
        app = create_app(make_settings(tmp_path / "data"), clock=clock)
        assert call(app, "verify").exit_code == 0
        yield app
    else:
        with fresh_database() as url:
            app = create_app(make_settings(tmp_path / "data", database_url=url), clock=clock)
            assert call(app, "verify").exit_code == 0
            yield app
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


def back_up(app: Flask, tmp_path: Path) -> Path:
    file = tmp_path / "backup.zip"
    result = call(app, "backup", str(file))
    assert result.exit_code == 0, result.output
    return file


def delete(app: Flask, person: Registration) -> None:
    with app.app_context():
        with transaction():
            forget_person(db.session.get_one(Registration, person.id), now=NOW)
        db.session.remove()


def known(app: Flask) -> int:
    with app.app_context():
        wanted = select(func.count()).where(Registration.email == ADDRESS)
        return db.session.scalar(wanted) or 0


def files_with(data: Path, *words: str) -> list[str]:
    """Files of the data folder in which a word is left, besides former installations."""
    return [
        path.name
        for path in sorted(data.rglob("*"))
        if path.is_file() and "before-restore" not in str(path)
        if any(word.lower().encode() in path.read_bytes().lower() for word in words)
    ]


def test_forgotten_person_of_a_restored_backup_is_reported_and_forgotten_by_retention(
    either: Flask, tmp_path: Path
) -> None:
    app, data = either, tmp_path / "data"
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    make_mail(app, person, text=f"Guten Tag {NAME}")
    file = back_up(app, tmp_path)
    delete(app, person)
    assert known(app) == 0

    output = restore(app, file)
    assert "1 people had asked to be forgotten since this backup" in output
    assert known(app) == 1
    faults = call(app, "verify").output
    assert "privacy: 1 people had asked to be forgotten" in faults
    assert "fault: privacy: 1 people" in call(app, "doctor").output

    proof = tmp_path / "proof.json"
    again = call(app, "retention", "--record", str(proof))
    assert again.output.startswith("1 people who came back with a backup forgotten again\n")
    assert '"returned_with_a_backup": 1' in proof.read_text()
    assert call(app, "retention", "--check", str(proof)).exit_code == 0
    assert known(app) == 0
    with app.app_context():
        assert db.session.scalar(select(func.count(OutboxMail.id))) == 0
        db.session.remove()
        assert len(find_returned()) == 0
        db.session.remove()
    assert files_with(data, NAME, ADDRESS) == []
    assert "had asked to be forgotten" not in call(app, "verify").output


def test_release_forgets_before_anything_is_sent(app: Flask, tmp_path: Path) -> None:
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    make_mail(app, person, text=f"Guten Tag {NAME}")
    file = back_up(app, tmp_path)
    delete(app, person)
    restore(app, file)
    released = call(app, "outbox", "release")
    assert "1 people who had been forgotten before were forgotten again." in released.output
    assert known(app) == 0
    with app.app_context():
        assert db.session.scalar(select(func.count(OutboxMail.id))) == 0


def test_seat_of_somebody_who_came_back_is_free_again(app: Flask, tmp_path: Path) -> None:
    lay_event(app, "workshop", capacity=1)
    sign_up(app, "workshop", "anna")
    file = back_up(app, tmp_path)
    with app.app_context():
        person = db.session.scalars(select(Registration)).one()
        with transaction():
            withdraw(person.public_id, now=NOW)
        with transaction():
            forget_person(db.session.get_one(Registration, person.id), now=NOW)
        db.session.remove()
    restore(app, file)
    assert call(app, "retention").exit_code == 0
    with app.app_context():
        person = db.session.scalars(select(Registration)).one()
        assert (person.status, person.email) == ("cancelled", "")
    assert "No fault found." in call(app, "verify").output


def test_deleted_subscriber_and_speaker_come_back_and_go(app: Flask, tmp_path: Path) -> None:
    event = make_event(app)
    speaker, reader = make_speaker(app, event), make_subscriber(app)
    file = back_up(app, tmp_path)
    with app.app_context():
        with transaction():
            subscribers.remove(reader.public_id, now=NOW)
            remove_speaker(event.slug, speaker.public_id, now=NOW)
        db.session.remove()
    assert "2 people had asked" in restore(app, file)
    assert call(app, "retention").output.startswith("2 people")
    with app.app_context():
        assert db.session.scalar(select(func.count(Subscriber.id))) == 0


def _end_all(slug: str) -> None:
    """Three requests and two sign-ups: deleted by the person, the office, with a registration."""
    own = db.session.scalars(select(MaterialRequest).where(MaterialRequest.name == NAME)).one()
    forget_own(own, now=NOW)
    office = db.session.scalars(select(MaterialRequest).where(MaterialRequest.name == "B")).one()
    delete_request(slug, office.public_id, now=NOW)
    ended = db.session.scalars(select(StandingSignUp).where(StandingSignUp.email == ADDRESS)).one()
    standing.end(ended, withdraws=False, now=NOW)
    forget_person(db.session.scalars(select(Registration)).one(), now=NOW)


def _left(app: Flask) -> tuple[int, int, int]:
    """How many requests, sign-ups and mails of known people there are."""
    with app.app_context():
        known_requests = MaterialRequest.asked_at.is_not(None)
        numbers = (
            db.session.scalar(select(func.count(MaterialRequest.id)).where(known_requests)) or 0,
            db.session.scalar(select(func.count(StandingSignUp.id))) or 0,
            db.session.scalar(select(func.count(OutboxMail.id))) or 0,
        )
        db.session.remove()
    return numbers


@pytest.mark.parametrize("words", [("retention",), ("outbox", "release")])
def test_deleted_requests_and_ended_sign_ups_come_back_and_go(
    either: Flask, tmp_path: Path, words: tuple[str, ...]
) -> None:
    app, event = either, make_event(either, **{**PAST, "state": "followed_up"})
    make_series(app)
    mine = make_request(app, event, name=NAME, email=ADDRESS, state="granted")
    make_request(app, event, name="B", email="b@example.org")
    make_request(app, event, name="C", email="c@example.org")
    make_standing(app, first_name=NAME, email=ADDRESS)
    with_person = make_standing(app, email="c@example.org")
    person = make_registration(app, event, email="c@example.org", standing_id=with_person.id)
    key = f"materials:{mine.public_id}:1:x"
    make_mail(app, person, registration_id=None, key=key, recipient=ADDRESS, text=NAME)
    file = back_up(app, tmp_path)
    with app.app_context():
        with transaction():
            _end_all(event.slug)
        db.session.remove()
    assert _left(app) == (0, 0, 0)

    assert "6 people had asked to be forgotten" in restore(app, file)
    assert _left(app) == (3, 2, 1)
    assert "privacy: 6 people had asked to be forgotten" in call(app, "verify").output
    assert "6 people who" in call(app, *words).output
    assert _left(app) == (0, 0, 0)
    assert files_with(tmp_path / "data", NAME, ADDRESS) == []
    assert "had asked to be forgotten" not in call(app, "verify").output


def test_who_was_forgotten_is_known_although_the_database_is_lost(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    file = back_up(app, tmp_path)
    delete(app, person)
    ledger = settings.data_dir / "forgotten"
    assert ledger.stat().st_mode & 0o077 == 0
    assert ADDRESS not in ledger.read_text()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    for path in settings.data_dir.glob("ikone.db*"):
        path.unlink()
    assert "1 people had asked" in restore(app, file)


def test_row_without_its_line_gets_it_later(app: Flask, settings: Settings) -> None:
    with app.app_context():
        with transaction():
            note_forgotten(["a", "b"], NOW.date())
        ledger = settings.data_dir / "forgotten"
        first = ledger.read_text().splitlines()[0]
        ledger.write_text(first + "\n" + first[:30])  # killed, or the disk was full
        assert len(read_lines()) == 1
        write_missing_lines()
        assert set(read_lines()) == {hash_of_id("a"), hash_of_id("b")}
        before = ledger.read_text()
        write_missing_lines()
        assert ledger.read_text() == before


def _note_and_fail() -> None:
    note_forgotten(["a"], NOW.date())
    raise NotFound(())


def test_deletion_that_fails_leaves_no_line(app: Flask, settings: Settings) -> None:
    with app.app_context():
        with pytest.raises(NotFound), transaction():
            _note_and_fail()
        with transaction():
            note_forgotten(["b"], NOW.date())
        assert set(read_lines()) == {hash_of_id("b")}
        assert db.session.scalars(select(ForgottenPerson.id_hash)).all() == [hash_of_id("b")]


def test_full_disk_does_not_prevent_a_deletion(app: Flask, settings: Settings) -> None:
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    (settings.data_dir / "forgotten").mkdir()  # can't be written
    delete(app, person)
    assert known(app) == 0
    (settings.data_dir / "forgotten").rmdir()
    app.extensions["ikone_engine"].run_once()
    with app.app_context():
        assert set(read_lines()) == {hash_of_id(person.public_id)}
