"""Building a form: what may be changed, in which order, and what answers protect."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.refusals import NotFound, StaleForm, UnfitInput
from ikone_events.domain.registering.form_fields import FieldChoice, FieldKind, OwnField
from ikone_events.services.registering import form_fields
from ikone_events.services.registering.answers import all_fields, asked_fields
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import FormField, fields_of_event
from tests.factories import NOW, make_event, make_registration
from tests.own_fields import make_answer

FOOD = (FieldChoice(value="", label="Vegan"), FieldChoice(value="", label="Mit Käse", places=5))


def draft(kind: FieldKind = FieldKind.SHORT_TEXT, label: str = "Frage", **values: Any) -> OwnField:
    """A field as an organiser describes it."""
    return OwnField(kind=kind, label=label, **values)


class Builder:
    """An organiser at one event, who always works on the newest state."""

    def __init__(self, app: Flask, event: Event) -> None:
        self.app, self.event = app, event

    def do(self, name: str, *args: Any, **values: Any) -> Any:
        """Call a verb of the service as a page does."""
        with self.app.app_context(), transaction():
            values.setdefault("expected", self.stored().edit_version)
            return getattr(form_fields, name)(self.event.slug, *args, now=NOW, **values)

    def stored(self) -> Event:
        """The event as it is now; inside an application context."""
        return db.session.get_one(Event, self.event.id, populate_existing=True)

    def keys(self, *, asked: bool = True) -> list[str]:
        """The keys in the order in which they are asked."""
        with self.app.app_context():
            found = asked_fields(self.stored()) if asked else all_fields(self.stored())
            return [field.key for field in found]

    def row(self, key: str) -> FormField:
        """A field as it is stored."""
        with self.app.app_context():
            rows = db.session.scalars(fields_of_event(self.event.id)).all()
            row = next(row for row in rows if row.key == key)
            db.session.expunge(row)
            return row

    def answer(self, key: str, value: str) -> None:
        """Let a new person answer."""
        make_answer(self.app, make_registration(self.app, self.event), self.row(key), value)


@pytest.fixture
def builder(app: Flask) -> Iterator[Builder]:
    return Builder(app, make_event(app))


def complaints_in(refusal: pytest.ExceptionInfo[Any]) -> str:
    """All complaints in one text."""
    return "; ".join(str(complaint) for complaint in refusal.value.complaints)


def test_fields_are_asked_in_the_order_they_were_added_and_moved(builder: Builder) -> None:
    for label in ("Eins", "Zwei", "Drei"):
        builder.do("add_field", draft(label=label))
    assert builder.keys() == ["eins", "zwei", "drei"]
    builder.do("move_field", "drei", up=True)
    builder.do("move_field", "eins", up=False)
    assert builder.keys() == ["drei", "eins", "zwei"]
    builder.do("move_field", "drei", up=True)
    builder.do("move_field", "zwei", up=False)
    assert builder.keys() == ["drei", "eins", "zwei"]


def test_every_change_makes_kept_forms_old(builder: Builder) -> None:
    changes: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("add_field", (draft(label="A"),), {}),
        ("add_field", (draft(label="B"),), {}),
        ("edit_field", ("a", draft(label="Anders")), {}),
        ("move_field", ("a",), {"up": False}),
        ("retire_field", ("a",), {}),
        ("bring_back_field", ("a",), {}),
        ("delete_field", ("a",), {}),
    ]
    for name, args, values in changes:
        with builder.app.app_context():
            before = builder.stored().edit_version, builder.stored().lock_version
        builder.do(name, *args, **values)
        with builder.app.app_context():
            assert builder.stored().edit_version == before[0] + 1, name
            assert builder.stored().lock_version > before[1], name
    assert builder.keys() == ["b"]


def test_change_on_an_older_state_is_refused(builder: Builder) -> None:
    builder.do("add_field", draft(label="A"))
    with pytest.raises(StaleForm):
        builder.do("delete_field", "a", expected=1)
    with pytest.raises(NotFound):
        builder.do("delete_field", "b")
    assert builder.keys() == ["a"]


def test_key_stays_when_the_label_changes(builder: Builder) -> None:
    builder.do("add_field", draft(label="Größe"))
    builder.do("edit_field", "groesse", draft(label="Weite", required=True))
    builder.do("add_field", draft(label="Größe"))
    assert builder.keys() == ["groesse", "groesse_2"]
    assert builder.row("groesse").label == "Weite"


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        (draft(label=" "), "label"),
        (draft(label="x" * 201), "label"),
        (draft(help="a\x00b"), "help"),
        (draft(keep_days=-1), "keep_days"),
        (draft(keep_days=4000), "keep_days"),
        (draft(seen_by="everybody"), "seen_by"),
        (draft(FieldKind.CONSENT, required=True), "required"),
        (draft(FieldKind.CONSENT, "x" * 2001), "label"),
        (draft(FieldKind.ONE_CHOICE, choices=FOOD[:1]), "choices"),
        (draft(FieldKind.SEVERAL_CHOICES), "choices"),
        (draft(FieldKind.ONE_CHOICE, choices=(FOOD[0], FOOD[0])), "choices"),
        (draft(FieldKind.ONE_CHOICE, choices=(FOOD[0], replace(FOOD[1], places=-1))), "choices"),
        (draft(shown_if="nichts", shown_value="ja"), "condition"),
    ],
)
def test_unfit_field_is_refused(builder: Builder, wrong: OwnField, about: str) -> None:
    with pytest.raises(UnfitInput) as refusal:
        builder.do("add_field", wrong)
    assert about in [complaint.about for complaint in refusal.value.complaints]
    assert builder.keys() == []


def test_choices_keep_their_values_when_their_words_change(builder: Builder) -> None:
    made = builder.do("add_field", draft(FieldKind.ONE_CHOICE, "Essen", choices=FOOD))
    assert [choice.value for choice in made.choices] == ["vegan", "mit_kaese"]
    new = (
        replace(made.choices[1], label="Mit Ziegenkäse"),
        FieldChoice(value="erfunden", label="Vegan"),
        made.choices[0],
    )
    with pytest.raises(UnfitInput, match="same words"):
        builder.do("edit_field", "essen", replace(made, choices=new))
    new = (new[0], replace(new[1], label="Vegan!"), new[2])
    changed = builder.do("edit_field", "essen", replace(made, choices=new))
    assert [c.value for c in changed.choices] == ["mit_kaese", "vegan_2", "vegan"]
    assert changed.choices[0].places == 5


def test_answers_protect_what_they_say(builder: Builder) -> None:
    made = builder.do("add_field", draft(FieldKind.ONE_CHOICE, "Essen", choices=FOOD))
    builder.answer("essen", "vegan")
    for wrong in (
        replace(made, kind=FieldKind.SHORT_TEXT),
        replace(made, choices=(made.choices[1], FieldChoice(value="", label="Fisch"))),
    ):
        with pytest.raises(UnfitInput):
            builder.do("edit_field", "essen", wrong)
    with pytest.raises(UnfitInput, match="has answers"):
        builder.do("delete_field", "essen")
    fish = FieldChoice(value="", label="Fisch")
    kept = (replace(made.choices[0], retired=True), made.choices[1], fish)
    builder.do("edit_field", "essen", replace(made, choices=kept))
    with builder.app.app_context():
        (asked,) = asked_fields(builder.stored())
    assert [choice.value for choice in asked.choices] == ["mit_kaese", "fisch"]


def test_label_is_one_line_and_a_consent_may_have_more(builder: Builder) -> None:
    made = builder.do("add_field", draft(label=" Woher \n kommen Sie? ", label_en="Where\nfrom?"))
    assert (made.label, made.label_en) == ("Woher kommen Sie?", "Where from?")
    assert builder.do("add_field", draft(FieldKind.CONSENT, "Eins.\nZwei.")).label == "Eins.\nZwei."


def test_kind_can_change_before_anybody_has_answered(builder: Builder) -> None:
    made = builder.do("add_field", draft(FieldKind.ONE_CHOICE, "Essen", choices=FOOD))
    builder.do("edit_field", "essen", replace(made, kind=FieldKind.LONG_TEXT))
    row = builder.row("essen").described()
    assert (row.kind, row.choices) == (FieldKind.LONG_TEXT, ())


def test_retired_field_is_asked_no_more_and_comes_back_at_the_end(builder: Builder) -> None:
    for label in ("Eins", "Zwei"):
        builder.do("add_field", draft(label=label))
    builder.answer("eins", "x")
    builder.do("retire_field", "eins")
    assert builder.keys() == ["zwei"]
    assert builder.keys(asked=False) == ["eins", "zwei"]
    builder.do("bring_back_field", "eins")
    assert builder.keys() == ["zwei", "eins"]


def conditional(builder: Builder) -> None:
    """A choice and a text that is shown only with one of its values."""
    builder.do("add_field", draft(FieldKind.ONE_CHOICE, "Essen", choices=FOOD))
    builder.do("add_field", draft(label="Wunsch", shown_if="essen", shown_value="vegan"))


def test_field_stays_behind_what_it_hangs_on(builder: Builder) -> None:
    conditional(builder)
    for verb, key, more in (
        ("move_field", "wunsch", {"up": True}),
        ("move_field", "essen", {"up": False}),
        ("retire_field", "essen", {}),
        ("delete_field", "essen", {}),
    ):
        with pytest.raises(UnfitInput) as refusal:
            builder.do(verb, key, **more)
        assert "Wunsch" in complaints_in(refusal), verb
    food = builder.row("essen").described()
    for wrong in (
        replace(food, choices=(food.choices[1], FieldChoice(value="", label="Fisch"))),
        replace(food, kind=FieldKind.SHORT_TEXT),
        replace(food, kind=FieldKind.YES_NO),
    ):
        with pytest.raises(UnfitInput) as refusal:
            builder.do("edit_field", "essen", wrong)
        assert "Wunsch" in complaints_in(refusal)
    assert builder.keys() == ["essen", "wunsch"]


def test_field_can_hang_on_an_earlier_choice_alone(builder: Builder) -> None:
    conditional(builder)
    builder.do("add_field", draft(FieldKind.YES_NO, "Hotel"))
    for shown_if, value in (("hotel", "yes"), ("wunsch", "x"), ("essen", "fisch")):
        wrong = draft(label="Wunsch", shown_if=shown_if, shown_value=value)
        with pytest.raises(UnfitInput) as refusal:
            builder.do("edit_field", "wunsch", wrong)
        assert [complaint.about for complaint in refusal.value.complaints] == ["condition"]


def test_hanging_field_comes_back_after_what_it_hangs_on(builder: Builder) -> None:
    conditional(builder)
    builder.do("retire_field", "wunsch")
    builder.do("retire_field", "essen")
    with pytest.raises(UnfitInput, match="Bring that back first"):
        builder.do("bring_back_field", "wunsch")
    with pytest.raises(UnfitInput, match="Wunsch"):
        builder.do("delete_field", "essen")
    builder.do("bring_back_field", "essen")
    builder.do("bring_back_field", "wunsch")
    assert builder.keys() == ["essen", "wunsch"]


def test_changed_consent_is_a_new_version(builder: Builder) -> None:
    made = builder.do("add_field", draft(FieldKind.CONSENT, "Ich stimme zu."))
    assert made.version == 1
    again = builder.do("edit_field", made.key, replace(made, help="Hilfe"))
    assert again.version == 1
    changed = builder.do("edit_field", made.key, replace(made, label="Ich stimme allem zu."))
    assert changed.version == 2
    english = builder.do("edit_field", made.key, replace(changed, label_en="I agree."))
    assert english.version == 3
    texts = builder.row(made.key).texts
    assert [text["label"] for text in texts] == ["Ich stimme zu.", *["Ich stimme allem zu."] * 2]
    assert texts[0]["since"] == NOW.isoformat()


def test_list_counts_people_and_not_ticks(builder: Builder) -> None:
    builder.do("add_field", draft(FieldKind.SEVERAL_CHOICES, "Essen", choices=FOOD))
    person = make_registration(builder.app, builder.event)
    for value in ("vegan", "mit_kaese"):
        make_answer(builder.app, person, builder.row("essen"), value)
    with builder.app.app_context():
        (entry,) = form_fields.entries_of(builder.stored())
    assert entry.answers == 1
