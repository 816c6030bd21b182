"""What is deleted is gone: from the rows of others too, and from the bytes of the database."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.incoming.mails import IncomingOutcome
from ikone_events.services.figures.events import figures_of
from ikone_events.services.operating.retention import delete_expired
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.services.privacy.forgetting import due_early, forget_early
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import Answer
from ikone_events.store.registering.models import Code, ImportList, Registration, StatusChange
from tests.factories import NOW, PAST, make_event, make_mail, make_registration, stored
from tests.own_fields import make_answer, make_change, make_field, make_import
from tests.received import calendar_answer, receive
from tests.web.visitor import everything

pytestmark = pytest.mark.both_databases

# Words that stand nowhere else in an installation: whatever is found of them was not deleted.
SECRETS = {
    "first_name": "Zwetschgine",
    "last_name": "Quittenbaum",
    "email": "zq.quittenbaum@example.org",
    "title": "Prof. Dr. Quarkina",
    "position": "Referat Apfelkuchen",
    "question": "Gibt es Birnenkompott?",
    "note": "kommt mit Pflaumenhund",
    "organisation_text": "Ortsgemeinde Mirabellenhausen",
    "organisation_key": "ortsgemeinde mirabellenhausen",
    "registered_by": "Kirschgunde Mandelkern",
    "calendar_uid": "uid-holunder@localhost",
    "thread_id": "<faden-sanddorn@localhost>",
}
ANSWER, REASON = "nur Stachelbeeren", "sagt, sie habe Hagebuttenallergie"
COMMENT = "Komme nach dem Moosbeerenpflücken"
WORDS = [
    *SECRETS.values(),
    ANSWER,
    REASON,
    COMMENT,
    "Pilzgericht",
    "brief-an-die-quitte",
    "WALNUSSWORT",
]


def guest(app: Flask, event: Event, **values: object) -> Registration:
    """Somebody with everything that can be stored about a person."""
    person = make_registration(app, event, **{**SECRETS, **values})
    make_answer(app, person, make_field(app, event, label="Essen"), ANSWER)
    make_change(app, person, reason=REASON, actor="wilma@example.org")
    make_mail(
        app, person, state="sent", text="brief-an-die-quitte", answer="WALNUSSWORT",
        subject=f"An {SECRETS['last_name']}",
    )  # fmt: skip
    answer = calendar_answer(person, comment=COMMENT)
    assert receive(app, answer) in (IncomingOutcome.TAKEN, IncomingOutcome.ENDED)
    with app.app_context(), transaction():
        db.session.merge(
            UndeliverableAddress(email_key=person.email_key, since=NOW, words="Pilzgericht")
        )
    make_import(app, event, f'[{{"email": "{SECRETS["email"].upper()}"}}]')
    return person


def found(app: Flask, settings: Settings) -> list[str]:
    """Which words the database's files hold: pages in use, free ones, the log.

    PostgreSQL keeps deleted rows until its vacuum, so there the rows are looked at.
    """
    paths = list(settings.data_dir.glob("*.db*"))
    content = b"".join(path.read_bytes() for path in paths)
    stored = (content or repr(everything(app)).encode()).lower()
    return [word for word in WORDS if word.lower().encode() in stored]


def test_deleted_person_stands_nowhere_in_the_files(app: Flask, settings: Settings) -> None:
    event = make_event(app, **PAST)
    person = guest(app, event)
    assert found(app, settings) == WORDS  # the search can find

    with app.app_context(), transaction():
        forget_person(db.session.get_one(Registration, person.id), now=NOW)

    assert found(app, settings) == []
    with app.app_context():
        assert [fault for fault in faults(NOW) if fault.startswith("privacy")] == []
        row = db.session.get_one(Registration, person.id)
        assert (row.status, row.anonymised_at) == ("confirmed", NOW)
        changes = db.session.scalars(select(StatusChange)).all()
        assert [(change.actor, change.reason) for change in changes] == [("organiser", "")]


def test_archived_event_names_nobody_in_the_files(app: Flask, settings: Settings) -> None:
    event = make_event(app, **PAST, state="followed_up")
    for number in range(30):  # rows move between pages while a table grows
        guest(app, event, email=f"{number}{SECRETS['email']}", calendar_uid=f"uid-{number}")
    with app.app_context():
        before = figures_of(event, now=NOW)

    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, event.id), now=NOW)

    assert found(app, settings) == []
    with app.app_context():
        assert figures_of(db.session.get_one(Event, event.id), now=NOW) == before


def test_deleted_name_is_struck_out_where_others_know_it(app: Flask, settings: Settings) -> None:
    event = make_event(app)
    person = guest(app, event, status="cancelled", registered_by="")
    name = f"{SECRETS['first_name']} {SECRETS['last_name']}"
    deputy = make_registration(app, event, predecessor_id=person.id)
    colleague = make_registration(app, event, registered_by=f"{name} ({person.email})")
    text = f"Sie übernehmen den Platz von {SECRETS['title']} {name}."
    mails = [make_mail(app, deputy, text=text), make_mail(app, colleague, text=name)]
    stranger = make_mail(app, make_registration(app, event), text="Guten Tag")

    with app.app_context(), transaction():
        forget_person(db.session.get_one(Registration, person.id), now=NOW)

    with app.app_context():
        texts = [db.session.get_one(OutboxMail, mail.id).text for mail in (*mails, stranger)]
        assert texts == ["Sie übernehmen den Platz von ….", "…", "Guten Tag"]
        assert db.session.get_one(Registration, colleague.id).registered_by == ""
        assert db.session.scalars(select(ImportList)).all() == []
    assert found(app, settings) == []


def test_single_code_forgets_whom_it_was_made_out_to(app: Flask) -> None:
    event = make_event(app, by_code=True)
    codes = [
        stored(
            app, Code(event_id=event.id, text=text, label="Frau Quitte", uses=uses, created_at=NOW)
        )
        for text, uses in (("HERS", 1), ("OTHERS", 1), ("SHARED", 5))
    ]
    for code in (codes[0], codes[2]):
        gone = {"status": "cancelled", "code_id": code.id}
        number = make_registration(app, event, **gone).id
        with app.app_context(), transaction():
            forget_person(db.session.get_one(Registration, number), now=NOW)
    with app.app_context():
        labels = dict(db.session.execute(select(Code.text, Code.label)).all())
    assert labels == {"HERS": "", "OTHERS": "Frau Quitte", "SHARED": "Frau Quitte"}


def test_answers_go_when_their_field_says(app: Flask) -> None:
    event = make_event(app, **PAST)
    person = make_registration(app, event)
    soon = make_field(app, event, key="essen", keep_days=7)
    late = make_field(app, event, key="rolle", keep_days=None)
    for field in (soon, late):
        make_answer(app, person, field, "etwas")
    day = event.ends_at + timedelta(days=7)

    with app.app_context():
        assert due_early(day - timedelta(seconds=1)) == []
        assert due_early(day) == [(event.slug, 1, 0)]
        with transaction():
            delete_expired(day)
        assert db.session.scalars(select(Answer.field_id)).all() == [late.id]
        assert db.session.get_one(Registration, person.id).email == person.email
        assert due_early(day) == []


CASES = [
    ("confirmed", timedelta(days=89), True),
    ("cancelled", timedelta(days=30, seconds=-1), True),
    ("cancelled", timedelta(days=30), False),
    ("declined", timedelta(days=30), False),
    ("waitlisted", timedelta(days=30, seconds=-1), True),
    ("waitlisted", timedelta(days=30), False),
    ("expired", timedelta(days=5), False),
]


@pytest.mark.parametrize(("status", "after_the_end", "known"), CASES)
def test_who_had_no_place_is_forgotten_earlier(
    app: Flask, status: str, after_the_end: timedelta, known: bool
) -> None:
    event = make_event(app, **PAST)
    person = make_registration(app, event, status=status, status_at=NOW - timedelta(days=10))
    make_mail(app, person, state="sent")
    moment = event.ends_at + after_the_end
    with app.app_context():
        before = figures_of(event, now=NOW)
        with transaction():
            forget_early(moment)
        row = db.session.get_one(Registration, person.id)
        assert (row.email != "") is known
        assert row.status == status
        assert figures_of(event, now=NOW) == before
        assert len(db.session.scalars(select(OutboxMail)).all()) == known


def test_unconfirmed_address_is_forgotten_after_a_week_whenever_the_event_is(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="expired", status_at=NOW)
    with app.app_context():
        week = NOW + timedelta(days=7)
        assert due_early(week - timedelta(seconds=1)) == []
        assert due_early(week) == [(event.slug, 0, 1)]
        with transaction():
            delete_expired(week)
        assert db.session.get_one(Registration, person.id).email == ""


def test_people_of_a_postponed_event_wait_for_its_new_date(app: Flask) -> None:
    event = make_event(app, **PAST, state="postponed")
    person = make_registration(app, event, status="waitlisted")
    make_answer(app, person, make_field(app, event, keep_days=1), "vegan")
    with app.app_context():
        assert due_early(NOW + timedelta(days=365)) == []
