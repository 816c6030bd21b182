"""Own fields and answers in a file: read whole, or refused with the place of the fault."""

from typing import Any

import pytest

from ikone_events.domain.operating.dataset import Dataset, read_dataset
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.registering.form_fields import FieldKind

EVENT = {
    "slug": "tagung",
    "title": "Tagung",
    "starts_at": "2026-07-06T09:30:00+02:00",
    "ends_at": "2026-07-06T16:00:00+02:00",
}
FOOD = {
    "kind": "one_choice",
    "label": {"de": "Essen", "en": "Lunch"},
    "choices": ["Vegan", {"value": "kaese", "label": "Mit Käse", "places": 3}],
    "keep_days": 7,
}
WISH = {
    "key": "wunsch",
    "kind": "short_text",
    "label": "Wunsch",
    "shown_if": {"field": "essen", "value": "kaese"},
}
PERSON = {
    "event": "tagung",
    "first_name": "Maria",
    "last_name": "Muster",
    "email": "maria@example.org",
    "registered_at": "2026-06-01T09:30:00+02:00",
}


def read(fields: list[Any], answers: dict[str, Any] | None = None) -> Dataset:
    """A file of one event with these fields and one person with these answers."""
    return read_dataset(
        {
            "events": [{**EVENT, "fields": fields}],
            "registrations": [{**PERSON, "answers": answers or {}}],
        }
    )


def test_fields_are_read_in_their_order() -> None:
    food, wish = read([FOOD, WISH]).events[0].fields
    assert (food.key, food.kind, food.label_in("en")) == ("essen", FieldKind.ONE_CHOICE, "Lunch")
    assert [(c.value, c.label, c.places) for c in food.choices] == [
        ("vegan", "Vegan", None),
        ("kaese", "Mit Käse", 3),
    ]
    assert (food.keep_days, wish.shown_if, wish.shown_value) == (7, "essen", "kaese")


def test_answers_are_read_as_they_are_stored() -> None:
    fields = [
        FOOD,
        {"kind": "several_choices", "label": "Tage", "choices": ["Montag", "Dienstag"]},
        {"kind": "yes_no", "label": "Hotel"},
        {"kind": "consent", "label": "Liste"},
        {"kind": "consent", "label": "Fotos"},
        {"kind": "number", "label": "Zahl"},
    ]
    given = {
        "essen": "Vegan",
        "tage": ["montag", "Dienstag"],
        "hotel": False,
        "liste": True,
        "fotos": False,
        "zahl": 3,
    }
    assert read(fields, given).registrations[0].answers == {
        "essen": ["vegan"],
        "tage": ["montag", "dienstag"],
        "hotel": ["no"],
        "liste": ["yes"],
        "zahl": ["3"],
    }


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ([{**FOOD, "choices": ["Eins"]}], "events tagung, fields 1"),
        ([WISH, FOOD], "events tagung, fields 1"),
        ([FOOD, {**WISH, "key": "essen"}], "events tagung, fields 2"),
        ([{**WISH, "key": "Wunsch!", "shown_if": None}], "events tagung, fields 1"),
        ([{"kind": "consent", "label": "Ja", "required": True}], "events tagung, fields 1"),
        ([{"kind": "telepathy", "label": "Ja"}], "events tagung"),
        (["essen"], "events tagung"),
    ],
)
def test_faulty_field_is_named(fields: list[Any], where: str) -> None:
    with pytest.raises(UnfitInput) as refusal:
        read(fields)
    assert refusal.value.complaints[0].about == where


@pytest.mark.parametrize("answers", [{"essen": "Fisch"}, {"trinken": "Tee"}])
def test_answer_that_does_not_fit_is_named(answers: dict[str, Any]) -> None:
    with pytest.raises(UnfitInput) as refusal:
        read([FOOD], answers)
    assert "registrations 1" in str(refusal.value.complaints[0].about)


def test_fault_of_an_event_is_reported_once() -> None:
    with pytest.raises(UnfitInput) as refusal:
        read([{"kind": "telepathy", "label": "Ja"}], {"ja": "x"})
    assert len(refusal.value.complaints) == 1


@pytest.mark.parametrize("name", ["function", "position"])
def test_position_that_no_column_holds_is_refused(name: str) -> None:
    people = [{**PERSON, name: "x" * 201}]
    with pytest.raises(UnfitInput) as refusal:
        read_dataset({"events": [EVENT], "registrations": people})
    assert refusal.value.complaints[0].about == f"registrations 1, {name}"
