"""Own fields in a form: WTForms checks and shows them, and the answers come out as stored."""

from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from ikone_events.domain.registering.form_fields import FieldChoice, FieldKind, OwnField
from ikone_events.web.registering.own_fields import add_own_fields, answers_of, own_values

PAGE = """{% from "macros/own_fields.html" import own_fields, own_fields_script %}
{{ own_fields_script(fields) }}{{ own_fields(form, fields, locale) }}"""
FOOD = (
    FieldChoice(value="ja", label="Ja gern", label_en="Yes, please"),
    FieldChoice(value="nein", label="Nein"),
)


def own(kind: FieldKind, **values: Any) -> OwnField:
    """A field "x" of a kind."""
    return OwnField(**{"key": "x", "kind": kind, "label": "Frage", **values})


def sent(
    app: Flask, fields: tuple[OwnField, ...], data: dict[str, Any], locale: str = "de"
) -> tuple[FlaskForm, str]:
    """The validated form and the page that shows it."""
    with app.test_request_context(f"/?lang={locale}", method="POST"):
        form = add_own_fields(FlaskForm, fields, locale)(
            formdata=MultiDict(data), meta={"csrf": False}
        )
        form.validate()
        form.errors  # noqa: B018 - in the language of this request
        page = render_template_string(PAGE, form=form, fields=fields, locale=locale)
        assert "&lt;" not in page
        return form, page


def complaint(app: Flask, field: OwnField, *values: str) -> str:
    """What the field says about what was sent for it; nothing when it is well."""
    _form, page = sent(app, (field,), {field.name: list(values)} if values else {})
    if 'class="kern-error"' not in page:
        return ""
    return page.split('<span class="kern-body">')[1].split("</span>")[0]


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (FieldKind.SHORT_TEXT, "  Guten Tag ", "Guten Tag"),
        (FieldKind.LONG_TEXT, "eins\r\nzwei", "eins\nzwei"),
        (FieldKind.EMAIL, "anna@Bücher.example", "anna@xn--bcher-kva.example"),
        (FieldKind.NUMBER, " -12 ", "-12"),
        (FieldKind.NUMBER, "0", "0"),
        (FieldKind.DATE, "2026-12-31", "2026-12-31"),
        (FieldKind.DATE, "31.12.2026", "2026-12-31"),
        (FieldKind.ONE_CHOICE, "nein", "nein"),
        (FieldKind.YES_NO, "no", "no"),
        (FieldKind.CONSENT, "3", "yes"),
        (FieldKind.CONSENT, "y", "yes"),
    ],
)
def test_answer_comes_out_as_it_is_stored(
    app: Flask, kind: FieldKind, value: str, stored: str
) -> None:
    field = own(kind, choices=FOOD if kind is FieldKind.ONE_CHOICE else (), version=3)
    form, page = sent(app, (field,), {"f_x": [value]})
    assert form.errors == {}
    assert answers_of(form, (field,)) == {"x": [stored]}
    form, page = sent(app, (field,), {})
    assert form.errors == {}
    assert answers_of(form, (field,)) == {}
    assert "checked" not in page or kind in (FieldKind.ONE_CHOICE, FieldKind.YES_NO)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (FieldKind.SHORT_TEXT, "x" * 201, "höchstens 200 Zeichen"),
        (FieldKind.SHORT_TEXT, "a\x00b", "Steuerzeichen"),
        (FieldKind.LONG_TEXT, "x" * 2001, "höchstens 2000 Zeichen"),
        (FieldKind.EMAIL, "kein", "name@example.org"),
        (FieldKind.NUMBER, "viele", "ganze Zahl"),
        (FieldKind.NUMBER, "1.5", "ganze Zahl"),
        (FieldKind.DATE, "gestern", "Datum"),
        (FieldKind.DATE, "0001-01-01", "Datum"),
        (FieldKind.ONE_CHOICE, "fremd", "zur Wahl stehen"),
        (FieldKind.SEVERAL_CHOICES, "fremd", "zur Wahl stehen"),
        (FieldKind.YES_NO, "vielleicht", "zur Wahl stehen"),
        (FieldKind.CONSENT, "2", "gerade geändert"),
        (FieldKind.CONSENT, "²", "gerade geändert"),
        (FieldKind.CONSENT, "9" * 5000, "gerade geändert"),
    ],
)
def test_answer_that_does_not_fit_is_refused(
    app: Flask, kind: FieldKind, value: str, text: str
) -> None:
    choices = FOOD if kind in (FieldKind.ONE_CHOICE, FieldKind.SEVERAL_CHOICES) else ()
    assert text in complaint(app, own(kind, choices=choices, version=3), value)


@pytest.mark.parametrize("kind", [kind for kind in FieldKind if kind is not FieldKind.CONSENT])
def test_required_field_wants_an_answer(app: Flask, kind: FieldKind) -> None:
    choices = FOOD if kind in (FieldKind.ONE_CHOICE, FieldKind.SEVERAL_CHOICES) else ()
    field = own(kind, choices=choices, required=True)
    assert complaint(app, field)
    assert complaint(app, field, "  ")
    many = own(kind, choices=FOOD * 4, required=True)
    if kind is FieldKind.ONE_CHOICE:
        assert complaint(app, many)


def test_optional_choice_can_be_taken_back(app: Flask) -> None:
    field = own(FieldKind.ONE_CHOICE, choices=FOOD)
    form, page = sent(app, (field,), {"f_x": ""})
    assert form.errors == {}
    assert answers_of(form, (field,)) == {}
    assert "Keine Angabe" in page


def test_several_choices_come_out_in_a_list(app: Flask) -> None:
    field = own(FieldKind.SEVERAL_CHOICES, choices=FOOD, required=True)
    form, page = sent(app, (field,), {"f_x": ["ja", "nein"]})
    assert answers_of(form, (field,)) == {"x": ["ja", "nein"]}
    assert page.count("checked") == 2
    assert " required" not in page


STEERING = own(FieldKind.ONE_CHOICE, key="essen", label="Essen", label_en="Lunch", choices=FOOD)
HUNGRY = own(FieldKind.SHORT_TEXT, key="wunsch", required=True, shown_if="essen", shown_value="ja")
DEEPER = own(FieldKind.NUMBER, key="zahl", required=True, shown_if="wunsch", shown_value="nie")
PAIR = (STEERING, HUNGRY)


def test_hidden_field_is_not_required_and_its_answer_is_dropped(app: Flask) -> None:
    form, _page = sent(app, (*PAIR, DEEPER), {"f_essen": "nein", "f_wunsch": "x" * 999})
    assert form.errors == {}
    assert answers_of(form, (*PAIR, DEEPER)) == {"essen": ["nein"]}
    form, _page = sent(app, PAIR, {"f_essen": "ja"})
    assert list(form.errors) == ["f_wunsch"]
    form, _page = sent(app, PAIR, {"f_essen": "ja", "f_wunsch": "Suppe"})
    assert answers_of(form, PAIR) == {"essen": ["ja"], "wunsch": ["Suppe"]}


def test_condition_is_shown_in_words_and_marks_nothing_as_required(app: Flask) -> None:
    _form, page = sent(app, PAIR, {})
    assert "Nur, wenn Sie bei „Essen“ „Ja gern“ gewählt haben." in page
    assert 'data-shown-if="f_essen" data-shown-value="ja" data-needed' in page
    assert "own-fields.js" in page
    assert " required" not in page
    _form, page = sent(app, PAIR, {}, "en")
    assert "Only if you chose “Yes, please” at “Lunch”." in page
    _form, page = sent(app, (STEERING,), {})
    assert "own-fields.js" not in page


def test_full_choice_is_shown_closed_and_refused(app: Flask) -> None:
    for kind in (FieldKind.ONE_CHOICE, FieldKind.SEVERAL_CHOICES):
        field = own(kind, choices=FOOD, full=frozenset({"ja"}))
        _form, page = sent(app, (field,), {"f_x": "ja"})
        assert "Ja gern (ausgebucht)" in page
        assert page.count("disabled") == 1
        assert "checked" not in page.split("Nein")[0]
        assert "keine Plätze mehr" in page
    many = tuple(FieldChoice(value=f"w{n}", label=f"Werkstatt {n}") for n in range(9))
    field = own(FieldKind.ONE_CHOICE, choices=many, full=frozenset({"w3"}))
    _form, page = sent(app, (field,), {"f_x": "w4"})
    assert "<select" in page
    assert '<option disabled value="w3">Werkstatt 3 (ausgebucht)</option>' in page
    assert '<option selected value="w4">' in page


def test_stored_answers_fill_the_form(app: Flask) -> None:
    fields = tuple(
        own(kind, key=kind.value, choices=FOOD, version=1)
        for kind in (
            FieldKind.DATE,
            FieldKind.NUMBER,
            FieldKind.ONE_CHOICE,
            FieldKind.SEVERAL_CHOICES,
            FieldKind.CONSENT,
        )
    )
    answers = {
        "date": ["2026-12-31"],
        "number": ["3"],
        "one_choice": ["nein"],
        "several_choices": ["ja", "nein"],
        "consent": ["yes"],
    }
    with app.test_request_context("/"):
        form_class = add_own_fields(FlaskForm, fields, "de")
        form = form_class(meta={"csrf": False}, **own_values(fields, answers))
        assert answers_of(form, fields) == answers
        page = render_template_string(PAGE, form=form, fields=fields, locale="de")
    assert 'value="2026-12-31"' in page
    assert page.count("checked") == 4


def test_people_read_how_long_an_answer_is_kept(app: Flask) -> None:
    field = own(FieldKind.SHORT_TEXT, help="Auch Allergien.", keep_days=7)
    _form, page = sent(app, (field,), {})
    assert "Auch Allergien. Wir löschen Ihre Antwort 7 Tage nach der Veranstaltung." in page
