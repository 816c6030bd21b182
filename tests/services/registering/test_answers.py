"""Answers: places are claimed, changes keep what stays, consents keep their version."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.services.registering import answers
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.form_fields import Answer, FormField, answers_for
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration
from tests.own_fields import make_answer, make_field

WORKSHOPS = [
    {"value": "a", "label": "Werkstatt A", "places": 1},
    {"value": "b", "label": "Werkstatt B"},
    {"value": "c", "label": "Werkstatt C", "retired": True},
]
TEXTS = [
    {"version": 1, "label": "Alter Text", "label_en": "Old text", "since": "2026-01-01"},
    {"version": 2, "label": "Neuer Text", "label_en": "New text", "since": "2026-02-01"},
]


def workshops(app: Flask, event: Event, **values: Any) -> FormField:
    """Three workshops: one with a single place, one without a limit, one no longer offered."""
    return make_field(
        app, event, **{"key": "w", "kind": "one_choice", "choices": WORKSHOPS, **values}
    )


def asked(app: Flask, event: Event, besides: Registration | None = None) -> dict[str, OwnField]:
    with app.app_context():
        return {field.key: field for field in answers.asked_fields(event, besides=besides)}


def claim(
    app: Flask, event: Event, wanted: dict[str, list[str]], besides: Registration | None = None
) -> str:
    """What the claim is refused with; nothing when all is to be had."""
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        try:
            answers.claim_choices(held, wanted, besides=besides)
        except UnfitInput as refusal:
            (complaint,) = refusal.complaints
            return f"{complaint.about} {complaint}"
    return ""


def store(
    app: Flask, event: Event, person: Registration, given: dict[str, list[str]], days: int = 0
) -> None:
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        row = db.session.get_one(Registration, person.id)
        answers.store_answers(row, held, given, now=NOW + timedelta(days=days))


def stored(app: Flask, person: Registration) -> list[Answer]:
    with app.app_context():
        wanted = db.select(Answer).where(Answer.registration_id == person.id)
        return list(db.session.scalars(wanted.order_by(Answer.id)))


@pytest.mark.parametrize("status", ["pending", "confirmed", "offered", "waitlisted"])
def test_place_of_a_choice_is_held_by_whoever_holds_or_awaits_a_seat(
    app: Flask, status: str
) -> None:
    event = make_event(app)
    field = workshops(app, event)
    assert claim(app, event, {"w": ["a"]}) == ""
    person = make_registration(app, event, status=status)
    make_answer(app, person, field, "a")
    assert "f_w “Werkstatt A” has no places left." in claim(app, event, {"w": ["a"]})
    assert claim(app, event, {"w": ["b"]}) == ""
    assert asked(app, event)["w"].full == {"a"}
    with app.app_context():
        assert answers.places_taken(event) == {("w", "a"): 1}


@pytest.mark.parametrize("status", ["cancelled", "declined", "expired"])
def test_place_of_a_choice_is_free_again_after_a_withdrawal(app: Flask, status: str) -> None:
    event = make_event(app)
    make_answer(app, make_registration(app, event, status=status), workshops(app, event), "a")
    assert claim(app, event, {"w": ["a"]}) == ""
    assert asked(app, event)["w"].full == frozenset()


def test_own_place_stays_to_be_had(app: Flask) -> None:
    event = make_event(app)
    field = workshops(app, event)
    person, other = make_registration(app, event), make_registration(app, event)
    make_answer(app, person, field, "a")
    make_answer(app, other, field, "c")
    assert claim(app, event, {"w": ["a"]}, person) == ""
    assert claim(app, event, {"w": ["a"]}, other) != ""
    assert asked(app, event, person)["w"].full == frozenset()
    assert [c.value for c in asked(app, event, person)["w"].choices] == ["a", "b"]
    assert [c.value for c in asked(app, event, other)["w"].choices] == ["a", "b", "c"]
    assert claim(app, event, {"w": ["c"]}, other) == ""


def test_choice_that_is_not_offered_is_refused(app: Flask) -> None:
    event = make_event(app)
    workshops(app, event)
    for value in ("c", "x"):
        assert "is not on offer" in claim(app, event, {"w": [value]})


def test_hidden_choice_claims_nothing_and_is_not_stored(app: Flask) -> None:
    event = make_event(app)
    make_field(app, event, key="kommt", kind="yes_no", position=1)
    field = workshops(app, event, shown_if="kommt", shown_value="yes", position=2)
    make_answer(app, make_registration(app, event), field, "a")
    sent = {"kommt": ["no"], "w": ["a"], "fremd": ["x"]}
    assert claim(app, event, sent) == ""
    person = make_registration(app, event)
    store(app, event, person, sent)
    assert [(row.field_id != field.id, row.value) for row in stored(app, person)] == [(True, "no")]


def test_change_keeps_what_stays_and_drops_what_is_gone(app: Flask) -> None:
    event = make_event(app)
    make_field(app, event, key="kost", kind="several_choices", choices=WORKSHOPS, position=1)
    make_field(app, event, key="text", position=2)
    gone = make_field(app, event, key="alt", retired_at=NOW, position=3)
    person = make_registration(app, event)
    make_answer(app, person, gone, "bleibt")
    store(app, event, person, {"kost": ["a", "b"], "text": ["eins"]})
    store(app, event, person, {"kost": ["b", "c"], "text": ["zwei"], "alt": ["neu"]}, days=1)
    rows = stored(app, person)
    assert [(row.value, row.at == NOW) for row in rows] == [
        ("bleibt", True),
        ("b", True),
        ("c", False),
        ("zwei", False),
    ]
    with app.app_context():
        found = answers_for([person.id, 0])
    assert found == {person.id: {"kost": ["b", "c"], "text": ["zwei"], "alt": ["bleibt"]}, 0: {}}


def test_consent_keeps_the_text_it_was_given_to(app: Flask) -> None:
    event = make_event(app)
    field = make_field(app, event, key="liste", kind="consent", label="Neuer Text", versions=TEXTS)
    person, newcomer = make_registration(app, event), make_registration(app, event)
    make_answer(app, person, field, "yes", version=1)
    assert asked(app, event, person)["liste"].label == "Alter Text"
    assert asked(app, event, newcomer)["liste"].label == "Neuer Text"
    store(app, event, person, {"liste": ["yes"]}, days=1)
    store(app, event, newcomer, {"liste": ["yes"]}, days=1)
    assert [(row.version, row.at) for row in stored(app, person)] == [(1, NOW)]
    assert [row.version for row in stored(app, newcomer)] == [2]
    with app.app_context():
        (shown,) = answers.answers_as_asked(person)
        assert (shown.field.label, shown.values, shown.field.version) == ("Alter Text", ("yes",), 1)
    store(app, event, person, {}, days=2)
    assert stored(app, person) == []
    store(app, event, person, {"liste": ["yes"]}, days=3)
    assert [row.version for row in stored(app, person)] == [2]


def test_new_person_without_answers_costs_no_question(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        assert answers.rows_of_answers(event, {}, now=NOW) == []
        answers.claim_choices(event, {})
    with app.app_context():
        assert answers_for([]) == {}
