"""The mailbox read to its end: a real server, the parsers, the database, each mail's place."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, text

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.services.incoming import mailboxes
from ikone_events.services.mails.outbox_pause import end_pause
from ikone_events.store.db import db, transaction
from ikone_events.store.incoming.models import IncomingMail, Mailbox
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.worker.reading import MOST_A_LOOK, MOST_LOSSES, MailboxReader
from tests.conftest import lay_tables
from tests.dovecot import Dovecot, Postbox, dovecot
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mail,
    make_pause,
    make_registration,
    make_settings,
)
from tests.foreign_mails import (
    EVA,
    MAIL,
    PROGRAMS,
    UID,
    calendar_mail,
    exchange,
    exchange_absence,
    google,
    human,
    postfix_bounce,
    read_foreign,
    thunderbird,
    winmail,
)
from tests.patience import PATIENCE
from tests.postgres import fresh_database
from tests.programs import environment, start
from tests.scripted_imap import SILENT, ScriptedImap, StoppedAtMove

pytestmark = pytest.mark.imap

DONE, FAILED = "Ikone/processed", "Ikone/failed"
POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture
def box() -> Postbox:
    return dovecot().mailbox()


@pytest.fixture
def settings(data_dir: Path, box: Postbox) -> Settings:
    return make_settings(data_dir, imap_url=box.url, authserv_id="mx.example.org")


@pytest.fixture
def eva(app: Flask) -> Registration:
    """Invited with the UID and the mail that the foreign mails are about."""
    return invite_eva(app)


def invite_eva(app: Flask, starts_at: datetime = NOW + timedelta(days=14)) -> Registration:
    event = make_event(app, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    person = make_registration(app, event, email=EVA, calendar_uid=UID)
    make_mail(
        app,
        person,
        state="sent",
        message_id=MAIL,
        calendar_uid=UID,
        calendar_sequence=0,
        calendar_method="REQUEST",
    )
    return person


def reader(app: Flask, settings: Settings | None = None) -> MailboxReader:
    found = settings or app.extensions["ikone_installation"].settings
    return MailboxReader(app, found, threading.Event())


def with_mailbox(app: Flask, url: str) -> Settings:
    found: Settings = app.extensions["ikone_installation"].settings
    return replace(found, imap_url=url)


def rows(app: Flask) -> list[tuple[str, str]]:
    """Kind and outcome of what was stored."""
    with app.app_context():
        wanted = select(IncomingMail.kind, IncomingMail.outcome).order_by(IncomingMail.id)
        return [tuple(row) for row in db.session.execute(wanted)]


def state(app: Flask) -> Mailbox:
    with app.app_context():
        return db.session.scalars(select(Mailbox)).one()


@pytest.mark.parametrize("program", PROGRAMS)
def test_answer_is_read_stored_and_moved(
    app: Flask, eva: Registration, box: Postbox, program: str
) -> None:
    box.put(PROGRAMS[program]())
    assert reader(app).read() == 1
    assert rows(app) == [("answer", "taken")]
    assert (box.subjects(), len(box.subjects(DONE))) == ([], 1)
    assert box.seen(DONE)[0][1] == "", "whoever looks there finds it unread"


def test_people_find_their_mail_as_it_was(app: Flask, eva: Registration, box: Postbox) -> None:
    """Mails to us, invitations and answers to others, bounces of what others wrote."""
    kept = [
        human("Frage"),
        google(method="REQUEST"),
        exchange(uid="somebody-elses"),
        postfix_bounce(outbox_mail="<of-the-office@example.org>"),
        winmail(),
        winmail(b"IPM.Note"),
    ]
    for raw in kept:
        box.put(raw)
    before = box.seen()
    reader(app).read()
    assert box.seen() == before
    assert [flags for _subject, flags in before] == [""] * len(kept)
    assert box.subjects(DONE) == box.subjects(FAILED) == []


def test_bounce_and_absence_are_taken_in(app: Flask, eva: Registration, box: Postbox) -> None:
    box.put(postfix_bounce())
    box.put(exchange_absence())
    reader(app).read()
    assert rows(app) == [("bounce", "taken"), ("absence", "noted")]
    assert len(box.subjects(DONE)) == 2


def test_damaged_answer_goes_aside_and_the_next_is_read(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    damaged = ("BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"UID:{UID}", "END:VEVENT")
    box.put(calendar_mail(*damaged, Subject="broken"))
    box.put(exchange())
    reader(app).read()
    assert [kind for kind, _outcome in rows(app)] == ["damaged", "answer"]
    assert box.subjects(FAILED) == ["broken"]
    assert len(box.subjects(DONE)) == 1


def test_damaged_mail_of_somebody_else_stays(app: Flask, eva: Registration, box: Postbox) -> None:
    for name in ("foreign-request-250-attendees", "foreign-reply-two-attendees"):
        box.put(read_foreign(name))
    box.put(calendar_mail("BEGIN:VCALENDAR", "METHOD:REPLY", "no end", Subject="broken"))
    before = box.seen()
    reader(app).read()
    assert box.seen() == before


def test_mail_of_a_mail_server_is_shown_and_stays_for_a_person(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    for name in ("bounce-plain-qmail", "bounce-plain-1und1-gmx", "bounce-group-rejects"):
        box.put(read_foreign(name))
    reader(app).read()
    assert rows(app) == [("look", "unclear")] * 3
    assert len(box.subjects()) == 3
    with app.app_context():
        assert db.session.scalars(select(IncomingMail.registration_id)).all() == [eva.id] * 3
        assert db.session.scalars(select(OutboxMail.state)).all() == ["sent"]


def test_mail_that_cannot_be_taken_in_goes_aside_and_is_reported_without_its_words(
    app: Flask, eva: Registration, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The event's zone is unknown, so the invitation that is asked for can't be written."""
    broken = make_event(app, zone="Mars/Olympus")
    uid = "poison-uid@localhost"
    person = make_registration(app, broken, email=EVA, calendar_uid=uid)
    make_mail(app, person, state="sent", calendar_uid=uid, calendar_sequence=0)
    box.put(thunderbird(uid, method="REFRESH", comment="Geheimes"))
    box.put(exchange())
    assert reader(app).read() == 2
    assert [kind for kind, _outcome in rows(app)] == ["damaged", "answer"]
    assert (len(box.subjects(FAILED)), len(box.subjects(DONE))) == (1, 1)
    assert "mail 1 was not ingested (UnfitInput in " in caplog.text
    assert "Geheimes" not in caplog.text
    assert EVA not in caplog.text


def test_fault_of_the_database_moves_nothing_and_is_tried_again(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    box.put(exchange())
    with app.app_context(), transaction():
        db.session.execute(text("ALTER TABLE incoming_mail RENAME TO away"))
    assert reader(app).read() == 0
    assert len(box.subjects()) == 1
    assert (state(app).read_at, state(app).failed_at) == (None, None), "not the mailbox's fault"
    with app.app_context(), transaction():
        db.session.execute(text("ALTER TABLE away RENAME TO incoming_mail"))
    assert reader(app).read() == 1, "the lease was given back"
    assert (rows(app), box.subjects()) == ([("answer", "taken")], [])


def test_mail_is_read_once_however_often_it_comes(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    for _ in range(2):
        box.put(exchange())
        reader(app).read()
    assert rows(app) == [("answer", "taken")]
    assert len(box.subjects(DONE)) == 2


def test_mail_that_somebody_puts_back_is_read_again(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    """After a restore of an older backup its answers are wanted once more."""
    box.put(exchange())
    reader(app).read()
    with app.app_context(), transaction():
        db.session.execute(delete(IncomingMail))
    box.change(("select", f'"{DONE}"'), ("copy", "1", "INBOX"), ("unselect",))
    reader(app).read()
    assert (rows(app), box.subjects()) == ([("answer", "taken")], [])


def test_new_numbers_mean_reading_anew(app: Flask, eva: Registration, box: Postbox) -> None:
    box.put(human("one"))
    box.put(human("two"))
    reader(app).read()
    before = state(app)
    assert before.last_uid == 2
    box.renumber()
    box.put(exchange())
    reader(app).read()
    after = state(app)
    assert after.uidvalidity != before.uidvalidity
    assert after.last_uid == 3
    assert (rows(app), box.subjects()) == ([("answer", "taken")], ["one", "two"])


def test_old_mail_of_a_new_mailbox_is_left(app: Flask, eva: Registration, box: Postbox) -> None:
    box.put(exchange(), at=NOW - timedelta(days=90))
    reader(app).read()
    assert (rows(app), len(box.subjects())) == ([], 1)
    box.put(google(partstat="DECLINED"), at=NOW - timedelta(days=90))
    reader(app).read()
    assert len(rows(app)) == 1, "once it is known, everything new is read"


def test_many_mails_are_read_in_portions(app: Flask, eva: Registration, box: Postbox) -> None:
    number = MOST_A_LOOK + 3
    box.fill(human(f"mail {count}") for count in range(number))
    box.put(exchange())
    assert reader(app).read() == 1
    assert state(app).last_uid == number + 1
    assert len(box.subjects()) == number


def test_held_house_reads_nothing(app: Flask, eva: Registration, box: Postbox) -> None:
    box.put(exchange())
    make_pause(app)
    assert (reader(app).read(), len(box.subjects())) == (0, 1)
    with app.app_context(), transaction():
        end_pause()
    assert reader(app).read() == 1


def test_stopping_ends_between_two_mails(app: Flask, eva: Registration, box: Postbox) -> None:
    box.put(exchange())
    stopped = MailboxReader(app, app.extensions["ikone_installation"].settings, threading.Event())
    stopped._stopping.set()
    assert (stopped.read(), len(box.subjects())) == (0, 1)


def test_failure_is_remembered_with_its_first_moment_until_it_ends(
    app: Flask, clock: FixedClock, eva: Registration, tmp_path: Path
) -> None:
    server = Dovecot()
    try:
        box = server.mailbox()
        mine = with_mailbox(app, box.url)
        assert reader(app, mine).read() == 0
        clock.move(minutes=5)
        reader(app, mine).read()
        failed = state(app)
        assert (failed.failed_at, failed.read_at) == (NOW, None)
        assert "refused" in failed.failure
        server.start()
        box.put(exchange())
        assert reader(app, mine).read() == 1
        well = state(app)
        assert (well.failed_at, well.failure, well.read_at) == (None, "", clock())
    finally:
        server.remove()


def test_mailbox_that_refuses_us_is_asked_less_and_less_often(
    app: Flask,
) -> None:
    """Many an account is locked when a wrong password comes each minute."""
    with ScriptedImap(lambda name: "TAG NO" if name == "LOGIN" else None) as server:
        refused = reader(app, with_mailbox(app, server.url))
        pauses = [refused.pause]
        for _ in range(5):
            refused.read()
            pauses.append(refused.pause)
        assert pauses == [60, 120, 240, 480, 900, 900]
        server.script = lambda _name: None
        refused.read()
        assert refused.pause == 60


def test_refused_login_is_remembered_without_the_password(app: Flask, box: Postbox) -> None:
    reader(app, with_mailbox(app, box.address(password="geheim-42"))).read()
    assert "Authentication failed" in state(app).failure
    assert "geheim-42" not in state(app).failure


def test_silent_server_ends_the_look_and_gives_the_lease_back(
    app: Flask, eva: Registration
) -> None:
    with ScriptedImap(lambda name: SILENT if name == "SEARCH" else None) as server:
        found = reader(app, with_mailbox(app, server.url))
        assert found._imap is not None
        found._imap = replace(found._imap, timeout=0.2)
        assert found.read() == 0
    assert "timed out" in state(app).failure
    assert state(app).lease_until is None


def test_mail_that_cannot_be_moved_stays_and_is_reported(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    """A server that makes no folders stops neither this answer nor the next."""
    box.put(exchange())
    box.put(google(partstat="DECLINED", stamp="20260302T101500Z"))
    box.forbid("Ikone")
    assert reader(app).read() == 2
    assert rows(app) == [("answer", "taken"), ("answer", "taken")]
    assert (state(app).failed_at, state(app).last_uid) == (NOW, 2)
    assert len(box.subjects()) == 2


def test_mail_at_which_the_server_hangs_up_is_passed_over_in_the_end(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    box.put(human("spoiled"))
    box.put(exchange())
    box.spoil(b"spoiled")
    patient = reader(app)
    looks = [patient.read() for _ in range(MOST_LOSSES + 1)]
    assert looks == [0] * MOST_LOSSES + [1]
    assert rows(app) == [("answer", "taken")]
    assert (state(app).last_uid, state(app).failure, patient.pause) == (2, "", 60)


def test_process_killed_between_storing_and_moving_does_no_harm(
    app: Flask, clock: FixedClock, box: Postbox, settings: Settings, tmp_path: Path
) -> None:
    clock.moment = datetime.now(UTC)
    invite_eva(app, clock() + timedelta(days=14))
    box.put(exchange(), at=clock())
    proxy = StoppedAtMove(box.server.port)
    url = box.url.replace(f":{box.server.port}/", f":{proxy.port}/")
    own = environment(settings.data_dir, imap_url=url, smtp_url="smtp://127.0.0.1:1?tls=none")
    program = start("worker", "--once", environment=own, log=tmp_path / "log")
    assert proxy.reached.wait(PATIENCE)
    program.kill()
    assert (rows(app), len(box.subjects())) == ([("answer", "taken")], 1)
    assert reader(app).read() == 0, "its lease is still there"
    clock.move(minutes=6)
    assert reader(app).read() == 1
    assert (rows(app), box.subjects()) == ([("answer", "taken")], [])


@pytest.fixture(params=["sqlite", POSTGRES])
def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    box: Postbox,
    clock: FixedClock,
    empty_database: Path,
) -> Iterator[Flask]:
    """An application on each database, with the mailbox."""
    mine = make_settings(tmp_path / "data", imap_url=box.url)
    if request.param == "sqlite":
        yield from _opened(mine, clock, empty_database)
    else:
        with fresh_database(laid=True) as url:
            yield from _opened(replace(mine, database_url=url), clock, None)


def _opened(settings: Settings, clock: FixedClock, empty: Path | None) -> Iterator[Flask]:
    application = create_app(settings, clock=clock)
    application.extensions["ikone_wake"] = lambda: None
    if empty is not None:
        lay_tables(application, settings, empty)
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


def test_of_two_readers_one_gets_the_mailbox(house: Flask) -> None:
    lease = timedelta(minutes=5)
    with house.app_context():
        with transaction():
            first = mailboxes.take("box", now=NOW, lease=lease)
        with transaction():
            assert mailboxes.take("box", now=NOW + lease, lease=lease) is None
        with transaction():
            later = NOW + lease + timedelta(seconds=1)
            second = mailboxes.take("box", now=later, lease=lease)
        assert first is not None
        assert second is not None
        with transaction():
            late = mailboxes.give_back(first, uidvalidity=1, last_uid=9, failure="", now=later)
        with transaction():
            good = mailboxes.give_back(second, uidvalidity=1, last_uid=5, failure="", now=later)
        assert (late, good) == (False, True)
        assert db.session.get_one(Mailbox, "box").last_uid == 5


@pytest.mark.postgres
@pytest.mark.parametrize(("code", "folder"), [("22021", FAILED), ("55000", "INBOX")])
def test_what_a_database_cannot_store_goes_aside_and_what_it_will_not_now_stays(
    box: Postbox, tmp_path: Path, clock: FixedClock, code: str, folder: str
) -> None:
    with fresh_database(laid=True) as url:
        mine = make_settings(tmp_path / "data", imap_url=box.url, database_url=url)
        for house in _opened(mine, clock, None):
            invite_eva(house)
            box.put(exchange())
            with house.app_context(), transaction():
                for words in _refusing(code):
                    db.session.execute(text(words))
            reader(house).read()
            assert len(box.subjects(folder)) == 1
            assert [kind for kind, _ in rows(house)] == (["damaged"] if folder == FAILED else [])


def _refusing(code: str) -> tuple[str, str]:
    """A trigger by which PostgreSQL refuses answers with an error of its own."""
    body = f"BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END"
    return (
        f"CREATE FUNCTION no() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql",
        (
            "CREATE TRIGGER no BEFORE INSERT ON incoming_mail FOR EACH ROW"
            " WHEN (NEW.kind = 'answer') EXECUTE FUNCTION no()"
        ),
    )


def test_two_readers_at_once_take_each_mail_once(house: Flask, box: Postbox) -> None:
    people = [
        make_registration(house, make_event(house), email=EVA, calendar_uid=f"u{n}@localhost")
        for n in range(12)
    ]
    for person in people:
        make_mail(
            house, person, state="sent", calendar_uid=person.calendar_uid, calendar_sequence=0
        )
        box.put(thunderbird(person.calendar_uid))
    start = threading.Barrier(2)
    counts: list[int] = []

    def read() -> None:
        start.wait()
        counts.append(reader(house).read())

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == len(people)
    assert rows(house) == [("answer", "taken")] * len(people)
    assert (box.subjects(), len(box.subjects(DONE))) == ([], len(people))


def test_mail_that_is_too_large_is_not_fetched(
    app: Flask, eva: Registration, box: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ikone_events")
    box.put(exchange() + b"x" * 2_200_000)
    box.put(google())
    assert reader(app).read() == 1
    assert "mail 1 is too large" in caplog.text


def test_engine_reads_beside_the_mails_and_once_for_cron(
    app: Flask, eva: Registration, box: Postbox
) -> None:
    box.put(exchange())
    app.extensions["ikone_engine"].run_once()
    assert (rows(app), box.subjects()) == ([("answer", "taken")], [])
