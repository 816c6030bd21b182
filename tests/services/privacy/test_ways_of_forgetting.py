"""Each way of forgetting leaves no name and no address in any file of the data folder.

Somebody reads the database meanwhile, as a backup or a slow page does, so that the log can't be
emptied with the deletion; the next tick of a worker does it. The worker may be another process,
which knows of it by the database alone.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.operating.alarms import Alarm
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.directory.contacts import remove_contact
from ikone_events.services.events.speakers import remove_speaker
from ikone_events.services.followup.requests import delete_request, forget_own, grant_request
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import subscribers
from ikone_events.services.mails.standing_mails import standing_mail_key
from ikone_events.services.mails.unsubscribing import unsubscribe
from ikone_events.services.operating.health import engine_health
from ikone_events.services.operating.retention import delete_expired, forget_event
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.registering.changes import Details, change_details
from ikone_events.services.registering.lists import people_import
from ikone_events.services.registering.standing import delete_standing
from ikone_events.store import erasing
from ikone_events.store.db import Base, db, transaction
from ikone_events.store.erasing import (
    PERSONAL,
    ErasureDebt,
    erase_what_is_owed,
    leaves_personal_data,
)
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.incoming.models import IncomingMail, UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import ImportList, Registration
from ikone_events.store.registering.standing import StandingSignUp
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_contact,
    make_event,
    make_mail,
    make_material,
    make_registration,
    make_request,
    make_speaker,
    make_subscriber,
    stored,
)
from tests.own_fields import make_answer, make_change, make_field, make_import
from tests.standing import make_standing

NAME, ADDRESS, WORDS = "Zwetschgine", "zq.quittenbaum@example.org", "Stachelbeerallergie"
PERSON = {"first_name": NAME, "last_name": "Quittenbaum", "email": ADDRESS, "question": WORDS}
Forget = Callable[[], object]
Way = Callable[[Flask, FlaskClient], Forget]
# PostgreSQL has no file in the data folder.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads here goes on reading, however long a deletion waits for it."""
    monkeypatch.setattr(erasing, "PATIENCE_MS", 20)


def remains(settings: Settings) -> list[str]:
    """Files of the data folder in which a word is left."""
    secrets = [word.lower().encode() for word in (NAME, ADDRESS, WORDS)]
    return [
        f"{path.name}: {secret.decode()}"
        for path in sorted(settings.data_dir.rglob("*"))
        if path.is_file()
        for secret in secrets
        if secret in path.read_bytes().lower()
    ]


@contextmanager
def reading(settings: Settings) -> Iterator[None]:
    """Somebody who reads what was stored before."""
    reader = sqlite3.connect(settings.data_dir / "ikone.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    yield
    reader.execute("ROLLBACK")
    reader.close()


def in_transaction(app: Flask, work: Callable[[], object]) -> Forget:
    def run() -> None:
        with app.app_context():
            with transaction():
                work()
            db.session.remove()

    return run


def personal(app: Flask, purpose: Purpose, public_id: str) -> str:
    with app.app_context():
        return get_installation().signer.sign(purpose, LinkClaim(public_id, 1))


def of_registration(app: Flask, person: Registration) -> Registration:
    found: Registration = db.session.get_one(Registration, person.id)
    return found


def own_deletion(app: Flask, client: FlaskClient) -> Forget:
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    make_mail(app, person, state="sent", sent_at=NOW, text=f"Guten Tag {NAME}")
    make_change(app, person, reason=WORDS, actor="person")
    make_mail(app, person, registration_id=None, key="test:1", recipient="wilma@example.org",
              text=f"Guten Tag {NAME} Quittenbaum", state="sent", sent_at=NOW)  # fmt: skip
    return in_transaction(app, lambda: forget_person(of_registration(app, person), now=NOW))


def one_click(app: Flask, client: FlaskClient) -> Forget:
    event = make_event(app)
    reader = make_subscriber(app, event, email=ADDRESS)
    mail = make_mail(
        app, make_registration(app, event), registration_id=None, subscriber_id=reader.id,
        recipient=ADDRESS, text=f"Guten Tag {NAME}", state="failed", answer=f"550 <{ADDRESS}>",
    )  # fmt: skip
    came_back = IncomingMail(
        digest="1" * 64, kind="bounce", outcome="taken", event_id=event.id, mail_id=mail.id,
        attendee=ADDRESS, words=WORDS, received_at=NOW,
    )  # fmt: skip
    stored(app, came_back)
    token = personal(app, Purpose.SUBSCRIPTION, reader.public_id)

    return in_transaction(app, lambda: unsubscribe(token, now=NOW))


def objection_of_a_contact(app: Flask, client: FlaskClient) -> Forget:
    contact = make_contact(app, first_name=NAME, email=ADDRESS, note=WORDS)
    make_mail(
        app, make_registration(app, make_event(app)), registration_id=None, contact_id=contact.id,
        recipient=ADDRESS, text=f"Guten Tag {NAME}", state="sent", sent_at=NOW,
    )  # fmt: skip
    token = personal(app, Purpose.OBJECTION, contact.address_hash)
    return in_transaction(app, lambda: unsubscribe(token, now=NOW))


def removal_by_organiser(app: Flask, client: FlaskClient) -> Forget:
    reader = make_subscriber(app, email=ADDRESS)
    return in_transaction(app, lambda: subscribers.remove(reader.public_id, now=NOW))


def unconfirmed_subscription(app: Flask, client: FlaskClient) -> Forget:
    make_subscriber(app, email=ADDRESS, confirmed_at=None, created_at=NOW - timedelta(days=30))
    return in_transaction(app, lambda: delete_expired(NOW))


def _list(app: Flask) -> ImportList:
    return make_import(app, make_event(app), json.dumps([{"email": ADDRESS, "name": NAME}]))


def dropped_list(app: Flask, client: FlaskClient) -> Forget:
    waiting = _list(app)
    return in_transaction(
        app, lambda: people_import.drop_list(db.session.get_one(ImportList, waiting.id))
    )


def expired_list(app: Flask, client: FlaskClient) -> Forget:
    _list(app)
    return in_transaction(app, lambda: delete_expired(NOW + timedelta(days=2)))


def list_entered_in_part(app: Flask, client: FlaskClient) -> Forget:
    waiting = _list(app)

    def shorten() -> None:
        db.session.get_one(ImportList, waiting.id).rows = "[]"

    return in_transaction(app, shorten)


def archiving(app: Flask, client: FlaskClient) -> Forget:
    event = make_event(app, **PAST, state="followed_up")
    person = make_registration(app, event, **PERSON)
    make_mail(app, person, state="sent", sent_at=NOW, text=f"Guten Tag {NAME}")
    make_answer(app, person, make_field(app, event), WORDS)
    later = NOW + timedelta(days=365)
    return in_transaction(app, lambda: forget_event(event.slug, actor="system", now=later))


def retention_of_the_declined(app: Flask, client: FlaskClient) -> Forget:
    event = make_event(app, **PAST)
    make_registration(app, event, status="declined", **PERSON)
    return in_transaction(app, lambda: delete_expired(NOW + timedelta(days=40)))


def expired_registration(app: Flask, client: FlaskClient) -> Forget:
    make_registration(app, make_event(app), status="expired", status_at=NOW, **PERSON)
    return in_transaction(app, lambda: delete_expired(NOW + timedelta(days=8)))


def answers_by_their_own_date(app: Flask, client: FlaskClient) -> Forget:
    event = make_event(app, **PAST)
    field = make_field(app, event, keep_days=1)
    make_answer(app, make_registration(app, event), field, WORDS)
    return in_transaction(app, lambda: delete_expired(NOW))


def corrected_details(app: Flask, client: FlaskClient) -> Forget:
    person = make_registration(app, make_event(app), **{**PERSON, "email": "neu@example.org"})
    details = Details(first_name="Maria", last_name="Muster")
    return in_transaction(app, lambda: change_details(person.public_id, details, {}, now=NOW))


def corrected_note(app: Flask, client: FlaskClient) -> Forget:
    person = make_registration(app, make_event(app), note=WORDS)

    def change() -> None:
        of_registration(app, person).note = ""

    return in_transaction(app, change)


def last_mail_that_could_not_leave(app: Flask, client: FlaskClient) -> Forget:
    """The mail server is down for longer than a forgotten person's last mails are kept."""
    person = make_registration(app, make_event(app, **PAST), **PERSON)
    make_mail(app, person, text=f"Guten Tag {NAME}")
    in_transaction(app, lambda: forget_person(of_registration(app, person), now=NOW))()
    with app.app_context():
        assert db.session.query(OutboxMail).count() == 1
    return in_transaction(app, lambda: delete_expired(NOW + timedelta(days=1)))


def unknown_incoming_mail(app: Flask, client: FlaskClient) -> Forget:
    lost = IncomingMail(
        digest="2" * 64, kind="bounce", outcome="unknown", sender=ADDRESS, words=NAME,
        received_at=NOW - timedelta(days=31),
    )  # fmt: skip
    stored(app, lost)
    return in_transaction(app, lambda: delete_expired(NOW))


def standing_person(app: Flask, **changes: object) -> StandingSignUp:
    person = {"first_name": NAME, "last_name": "Quittenbaum", "email": ADDRESS}
    return make_standing(app, **{**person, **changes})


def end_of_a_standing_sign_up(app: Flask, client: FlaskClient) -> Forget:
    """Its confirmation came back, with words of the server about the address."""
    standing = standing_person(app)
    number = standing.id
    mail = make_mail(
        app, make_registration(app, make_event(app)), registration_id=None, event_id=None,
        key=standing_mail_key(standing, "new"), recipient=ADDRESS, state="sent", sent_at=NOW,
    )  # fmt: skip
    came_back = IncomingMail(
        digest="3" * 64, kind="bounce", outcome="taken", mail_id=mail.id,
        attendee=ADDRESS, words=WORDS, received_at=NOW,
    )  # fmt: skip
    stored(app, came_back)
    stored(app, UndeliverableAddress(email_key=ADDRESS, since=NOW, words=f"550 {WORDS}"))
    return in_transaction(app, lambda: delete_standing(StandingSignUp.id == number))


def unconfirmed_standing_sign_up(app: Flask, client: FlaskClient) -> Forget:
    standing_person(app, confirmed_at=None, created_at=NOW - timedelta(days=30))
    return in_transaction(app, lambda: delete_expired(NOW))


def unused_standing_sign_up(app: Flask, client: FlaskClient) -> Forget:
    standing_person(app, confirmed_at=NOW - timedelta(days=366))
    return in_transaction(app, lambda: delete_expired(NOW))


def own_deletion_with_a_standing_sign_up(app: Flask, client: FlaskClient) -> Forget:
    number = standing_person(app).id
    person = make_registration(app, make_event(app, **PAST), standing_id=number, **PERSON)
    return in_transaction(app, lambda: forget_person(of_registration(app, person), now=NOW))


def _request(app: Flask) -> MaterialRequest:
    """A request for materials, granted by mail."""
    event = make_event(app, state="followed_up", **PAST)
    make_material(app, event)
    request = make_request(app, event, name=NAME, email=ADDRESS, organisation_text=WORDS)
    in_transaction(app, lambda: grant_request(event.slug, request.public_id, actor="", now=NOW))()
    return request


def _slug(request: MaterialRequest) -> str:
    return db.session.get_one(MaterialRequest, request.id).event.slug


def own_request(app: Flask, client: FlaskClient) -> Forget:
    asked = _request(app)
    return in_transaction(
        app, lambda: forget_own(db.session.get_one(MaterialRequest, asked.id), now=NOW)
    )


def request_deleted_by_the_office(app: Flask, client: FlaskClient) -> Forget:
    asked = _request(app)
    return in_transaction(app, lambda: delete_request(_slug(asked), asked.public_id, now=NOW))


def request_whose_link_has_ended(app: Flask, client: FlaskClient) -> Forget:
    _request(app)
    return in_transaction(app, lambda: delete_expired(NOW + timedelta(days=60)))


def request_of_an_archived_event(app: Flask, client: FlaskClient) -> Forget:
    asked, later = _request(app), NOW + timedelta(days=365)
    return in_transaction(app, lambda: forget_event(_slug(asked), actor="system", now=later))


def removed_speaker(app: Flask, client: FlaskClient) -> Forget:
    event = make_event(app)
    speaker = make_speaker(app, event, name=f"{NAME} Quittenbaum", email=ADDRESS)
    make_mail(
        app, make_registration(app, event), registration_id=None, speaker_id=speaker.id,
        kind="briefing", recipient=ADDRESS, text=f"Guten Tag {NAME}", state="sent", sent_at=NOW,
    )  # fmt: skip
    return in_transaction(app, lambda: remove_speaker(event.slug, speaker.public_id, now=NOW))


def removed_contact(app: Flask, client: FlaskClient) -> Forget:
    contact = make_contact(app, first_name=NAME, email=ADDRESS, note=WORDS)
    return in_transaction(app, lambda: remove_contact(contact.public_id, objects=False, now=NOW))


def slides_that_nobody_released(app: Flask, client: FlaskClient) -> Forget:
    """The row goes with the names of the event, its file a day later."""
    event = make_event(app, **PAST, state="followed_up")
    speaker = make_speaker(app, event, name=f"{NAME} Quittenbaum", email=ADDRESS)
    slides = make_material(
        app, event, f"%PDF-1.7 {NAME} {ADDRESS}".encode(), stored_name="0" * 32,
        title=f"Folien {NAME}", released=False, speaker_id=speaker.id,
    )  # fmt: skip
    with app.app_context():
        os.utime(get_installation().uploads_dir / slides.stored_name, (0, 0))
    later = NOW + timedelta(days=365)

    def run() -> None:
        forget_event(event.slug, actor="system", now=later)
        delete_expired(later)

    return in_transaction(app, run)


WAYS: list[Way] = [
    end_of_a_standing_sign_up,
    unconfirmed_standing_sign_up,
    unused_standing_sign_up,
    own_deletion_with_a_standing_sign_up,
    own_deletion,
    one_click,
    objection_of_a_contact,
    removal_by_organiser,
    unconfirmed_subscription,
    dropped_list,
    expired_list,
    list_entered_in_part,
    archiving,
    retention_of_the_declined,
    expired_registration,
    answers_by_their_own_date,
    corrected_details,
    corrected_note,
    last_mail_that_could_not_leave,
    unknown_incoming_mail,
    own_request,
    request_deleted_by_the_office,
    request_whose_link_has_ended,
    request_of_an_archived_event,
    removed_speaker,
    removed_contact,
    slides_that_nobody_released,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@ON_SQLITE
def test_forgotten_person_is_in_no_file_after_the_next_tick(
    app: Flask, client: FlaskClient, settings: Settings, way: Way
) -> None:
    forget = way(app, client)
    assert remains(settings)  # the search can find

    with reading(settings):
        forget()
        assert remains(settings)
    with app.app_context():
        erase_what_is_owed()

    assert remains(settings) == []
    with app.app_context():
        assert db.session.query(ErasureDebt).all() == []


@ON_SQLITE
def test_nobody_reads_and_nothing_is_left_at_once(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    forget = own_deletion(app, client)
    forget()
    assert remains(settings) == []


@ON_SQLITE
def test_debt_survives_the_process_and_is_paid_by_a_worker_of_another(
    app: Flask, client: FlaskClient, settings: Settings, clock: FixedClock
) -> None:
    forget = dropped_list(app, client)
    with reading(settings):
        forget()
    with app.app_context():
        db.session.remove()

    worker = create_app(settings, clock=clock)
    worker.extensions["ikone_engine"].run_once()

    assert remains(settings) == []


@ON_SQLITE
def test_debt_is_reported_after_ten_minutes_until_it_is_paid(
    app: Flask, client: FlaskClient, settings: Settings, clock: FixedClock
) -> None:
    def reports() -> tuple[bool, int]:
        with app.app_context():
            alarmed = Alarm.ERASURE in engine_health(clock()).alarms
            found = [line for line in faults(clock()) if "write-ahead log" in line]
            db.session.remove()
        return alarmed, len(found)

    forget = dropped_list(app, client)
    with reading(settings):
        forget()
        clock.move(minutes=9)
        assert reports() == (False, 0)
        clock.move(minutes=2)
        with app.app_context():
            erase_what_is_owed()
        assert reports() == (True, 1)
        answer = client.get("/readyz")
        assert answer.json is not None
        assert "erasure" in answer.json["reasons"]
        assert "worker" in answer.json["reasons"] or answer.status_code == 200
    with app.app_context():
        erase_what_is_owed()
    assert reports() == (False, 0)


@ON_SQLITE
def test_deletion_during_an_erasure_stays_owed(app: Flask, client: FlaskClient) -> None:
    """The number of the debt is the fence: only what was seen before is paid."""
    with app.app_context():
        with transaction():
            db.session.add(ErasureDebt(id=1, since=NOW, number=1))
        seen = db.session.query(ErasureDebt).one().number
        with transaction():
            app.extensions["ikone_eraser"].owe()
        db.session.expire_all()
        assert db.session.query(ErasureDebt).one().number == seen + 1


@ON_SQLITE
def test_usual_work_deletes_nothing(app: Flask, settings: Settings, mailbox: object) -> None:
    """Registrations and mails must not empty the log each time."""
    person = make_registration(app, make_event(app))
    make_mail(app, person)
    with app.app_context():
        app.extensions["ikone_engine"].run_once()
        assert db.session.query(ErasureDebt).all() == []
    log = settings.data_dir / "ikone.db-wal"
    assert log.read_bytes() != b""


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM subscriber WHERE subscriber.id = ?", True),
        ("DELETE FROM heartbeat WHERE heartbeat.worker = ?", False),
        ("UPDATE registration SET status=?, first_name=? WHERE registration.id = ?", True),
        ("UPDATE registration SET status=?, status_at=? WHERE registration.email = ?", False),
        ('UPDATE outbox_mail SET "references"=?, text=? WHERE id = ?', True),
        ("UPDATE outbox_mail SET state='sent', answer=? WHERE text = ? RETURNING text", False),
        ("SELECT 1 FROM subscriber", False),
    ],
)
def test_statements_that_leave_personal_data_are_known(statement: str, expected: bool) -> None:
    assert leaves_personal_data(statement) is expected


# Tables that name nobody who registers or subscribes; a new table belongs here or into PERSONAL.
NAMELESS = {
    *("alembic_version", "assignment", "dismissed_todo", "erasure_debt", "event_version"),
    *("heartbeat", "listing_progress", "mail_text", "objection", "objection_key", "office_alarm"),
    *("mailbox", "organisation", "organisation_name", "outbox_pause", "rate_limit_counter", "role"),
    *("roles_users", "seat_count", "send_rate", "shared_content", "state_change", "step"),
    *("step_recipient", "room_watch", "material_release", "retention_record", "forgotten_person"),
    "series_settings",
}


def test_every_table_states_whether_it_holds_personal_data(app: Flask) -> None:
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    assert set(tables) - NAMELESS == set(PERSONAL)
    unknown = {
        f"{name}.{column}"
        for name, columns in PERSONAL.items()
        for column in columns
        if column not in tables[name].columns
    }
    assert unknown == set()
