"""Feedback is given once, is shown from five people on, and can't be connected with anybody."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from ikone_events.config import Settings
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import NotFound, StaleForm, StatusRefused, UnfitInput
from ikone_events.domain.registering.form_fields import FieldKind, FormName, OwnField
from ikone_events.services.events.copying import copy_event
from ikone_events.services.followup import feedback as service
from ikone_events.services.mails.audiences import people_of_mailing, people_to_write_to
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import archive_persons, forget_person
from ikone_events.services.privacy.own_data import data_of
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.form_fields import add_field, edit_field, entries_of
from ikone_events.services.registering.lists.exports import registration_columns
from ikone_events.store.damage import damaged_rows
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.feedback import (
    FeedbackAnswer,
    FeedbackCounts,
    FeedbackDone,
    feedback_counts,
)
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration
from tests.at_once import at_once
from tests.factories import NOW, make_event, make_registration, make_settings
from tests.feedback import (
    LIKED,
    RATING,
    give,
    give_all,
    make_questions,
    past_event,
    stored_values,
    who_answered,
)
from tests.own_fields import make_field

WORDS = ["Alles", "Der Kaffee", "Die Beispiele", "Nichts", "Tempo"]


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


both = pytest.mark.both_databases


def entries(app: Flask) -> dict[str, list[str]]:
    """The values of each entry by its random key, in the order in which the table gives them."""
    found: dict[str, list[str]] = {}
    with app.app_context():
        for row in db.session.execute(text("SELECT entry, value FROM feedback_answer")):
            found.setdefault(row.entry, []).append(row.value)
    return found


def counts(app: Flask, event: Event) -> FeedbackCounts:
    with app.app_context():
        return feedback_counts(event.id, now=NOW)


@both
def test_second_feedback_is_not_stored(app: Flask) -> None:
    person = make_registration(app, past_event(app))
    assert give(app, person, {RATING: "5", LIKED: "Alles"})
    assert not give(app, person, {RATING: "1"})
    assert stored_values(app) == ["5", "Alles"]
    assert who_answered(app) == {person.id}


@both
def test_of_presses_at_one_moment_one_is_stored(app: Flask) -> None:
    person = make_registration(app, past_event(app))
    stored = at_once(lambda _number: give(app, person, {RATING: "5"}), range(4))
    assert Counter(stored) == {True: 1, False: 3}
    assert stored_values(app) == ["5"]


@both
def test_people_who_answer_at_one_moment_are_all_stored(app: Flask) -> None:
    """Each writes the rows of the others anew, so none of them may get lost."""
    event = past_event(app)
    people = [make_registration(app, event) for _ in range(6)]
    at_once(lambda one: give(app, one, {RATING: "3", LIKED: f"Text {one.id}"}), people)
    assert who_answered(app) == {person.id for person in people}
    assert len(entries(app)) == len(people)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_order_of_rows_does_not_reveal_who_gave_which_answers(app: Flask) -> None:
    """Whatever the order in which people answer: marks lie by person, answers by random key."""
    event = past_event(app)
    people = [make_registration(app, event) for _ in range(8)]
    for person in people[::-2] + people[::2]:
        give(app, person, {RATING: "4", LIKED: f"Text {person.id}"})
    assert list(entries(app)) == sorted(entries(app))
    with app.app_context():
        marks = db.session.execute(text("SELECT registration_id FROM feedback_done"))
        assert [row[0] for row in marks] == [person.id for person in people]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_tables_have_neither_moments_nor_counted_numbers(app: Flask) -> None:
    columns = {table.name: set(table.columns.keys()) for table in _tables()}
    assert columns == {
        "feedback_done": {"registration_id"},
        "feedback_answer": {"event_id", "entry", "field_id", "place", "value"},
    }
    with app.app_context(), pytest.raises(Exception, match="no such column: rowid"):
        db.session.execute(text("SELECT rowid FROM feedback_answer"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_rows_lie_in_the_file_in_the_order_of_their_keys(app: Flask, settings: Settings) -> None:
    """SQLite fills a page from its end, in the order of writing."""
    event = past_event(app)
    give_all(app, event, [f"Antwort{number}!" for number in range(12)])
    content = (settings.data_dir / "ikone.db").read_bytes()
    by_key = [next(v for v in values if v != "4") for _key, values in sorted(entries(app).items())]
    assert all(content.count(each.encode()) == 1 for each in by_key)
    assert sorted(by_key, key=lambda each: -content.index(each.encode())) == by_key
    log = settings.data_dir / "ikone.db-wal"
    assert not log.exists() or b"Antwort" not in log.read_bytes()


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_rows_share_one_transaction_on_postgresql(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, WORDS)
    with app.app_context():
        rows = "SELECT xmin::text FROM feedback_done UNION ALL SELECT xmin::text FROM {}"
        found = db.session.scalars(text(rows.format("feedback_answer"))).all()
        placed = "SELECT entry FROM feedback_answer ORDER BY ctid"
        order = db.session.scalars(text(placed)).all()
    assert len(set(found)) == 1
    # In the order of keys; they may begin in one page and go on in an earlier one with free space.
    assert sum(key > after for key, after in pairwise(order)) <= 1


def _tables() -> list[object]:
    return [FeedbackDone.__table__, FeedbackAnswer.__table__]


@pytest.mark.parametrize(
    ("values", "of_person"),
    [
        ({"ends_at": NOW + timedelta(hours=1)}, {}),
        ({"state": "cancelled"}, {}),
        ({"state": "postponed"}, {}),
        ({}, {"status": "cancelled"}),
        ({}, {"status": "waitlisted"}),
        ({}, {"attendance": "missed"}),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_people_of_a_past_event_who_did_not_miss_it_are_asked(
    app: Flask, values: dict[str, object], of_person: dict[str, object]
) -> None:
    person = make_registration(app, past_event(app, **values), **of_person)
    with pytest.raises(StatusRefused):
        give(app, person, {RATING: "5"})
    assert stored_values(app) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_answers_are_checked_against_the_present_questions(app: Flask) -> None:
    event = past_event(app)
    choices = [{"value": "a", "label": "A"}, {"value": "b", "label": "B", "retired": True}]
    make_field(app, event, form="feedback", key="w", kind="one_choice", choices=choices)
    make_field(app, event, form="feedback", key="n", kind="yes_no", required=True)
    person = make_registration(app, event)
    for answers, about in (
        ({}, None),
        ({"fremd": "x"}, None),
        ({"w": "b", "n": "yes"}, "f_w"),
        ({"w": "a"}, "f_n"),
    ):
        with pytest.raises(UnfitInput) as refused:
            give(app, person, answers)
        assert [each.about for each in refused.value.complaints] == [about]
    assert who_answered(app) == set()


@both
def test_results_are_shown_from_five_people_on(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, WORDS[:4], rating="5")
    with app.app_context():
        results = service.results_of(event, now=NOW)
    assert (results.is_shown, results.fields) == (False, ())
    assert counts(app, event) == FeedbackCounts(4, 4)
    give_all(app, event, ["  Zuhören "], rating="2")
    with app.app_context():
        results = service.results_of(event, now=NOW)
    rating, liked, missed, _topics = results.fields
    assert (rating.rows[0], rating.mean) == (("5", 4), 4.4)
    assert [text for _key, text in liked.texts] == [*WORDS[:4], "Zuhören"] or liked.answers == 5
    assert missed.texts == ()
    assert counts(app, event) == FeedbackCounts(5, 5)


@both
def test_no_question_is_added_for_those_who_answer_later(app: Flask) -> None:
    """Its results would be shown at once, with fewer answers than are shown of any event."""
    event = past_event(app)
    new = OwnField(form=FormName.FEEDBACK, kind=FieldKind.SHORT_TEXT, label="Und sonst?")
    give(app, make_registration(app, event), {RATING: "4"})
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        add_field(event.slug, new, expected=1, now=NOW)
    assert "Somebody has given feedback already" in str(refusal.value.complaints[0])
    other = OwnField(kind=FieldKind.SHORT_TEXT, label="Essen")
    with app.app_context(), transaction():
        add_field(event.slug, other, expected=1, now=NOW)


def test_counts_leave_out_events_without_questions(app: Flask) -> None:
    asked, other = past_event(app), make_event(app)
    make_registration(app, asked)
    make_registration(app, other)
    make_registration(app, asked, attendance="missed")
    make_registration(app, asked, status="cancelled")
    found = [counts(app, event) for event in (asked, other)]
    assert found == [FeedbackCounts(1, 0), FeedbackCounts(0, 0)]


@both
def test_person_who_is_forgotten_leaves_the_answers_behind(app: Flask) -> None:
    event = past_event(app)
    people = give_all(app, event, WORDS)
    with app.app_context():
        own = db.session.get_one(Registration, people[0].id)
        assert data_of(own, now=NOW)["feedback_given"] is True
        with transaction():
            forget_person(db.session.get_one(Registration, people[0].id), now=NOW)
    assert who_answered(app) == {person.id for person in people[1:]}
    assert len(entries(app)) == 5
    assert counts(app, event).answered == 5


@both
def test_archiving_deletes_texts_and_keeps_numbers(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, WORDS)
    before = counts(app, event)
    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, event.id), now=NOW)
    assert who_answered(app) == set()
    assert stored_values(app) == [*[""] * 5, *["4"] * 5]
    assert counts(app, event) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_text_can_be_struck_out(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, [*WORDS, "Alles"])

    def strike(key: str) -> None:
        with app.app_context(), transaction():
            service.strike_out(event.slug, LIKED, service.text_key(key))

    strike("Alles")
    assert "Alles" not in stored_values(app)
    assert len(entries(app)) == 6
    for gone in ("Alles", "nie da", ""):
        with pytest.raises(NotFound):
            strike(gone)


@both
def test_mail_goes_to_whoever_has_not_answered(app: Flask) -> None:
    event = past_event(app)
    make_registration(app, event, attendance="missed")
    [done] = give_all(app, event, ["Alles"])
    waiting = make_registration(app, event)
    with app.app_context():
        mailing = Mailing(kind="feedback", audience=Audience.NOT_MISSED.value, event_id=event.id)
        found = db.session.scalars(people_to_write_to(event, mailing, now=NOW)).all()
        assert [person.id for person in found] == [waiting.id]
        previewed = db.session.scalars(people_of_mailing(event, mailing, now=NOW)).all()
        assert [person.id for person in previewed] == [done.id, waiting.id]


@both
def test_forms_do_not_see_the_fields_of_each_other(app: Flask) -> None:
    event = past_event(app)
    make_field(app, event, key="essen")
    with app.app_context():
        assert [field.key for field in asked_fields(event)] == ["essen"]
        assert [entry.field.key for entry in entries_of(event)] == ["essen"]
        assert registration_columns(event, "admin")[-1] == "f_essen"
        assert next(each.key for each in service.feedback_fields(event)) == RATING
        draft = OwnField(kind=FieldKind.LONG_TEXT, label="Essen", form=FormName.FEEDBACK)
        with transaction():
            added = add_field(event.slug, draft, expected=event.edit_version, now=NOW)
    assert (added.key, added.form) == ("essen_2", FormName.FEEDBACK)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_question_with_answers_keeps_its_kind(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, ["Alles"])
    with app.app_context():
        entry = next(e for e in entries_of(event, FormName.FEEDBACK) if e.field.key == RATING)
        changed = OwnField(kind=FieldKind.LONG_TEXT, label="Wie?", form=FormName.FEEDBACK)
        assert entry.answers == 1
        with pytest.raises(UnfitInput) as refused, transaction():
            edit_field(event.slug, RATING, changed, expected=event.edit_version, now=NOW)
    assert [each.about for each in refused.value.complaints] == ["kind"]


@pytest.mark.parametrize(
    ("form", "kind"),
    [(FormName.FEEDBACK, FieldKind.EMAIL), (FormName.REGISTRATION, FieldKind.RATING)],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_form_has_its_kinds_of_fields(app: Flask, form: FormName, kind: FieldKind) -> None:
    event = make_event(app)
    draft = OwnField(kind=kind, label="Frage", form=form)
    with app.app_context(), pytest.raises(UnfitInput), transaction():
        add_field(event.slug, draft, expected=event.edit_version, now=NOW)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_usual_questions_are_added_once(app: Flask) -> None:
    event = make_event(app)

    def suggest(expected: int) -> list[str]:
        with app.app_context():
            with transaction():
                service.suggest_fields(event.slug, expected=expected, now=NOW)
            return [field.kind.value for field in service.feedback_fields(event)]

    with pytest.raises(StaleForm):
        suggest(event.edit_version + 1)
    kinds = ["rating", "long_text", "long_text", "long_text"]
    assert suggest(event.edit_version) == kinds
    assert suggest(event.edit_version) == kinds


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_copy_of_an_event_asks_the_same(app: Flask) -> None:
    source = past_event(app)
    make_field(app, source, form="feedback", key="alt", retired_at=NOW)
    start = NOW + timedelta(days=30)
    with app.app_context(), transaction():
        event = db.session.get_one(Event, source.id)
        made = copy_event(event, title="Neu", title_en="", starts_at=start, actor="Wilma", now=NOW)
        copied = [field.key for field in service.feedback_fields(made)]
        assert copied == [field.key for field in service.feedback_fields(event)]
        assert asked_fields(made) == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_verify_finds_marks_without_answers_and_answers_of_others(app: Flask) -> None:
    event, other = past_event(app), past_event(app)
    person = make_registration(app, event)
    give(app, person, {RATING: "5"})
    with app.app_context():
        assert not [fault for fault in faults(NOW) if "feedback" in fault]
        with transaction():
            db.session.execute(update(FeedbackAnswer).values(event_id=other.id))
        found = [fault for fault in faults(NOW) if fault.startswith("feedback")]
        assert len(found) == 2
        with transaction():
            db.session.execute(delete(FeedbackAnswer))
        [fault] = [fault for fault in faults(NOW) if fault.startswith("feedback")]
    assert "1 people have answered and 0 entries are stored" in fault


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_event_that_is_deleted_takes_its_answers_along(app: Flask) -> None:
    event = past_event(app)
    give_all(app, event, ["Alles"])
    make_questions(app, make_event(app))
    with app.app_context(), transaction():
        db.session.execute(delete(Registration))
        db.session.execute(delete(Event).where(Event.id == event.id))
    assert stored_values(app) == []
    with app.app_context():
        assert db.session.scalars(select(FeedbackDone.registration_id)).all() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_damaged_answer_is_named_by_its_whole_key(app: Flask) -> None:
    event = past_event(app)
    give(app, make_registration(app, event), {LIKED: "Alles"})
    with app.app_context():
        with transaction():
            db.session.execute(text("UPDATE feedback_answer SET value = CAST(x'ff' AS TEXT)"))
        [entry] = db.session.scalars(text("SELECT entry FROM feedback_answer"))
        [(key, columns)] = damaged_rows(FeedbackAnswer)
    assert str(key).startswith(f"{event.id}/{entry}/")
    assert columns == ["value"]
