"""The follow-up: one mail for each person, whatever happened before; supplements; answers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import StatusRefused, TransitionRefused, UnfitInput
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.events.combined_actions import follow_up
from ikone_events.services.events.transitions import Done, Request
from ikone_events.services.followup import answers
from ikone_events.services.followup.answers import AnswerInput, send_answers
from ikone_events.services.followup.sending import send_supplement, set_supplement, write_to_waiting
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.audiences import people_of_mailing
from ikone_events.services.mails.drafts import counts_by_kind, find_person, sending_of_version
from ikone_events.services.mails.follow_up import gets_version
from ikone_events.services.plan import plans
from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.services.privacy.own_data import data_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import history_of, lock_event
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.followup.answers import PublishedAnswer, published_answers
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import Question
from tests.at_once import at_once
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_material,
    make_registration,
)
from tests.mailbox import Mailbox
from tests.rows import work

pytestmark = pytest.mark.both_databases
LINK = {"kind": "link", "stored_name": "", "file_name": ""}


def followed_up(app: Flask, event: Event, now: Any = NOW, **values: Any) -> Done:
    with app.app_context(), transaction():
        wish = Request(action=Action.FOLLOW_UP, actor="Eva", **values)
        return follow_up(event.slug, wish, now=now)


def text_to(app: Flask, person: Registration, kind: str) -> str:
    """The text of the one mail of this kind to a person."""
    with app.app_context():
        mine = OutboxMail.registration_id == person.id, OutboxMail.kind == kind
        return db.session.scalars(select(OutboxMail.text).where(*mine)).one()


def kinds_to(app: Flask, person: Registration) -> list[str]:
    with app.app_context():
        mine = select(OutboxMail.kind).where(OutboxMail.registration_id == person.id)
        return list(db.session.scalars(mine.order_by(OutboxMail.id)))


def answered(app: Flask, event: Event, person: Registration, text: str, **wish: Any) -> None:
    with app.app_context(), transaction():
        found = db.session.scalar(select(Question).where(Question.registration_id == person.id))
        version = found.version if found else 0
        answers.answer(
            event.slug,
            person.public_id,
            AnswerInput(answer=text, version=version, **wish),
            now=NOW,
            by="Eva",
        )


def test_each_person_gets_one_mail_with_what_that_person_may_see(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event, title="Für alle", visibility="public", url="https://a.test", **LINK)
    make_material(app, event, title="Für Angemeldete")
    make_material(app, event, title="Für Anwesende", visibility="attended")
    given = make_material(app, event, title="Freigegeben", visibility="chosen")
    held = make_material(app, event, title="Noch nicht geprüft", scan="waiting")
    came, missed, unknown = (
        make_registration(app, event, attendance=known) for known in ("attended", "missed", None)
    )
    waited = make_registration(app, event, status="waitlisted")
    for status in ("cancelled", "declined", "expired"):
        make_registration(app, event, status=status)
    with app.app_context(), transaction():
        db.session.add(MaterialRelease(material_id=given.id, registration_id=waited.id))

    followed_up(app, event)

    assert work(app) == 4
    seen = {
        name: [title for title in TITLES if title in text_to(app, person, kind)]
        for name, person, kind in (
            ("came", came, "follow_up"),
            ("missed", missed, "follow_up_missed"),
            # Others were recorded, so whoever was not is known to be absent.
            ("unknown", unknown, "follow_up_missed"),
            ("waited", waited, "follow_up_waited"),
        )
    }
    assert seen == {
        "came": ["Für alle", "Für Angemeldete", "Für Anwesende"],
        "missed": ["Für alle", "Für Angemeldete"],
        "unknown": ["Für alle", "Für Angemeldete"],
        "waited": ["Für alle", "Freigegeben"],
    }
    received = {mail.recipient: mail.text for mail in mailbox.received}
    assert "Sie standen auf der Warteliste" in received[waited.email]
    with app.app_context():
        assert db.session.get_one(Material, held.id).mailed_at is None
        assert db.session.get_one(Material, given.id).mailed_at == NOW


TITLES = ("Für alle", "Für Angemeldete", "Für Anwesende", "Freigegeben", "Noch nicht geprüft")


def test_only_who_attended_is_offered_the_certificate(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    people = {
        kind: make_registration(app, event, locale="en", **values)
        for kind, values in (
            ("follow_up", {"attendance": "attended"}),
            ("follow_up_missed", {"attendance": "missed"}),
            ("follow_up_waited", {"status": "waitlisted"}),
        )
    }
    followed_up(app, event)
    work(app)
    texts = {kind: text_to(app, person, kind) for kind, person in people.items()}
    assert "Your certificate of attendance: http" in texts["follow_up"]
    assert [kind for kind, text in texts.items() if "/certificate" in text] == ["follow_up"]


@pytest.mark.parametrize("visibility", ["registered", "public"])
@pytest.mark.one_database_by_day
def test_who_waited_is_led_to_the_request_where_there_is_one(
    app: Flask, mailbox: Mailbox, visibility: str
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event, visibility=visibility)
    waited = make_registration(app, event, status="waitlisted")
    followed_up(app, event)
    work(app)
    text = text_to(app, waited, "follow_up_waited")
    page = f"/events/{event.slug}"
    assert (f"{page}/materials/request" in text) is (visibility == "registered")
    assert (re.search(rf"{page}$", text, re.MULTILINE) is None) is (visibility == "registered")


def test_people_who_waited_are_left_out_if_the_office_chooses_so(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    make_registration(app, event)
    waited = make_registration(app, event, status="waitlisted")
    with app.app_context(), transaction():
        write_to_waiting(event.slug, wanted=False)
    followed_up(app, event)
    assert work(app) == 1
    assert kinds_to(app, waited) == []
    with app.app_context(), transaction(), pytest.raises(StatusRefused):
        write_to_waiting(event.slug, wanted=True)


@pytest.mark.one_database_by_day
def test_versions_of_the_page_are_those_that_are_sent(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    for known in ("attended", "attended", "missed", None):
        make_registration(app, event, attendance=known)
    make_registration(app, event, status="waitlisted")
    with app.app_context():
        known_event = db.session.get_one(Event, event.id)
        whole = sending_of_version(known_event, None, now=NOW)
        counted = counts_by_kind(whole)
        listed = {
            kind: set(
                db.session.scalars(
                    people_of_mailing(known_event, whole.mailing, now=NOW)
                    .where(gets_version(kind, known_event, NOW))
                    .with_only_columns(Registration.id)
                )
            )
            for kind in counted
        }
        shown = {
            kind: find_person(sending_of_version(known_event, kind, now=NOW), "")
            for kind in counted
        }
        assert all(shown[kind].id in listed[kind] for kind in counted)
    assert {kind: len(people) for kind, people in listed.items()} == dict(counted)
    followed_up(app, event)
    work(app)
    with app.app_context():
        sent: dict[str, set[int]] = {}
        for mail in db.session.scalars(select(OutboxMail)):
            sent.setdefault(mail.kind, set()).add(mail.registration_id or 0)
    assert sent == {kind.value: people for kind, people in listed.items()}


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.one_database_by_day
def test_link_sent_by_other_means_is_recorded_in_the_same_press(
    app: Flask, mailbox: Mailbox, state: str
) -> None:
    event = make_event(app, state=state, room_url="", **PAST)
    make_registration(app, event)
    make_material(app, event)
    with pytest.raises(TransitionRefused) as refusal:
        followed_up(app, event)
    assert [each.about for each in refusal.value.complaints] == ["reason"]
    followed_up(app, event, reason="Per E-Mail der Akademie.")
    with app.app_context():
        assert [(row.action, row.reason) for row in history_of(event)] == [
            ("mark_sent", "Per E-Mail der Akademie."),
            ("follow_up", ""),
        ]
    assert work(app) == 1
    assert "Akademie" not in mailbox.received[0].text


def test_second_of_two_presses_sends_nothing(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_registration(app, event)
    make_material(app, event)

    def press(_organiser: int) -> str:
        try:
            followed_up(app, event)
        except TransitionRefused:
            return "refused"
        return "sent"

    assert sorted(at_once(press, range(2))) == ["refused", "sent"]
    assert work(app) == 1


# Supplements.


def supplement(app: Flask, event: Event, clock: FixedClock) -> int:
    """The number of mails that a supplement sends, a minute later."""
    clock.move(minutes=1)
    with app.app_context(), transaction():
        send_supplement(event.slug, by="Eva", now=clock())
    return work(app)


def wishes(app: Flask, person: Registration, *, wanted: bool = True) -> None:
    with app.app_context(), transaction():
        set_supplement(person.public_id, wanted=wanted)


def test_supplement_goes_once_to_those_who_want_it_and_may_see_it(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event, title="Von vorher")
    came = make_registration(app, event, attendance="attended")
    missed = make_registration(app, event, attendance="missed")
    waited = make_registration(app, event, status="waitlisted")
    silent, changed_mind = (make_registration(app, event, attendance="attended") for _ in "ab")
    for person in (came, missed, waited, changed_mind):
        wishes(app, person)
    wishes(app, changed_mind, wanted=False)
    followed_up(app, event)
    assert work(app) == 5
    with pytest.raises(StatusRefused):
        supplement(app, event, clock)

    make_material(app, event, title="Nur Anwesende", visibility="attended")
    assert supplement(app, event, clock) == 1
    make_material(app, event, title="Für jeden", visibility="public")
    assert supplement(app, event, clock) == 3
    with pytest.raises(StatusRefused):
        supplement(app, event, clock)

    assert kinds_to(app, came) == ["follow_up", "supplement", "supplement"]
    assert kinds_to(app, missed) == ["follow_up_missed", "supplement"]
    assert kinds_to(app, waited) == ["follow_up_waited", "supplement"]
    assert kinds_to(app, silent) == kinds_to(app, changed_mind) == ["follow_up"]
    text = text_to(app, missed, "supplement")
    assert "Für jeden" in text
    assert "Von vorher" not in text
    assert "Nur Anwesende" not in text


def test_supplement_follows_also_where_there_was_no_follow_up(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    wishes(app, make_registration(app, event))
    make_material(app, event)
    assert supplement(app, event, clock) == 1


def test_supplement_needs_a_recipient(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, state="followed_up", **PAST)
    make_registration(app, event)
    material = make_material(app, event)
    with pytest.raises(StatusRefused):
        supplement(app, event, clock)
    with app.app_context():
        assert db.session.get_one(Material, material.id).mailed_at is None


@pytest.mark.parametrize("state", ["dispatched", "archived", "cancelled"])
@pytest.mark.one_database_by_day
def test_supplement_is_of_events_that_were_followed_up(
    app: Flask, clock: FixedClock, state: str
) -> None:
    event = make_event(app, state=state, **PAST)
    make_material(app, event, availability="now")
    with pytest.raises(StatusRefused):
        supplement(app, event, clock)


def test_wish_is_among_the_own_data_and_goes_with_the_person(app: Flask) -> None:
    person = make_registration(app, make_event(app, state="followed_up", **PAST))
    wishes(app, person)
    with app.app_context(), transaction():
        found = db.session.get_one(Registration, person.id)
        assert data_of(found, now=NOW)["details"]["wants_supplement"] is True
        forget_person(found, now=NOW)
        assert not db.session.get_one(Registration, person.id).wants_supplement


# Answers.


def test_answers_are_sent_once_with_the_follow_up_and_again_when_changed(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_material(app, event)
    person = make_registration(app, event, question="Was kostet das?", attendance="attended")
    other = make_registration(app, event, question="Und wann?", attendance="attended")
    answered(app, event, person, "Nichts.")
    followed_up(app, event)
    work(app)
    assert "„Was kostet das?“\n\nUnsere Antwort:\n\nNichts." in text_to(app, person, "follow_up")
    assert "Ist Ihre Frage noch offen?" in text_to(app, other, "follow_up")

    with app.app_context(), pytest.raises(StatusRefused), transaction():
        send_answers(event.slug, by="Eva", now=clock())
    answered(app, event, person, "Zehn Euro.")
    answered(app, event, other, "Bald.")
    clock.move(minutes=1)
    for _ in range(2):  # the second press before the worker: nobody gets two
        with app.app_context(), transaction():
            send_answers(event.slug, by="Eva", now=clock())
    assert work(app) == 2
    assert "Antwort auf Ihre Frage geändert" in text_to(app, person, "answer")
    assert "Sie hatten gefragt" in text_to(app, other, "answer")
    assert kinds_to(app, person) == ["follow_up", "answer"]


def test_answers_before_the_follow_up_go_with_it(app: Flask) -> None:
    event = make_event(app, state="dispatched", **PAST)
    person = make_registration(app, event, question="Wie?")
    answered(app, event, person, "So.")
    with app.app_context(), pytest.raises(StatusRefused), transaction():
        send_answers(event.slug, by="Eva", now=NOW)


def test_one_answer_is_taken_over_for_several_questions_and_published_once(app: Flask) -> None:
    event = make_event(app, state="dispatched", **PAST)
    people = [make_registration(app, event, question=text) for text in ("Kosten?", "Wie teuer?")]
    answered(
        app, event, people[0], "Nichts.", also=[people[1].public_id], publish="public",
        question="Was kostet die Teilnahme?",
    )  # fmt: skip
    with app.app_context():
        known = db.session.get_one(Event, event.id)
        assert [(p.question, p.answer) for p in published_answers(known)] == [
            ("Was kostet die Teilnahme?", "Nichts.")
        ]
        assert [(m.kind, m.visibility) for m in known.materials] == [("answers", "public")]
        rows = db.session.scalars(select(Question)).all()
        assert [row.answer for row in rows] == ["Nichts.", "Nichts."]
        assert len({row.published_id for row in rows}) == 1


def test_published_answers_are_one_material_and_can_be_taken_back(app: Flask) -> None:
    event = make_event(app, state="dispatched", **PAST)
    people = [make_registration(app, event, question=text) for text in ("Eins?", "Zwei?")]
    answered(app, event, people[0], "A.", publish="registered")
    answered(app, event, people[1], "B.", publish="attended")
    with app.app_context():
        [material] = db.session.scalars(select(Material))
        assert material.visibility == "attended"
    for person in people:
        answered(app, event, person, "Neu.")
    with app.app_context():
        assert db.session.scalars(select(PublishedAnswer)).all() == []
        assert db.session.scalars(select(Material)).all() == []


@pytest.mark.parametrize(
    ("wish", "about"),
    [
        ({"question": "Fragt Frau Quitte?", "text": "Ja."}, "public_question"),
        ({"question": "", "text": "Frau quitte hat recht."}, "answer"),
        ({"question": "Und?", "text": ""}, "answer"),
    ],
)
@pytest.mark.one_database_by_day
def test_nothing_is_published_that_names_who_asked(
    app: Flask, wish: dict[str, str], about: str
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    person = make_registration(app, event, last_name="Quitte", question="Und jetzt?")
    with pytest.raises(UnfitInput) as refusal:
        answered(app, event, person, wish["text"], publish="public", question=wish["question"])
    assert [each.about for each in refusal.value.complaints] == [about]
    with app.app_context():
        assert db.session.scalars(select(Question)).all() == []


def test_published_answers_outlive_the_archive_without_names(app: Flask) -> None:
    event = make_event(app, state="followed_up", **PAST)
    kept = make_registration(app, event, question="Was kostet das?")
    naming = make_registration(app, event, question="Wer noch?")
    guest = make_registration(app, event, first_name="Kim", last_name="Gast")
    answered(app, event, kept, "Nichts.", publish="public")
    answered(app, event, naming, f"Auch {guest.first_name} {guest.last_name}.", publish="public")
    with app.app_context(), transaction():
        archive_persons(lock_event(event.slug), now=NOW)
    with app.app_context():
        known = db.session.get_one(Event, event.id)
        assert [each.answer for each in published_answers(known)] == ["Nichts."]
        assert [material.kind for material in known.materials] == ["answers"]
        assert db.session.scalars(select(Question)).all() == []


@pytest.mark.parametrize(("words", "stays"), [("", False), ("Wie viel kostet es?", True)])
def test_who_has_everything_deleted_takes_the_own_words_along(
    app: Flask, words: str, stays: bool
) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event, question="Was kostet das?")
    answered(app, event, person, "Nichts.", publish="public", question=words)
    with app.app_context(), transaction():
        forget_person(db.session.get_one(Registration, person.id), now=NOW)
    with app.app_context():
        known = db.session.get_one(Event, event.id)
        assert bool(published_answers(known)) is stays
        assert bool(known.materials) is stays


@pytest.mark.one_database_by_day
def test_personal_link_of_the_follow_up_shows_the_published_answers(app: Flask) -> None:
    event = make_event(app, state="followed_up", **PAST)
    person = make_registration(app, event, question="Was kostet das?")
    answered(app, event, person, "Nichts.", publish="registered")
    with app.app_context():
        token = get_installation().signer.sign(
            Purpose.REGISTRATION, LinkClaim(person.public_id, person.link_epoch)
        )
    client = app.test_client()
    assert "Nichts." in client.get(f"/r/{token}/materials").text
    assert "Nichts." not in client.get(f"/events/{event.slug}").text
    answered(app, event, person, "Nichts.", publish="public")
    for page in (f"/events/{event.slug}", f"/events/{event.slug}/materials"):
        assert "Nichts." in client.get(page).text


def test_step_of_the_plan_sends_the_same_versions(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, state="open")
    make_material(app, event)
    make_registration(app, event)
    waited = make_registration(app, event, status="waitlisted")
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
        db.session.get_one(Event, event.id).state = "dispatched"
    clock.moment = event.ends_at + timedelta(days=4)
    work(app)
    assert "follow_up_waited" in kinds_to(app, waited)
