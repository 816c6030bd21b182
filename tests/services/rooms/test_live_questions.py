"""Questions on the live board: several helpers at once, and what remains of a forgotten person."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.refusals import NotFound, StaleForm, StatusRefused, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.questions import AskedQuestion, done, in_order
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.services.privacy.own_data import data_of
from ikone_events.services.rooms.questions import (
    ask_live,
    move,
    note_answer,
    tick,
    withdraw_question,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import find_registration
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import questions_of
from tests.at_once import at_once
from tests.factories import NOW, make_event, make_registration, make_settings
from tests.patience import wait_for
from tests.rows import count

pytestmark = pytest.mark.both_databases
BY = "Eva"


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def running_event(app: Flask, **values: object) -> Event:
    """An event that began ten minutes ago."""
    begun = NOW - timedelta(minutes=10)
    times = {"starts_at": begun, "ends_at": begun + timedelta(hours=2), "state": "dispatched"}
    return make_event(app, **{**times, **values})


def askers(app: Flask, event: Event, *texts: str) -> list[Registration]:
    """People who asked in the form, the first one first."""
    return [
        make_registration(
            app, event, question=text, registered_at=NOW - timedelta(days=9, minutes=-number)
        )
        for number, text in enumerate(texts)
    ]


def do(app: Flask, act: Callable[[], object]) -> object:
    """Act as a request does."""
    with app.app_context(), transaction():
        return act()


def questions(app: Flask, event: Event) -> list[AskedQuestion]:
    with app.app_context():
        return questions_of(event)


def order(app: Flask, event: Event) -> list[str]:
    """The open questions as the board shows them."""
    return [each.text for each in in_order(questions(app, event))]


def test_order_of_the_office_covers_form_and_live_questions(app: Flask) -> None:
    event = running_event(app)
    a, b, c = askers(app, event, "A", "B", "C")
    do(app, lambda: ask_live(b.public_id, "live", now=NOW))
    assert order(app, event) == ["A", "B", "C", "live"]
    [live] = [each.key for each in questions(app, event) if each.text == "live"]

    assert do(app, lambda: move(event.slug, live, a.public_id, below=False, now=NOW))
    assert order(app, event) == ["live", "A", "B", "C"]
    assert do(app, lambda: move(event.slug, a.public_id, c.public_id, below=True, now=NOW))
    assert order(app, event) == ["live", "B", "C", "A"]
    assert not do(app, lambda: move(event.slug, a.public_id, "gone", below=True, now=NOW))

    [late] = askers(app, event, "later")
    assert order(app, event) == ["live", "B", "C", "A", "later"]
    assert do(app, lambda: move(event.slug, late.public_id, a.public_id, below=False, now=NOW))
    assert order(app, event) == ["live", "B", "C", "later", "A"]


def test_moves_of_several_helpers_at_one_moment_all_count(app: Flask) -> None:
    """Seen failing on PostgreSQL without the lock of the event: one of four moves was stored."""
    event = running_event(app)
    people = askers(app, event, *"ABCDEFGH")
    ids = dict(zip("ABCDEFGH", (each.public_id for each in people), strict=True))

    def swap(pair: str) -> bool:
        first, second = (ids[name] for name in pair)
        return do(app, lambda: move(event.slug, second, first, below=False, now=NOW))

    assert all(at_once(swap, ("AB", "CD", "EF", "GH")))
    assert order(app, event) == list("BADCFEHG")
    assert count(app, Question) == 8


def test_ticks_at_one_moment_keep_one_row_and_who_was_first(app: Flask) -> None:
    event = running_event(app)
    [person] = askers(app, event, "A")

    def press(name: str) -> None:
        do(app, lambda: tick(event.slug, person.public_id, answered=True, now=NOW, by=name))

    at_once(press, ("Eva", "Ute"))
    wait_for(lambda: count(app, Question) == 1)
    [question] = done(questions(app, event))
    assert question.answered_by in ("Eva", "Ute")
    do(app, lambda: tick(event.slug, person.public_id, answered=False, now=NOW, by=BY))
    assert order(app, event) == ["A"]


def test_second_answer_of_two_helpers_overwrites_nothing(app: Flask) -> None:
    event = running_event(app)
    [person] = askers(app, event, "A")
    key = person.public_id
    do(app, lambda: note_answer(event.slug, key, "Ja.", version=0, now=NOW, by="Eva"))
    do(app, lambda: note_answer(event.slug, key, "Ja.", version=0, now=NOW, by="Ute"))
    with pytest.raises(StaleForm, match=r"“Ja\.”"):
        do(app, lambda: note_answer(event.slug, key, "Nein.", version=0, now=NOW, by="Ute"))
    [question] = done(questions(app, event))
    assert (question.answer, question.version, question.answered_by) == ("Ja.", 1, "Eva")
    do(app, lambda: note_answer(event.slug, key, "Nein.", version=1, now=NOW, by="Ute"))
    assert questions(app, event)[0].answer == "Nein."
    with pytest.raises(UnfitInput):
        do(app, lambda: note_answer(event.slug, key, "x" * 4001, version=2, now=NOW, by="Ute"))


def test_questions_of_people_who_left_go_unless_they_were_answered(app: Flask) -> None:
    event = running_event(app)
    first, second = askers(app, event, "open", "answered")
    do(app, lambda: tick(event.slug, second.public_id, answered=True, now=NOW, by=BY))
    with app.app_context(), transaction():
        for row in db.session.scalars(select(Registration)):
            row.status = Status.CANCELLED.value
    assert [each.text for each in questions(app, event)] == ["answered"]
    assert first.public_id not in {each.key for each in questions(app, event)}


def test_foreign_and_unknown_questions_are_not_found(app: Flask) -> None:
    event, other = running_event(app), running_event(app)
    [person] = askers(app, other, "A")
    [silent] = askers(app, event, "")
    for key in (person.public_id, silent.public_id, "x", ""):
        with pytest.raises(NotFound):
            do(app, lambda key=key: tick(event.slug, key, answered=True, now=NOW, by=BY))
    assert count(app, Question) == 0


def test_asking_has_its_hours_and_knows_repeats(app: Flask) -> None:
    event = running_event(app)
    [person] = askers(app, event, "")
    for text in ("Wann?", "Wann?", "  Wann? "):
        do(app, lambda text=text: ask_live(person.public_id, text, now=NOW))
    assert order(app, event) == ["Wann?"]
    for text in ("", " \n", "x" * 2001):
        with pytest.raises(UnfitInput):
            do(app, lambda text=text: ask_live(person.public_id, text, now=NOW))
    for moment in (event.starts_at - timedelta(minutes=16), event.ends_at):
        with pytest.raises(StatusRefused):
            do(app, lambda moment=moment: ask_live(person.public_id, "Zu spät?", now=moment))


def test_own_open_questions_can_be_withdrawn_and_no_others(app: Flask) -> None:
    event = running_event(app)
    asker, other = askers(app, event, "", "")
    do(app, lambda: ask_live(asker.public_id, "Wann?", now=NOW))
    [key] = [each.key for each in questions(app, event)]
    assert not do(app, lambda: withdraw_question(other.public_id, key))
    do(app, lambda: tick(event.slug, key, answered=True, now=NOW, by=BY))
    assert not do(app, lambda: withdraw_question(asker.public_id, key))
    do(app, lambda: tick(event.slug, key, answered=False, now=NOW, by=BY))
    assert do(app, lambda: withdraw_question(asker.public_id, key))
    assert questions(app, event) == []


def _two_askers(app: Flask) -> tuple[Event, Registration, Registration]:
    event = running_event(app)
    one, two = askers(app, event, "Form?", "")
    do(app, lambda: note_answer(event.slug, one.public_id, "Ja.", version=0, now=NOW, by=BY))
    for person in (one, two):
        do(app, lambda person=person: ask_live(person.public_id, "Live?", now=NOW))
    assert count(app, Question) == 3
    return event, one, two


def test_forgotten_person_leaves_no_question(app: Flask) -> None:
    event, one, _two = _two_askers(app)

    def forget() -> None:
        found = find_registration(one.public_id)
        assert found is not None
        forget_person(found, now=event.ends_at)

    do(app, forget)
    assert [each.key for each in questions(app, event)] != []
    with app.app_context():
        owners = set(db.session.scalars(select(Question.registration_id)))
    assert owners == {_two.id}


def test_archived_event_has_no_questions(app: Flask) -> None:
    event, _one, _two = _two_askers(app)
    do(app, lambda: archive_persons(lock_event(event.slug), now=NOW))
    assert count(app, Question) == 0


def test_own_data_hold_questions_and_answers(app: Flask) -> None:
    _event, one, _two = _two_askers(app)
    with app.app_context():
        found = find_registration(one.public_id)
        assert found is not None
        asked = data_of(found, now=NOW)["questions"]
    assert [(each["text"], each["answer"]) for each in asked] == [("Form?", "Ja."), ("Live?", None)]
    assert {each["asked"] for each in asked} == {"when registering", "while the event was running"}


def test_verify_finds_questions_that_outlive_their_person(app: Flask) -> None:
    event, one, _two = _two_askers(app)
    with app.app_context():
        before = list(faults(NOW))
        with transaction():
            db.session.get_one(Registration, one.id).anonymised_at = NOW
        lines = [line for line in faults(NOW) if line not in before]
    assert f"privacy: {event.slug}: 2 questions should have been deleted and are not" in lines
