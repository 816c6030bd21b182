"""The form builder: fields added, edited, moved, retired and previewed by hand."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.services.registering.answers import all_fields
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event, make_registration
from tests.own_fields import make_answer, make_field
from tests.web.organiser.conftest import Browser, Person

FOOD = [
    {"value": "vegan", "label": "Vegan", "label_en": "Vegan food"},
    {"value": "kaese", "label": "Mit Käse", "places": 5},
]


def path(event: Event, part: str = "") -> str:
    return f"/organise/events/{event.slug}/form{part}"


def edit_version(app: Flask, event: Event) -> str:
    with app.app_context():
        return str(db.session.get_one(Event, event.id).edit_version)


def fields(app: Flask, event: Event) -> list[OwnField]:
    with app.app_context():
        return list(all_fields(event))


def entries(app: Flask, event: Event, **changes: Any) -> dict[str, Any]:
    """A filled-in form for a short text."""
    return {
        "edit_version": edit_version(app, event),
        "kind": "short_text",
        "label": "Anreise",
        "keep": "person",
        "seen_by": "viewer",
        "condition": "",
        **changes,
    }


def lines(*choices: dict[str, Any]) -> dict[str, Any]:
    """Lines of choices as the form sends them."""
    return {
        f"choices-{number}-{name}": value
        for number, choice in enumerate(choices)
        for name, value in choice.items()
    }


def test_field_is_added_and_stands_in_the_list(app: Flask, team: Browser) -> None:
    event = make_event(app)
    assert "Noch keine eigenen Felder" in team.get(path(event) + "?lang=de").text
    empty = team.get(path(event, "/new?kind=one_choice")).text
    assert empty.count("choice-row") == 4
    given = entries(
        app,
        event,
        kind="one_choice",
        label="Essen",
        required="y",
        keep="short",
        seen_by="organiser",
        **lines({"label": "Vegan"}, {"label": ""}, {"label": "Mit Käse", "places": "5"}),
    )
    answer = team.post(path(event, "/new"), given)
    assert answer.status_code == 303
    assert answer.location.endswith("/form#field-essen")
    (field,) = fields(app, event)
    assert (field.required, field.keep_days, field.seen_by) == (True, 7, "organiser")
    assert [(c.value, c.places) for c in field.choices] == [("vegan", None), ("mit_kaese", 5)]
    page = team.get(path(event)).text
    for words in (
        "„Essen“ ist gespeichert.",
        "muss beantwortet werden",
        "wird 7 Tage nach der Veranstaltung gelöscht",
        "Mit Käse (0 von 5 Plätzen)",
        "Noch keine Antworten",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"label": "  "}, "label"),
        ({"kind": "one_choice", **lines({"label": "Eins"})}, "choices-0-label"),
        ({"kind": "consent", "required": "y"}, "required"),
        ({"keep": "days", "keep_days": ""}, "keep_days"),
        ({"keep": "days", "keep_days": "viele"}, "keep_days"),
        ({"condition": "nichts=ja"}, "condition"),
        ({"seen_by": "alle"}, "seen_by"),
    ],
)
def test_refused_field_keeps_what_was_typed(
    app: Flask, team: Browser, changes: dict[str, Any], at: str
) -> None:
    event = make_event(app)
    given = entries(app, event, help="Mit Bahn oder Auto", **changes)
    answer = team.post(path(event, "/new"), given)
    assert answer.status_code == 422
    assert fields(app, event) == []
    assert "Mit Bahn oder Auto" in answer.text
    assert 'id="error-summary"' in answer.text
    if at != "required":  # a consent shows no such box
        assert f'id="{at}-error"' in answer.text


def test_more_lines_keep_what_was_typed(app: Flask, team: Browser) -> None:
    event = make_event(app)
    given = entries(app, event, kind="one_choice", **lines({"label": "Eins"}, {"label": "Zwei"}))
    answer = team.post(path(event, "/new"), {**given, "do": "rows"})
    assert answer.status_code == 200
    assert answer.text.count("choice-row") == 5
    assert 'value="Zwei"' in answer.text
    assert fields(app, event) == []


def test_field_is_edited_under_its_key(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="essen", kind="one_choice", label="Essen", choices=FOOD, position=1)
    make_field(app, event, key="wunsch", label="Wunsch", keep_days=30, position=2)
    page = team.get(path(event, "/fields/wunsch")).text
    assert 'value="Wunsch"' in page
    assert 'value="30"' in page
    assert "Nur, wenn bei „Essen“ „Mit Käse“ gewählt ist" in page
    given = entries(app, event, label="Käsewunsch", label_en="Cheese", condition="essen=kaese")
    assert team.post(path(event, "/fields/wunsch"), given).status_code == 303
    field = fields(app, event)[1]
    assert (field.key, field.label, field.label_en) == ("wunsch", "Käsewunsch", "Cheese")
    assert (field.shown_if, field.shown_value, field.keep_days) == ("essen", "kaese", None)
    assert "Nur, wenn bei „Essen“ „Mit Käse“ gewählt ist" in team.get(path(event)).text


def test_nobody_lets_themself_see_answers_for_other_eyes(
    app: Flask,
    team: Browser,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    event = make_event(app)
    own = make_field(app, event, key="diet", label="Anreise", seen_by="admin")
    make_answer(app, make_registration(app, event), own, "Nussallergie")
    address = path(event, "/fields/diet")
    answer = team.post(address, entries(app, event, seen_by="organiser"))
    assert answer.status_code == 422
    assert "nicht für Sie" in answer.text
    assert "Nussallergie" not in team.get(f"/organise/events/{event.slug}/registrations.csv").text
    assert team.post(address, entries(app, event, seen_by="admin")).status_code == 303
    admin = browser_of(make_person("chefin@example.org", "admin"))
    assert admin.post(address, entries(app, event, seen_by="viewer")).status_code == 303
    assert team.post(address, entries(app, event, seen_by="organiser")).status_code == 303


def test_answered_field_keeps_its_kind_and_its_chosen_choices(app: Flask, team: Browser) -> None:
    event = make_event(app)
    own = make_field(app, event, key="essen", kind="one_choice", label="Essen", choices=FOOD)
    page = team.get(path(event, "/fields/essen")).text
    assert "<select" in page
    assert 'name="kind"' in page
    make_answer(app, make_registration(app, event), own, "vegan")
    page = team.get(path(event, "/fields/essen")).text
    assert re.search(r'<input type="hidden" name="kind" value="one_choice">', page)
    assert "Es gibt schon Antworten" in page
    known = {"value": "kaese", "label": "Mit Käse"}
    more = {"value": "", "label": "Fisch"}
    given = entries(app, event, kind="short_text", label="Essen", **lines(known, more))
    answer = team.post(path(event, "/fields/essen"), given)
    assert answer.status_code == 422
    assert "„Vegan“ wurde schon gewählt" in answer.text
    retired = {"value": "vegan", "label": "Vegan", "retired": "y"}
    given = entries(app, event, kind="short_text", label="Essen", **lines(known, retired, more))
    assert team.post(path(event, "/fields/essen"), given).status_code == 303
    (field,) = fields(app, event)
    assert field.kind == "one_choice"
    assert [(c.value, c.retired) for c in field.choices] == [
        ("kaese", False),
        ("vegan", True),
        ("fisch", False),
    ]
    assert "Vegan (nicht mehr angeboten)" in team.get(path(event)).text


def test_kind_that_becomes_a_choice_asks_for_choices(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="a", label="A")
    given = entries(app, event, kind="several_choices", label="A")
    answer = team.post(path(event, "/fields/a"), given)
    assert answer.status_code == 422
    assert answer.text.count("choice-row") == 4
    assert "Bitte geben Sie ein, was zur Wahl steht." in answer.text


def press(app: Flask, team: Browser, event: Event, key: str, what: str, **more: str) -> Any:
    """Press a button of the list as it is now."""
    given = {"edit_version": edit_version(app, event), **more}
    return team.post(path(event, f"/fields/{key}/{what}"), given)


def test_fields_are_moved_by_buttons(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for number, key in enumerate(("a", "b", "c"), 1):
        make_field(app, event, key=key, label=key.upper(), position=number)
    page = team.get(path(event)).text
    assert (page.count('value="up"'), page.count('value="down"')) == (2, 2)
    assert press(app, team, event, "c", "move", to="up").status_code == 303
    assert press(app, team, event, "a", "move", to="down").status_code == 303
    assert [field.key for field in fields(app, event)] == ["c", "a", "b"]
    assert press(app, team, event, "c", "move", to="sideways").status_code == 422


def test_button_that_would_break_a_condition_is_not_there(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="a", kind="yes_no", label="Kommt", position=1)
    hanging = {"shown_if": "a", "shown_value": "yes"}
    make_field(app, event, key="b", label="Womit", position=2, **hanging)
    page = team.get(path(event)).text
    assert 'value="up"' not in page
    assert 'value="down"' not in page
    assert "Nur, wenn bei „Kommt“ „Ja“ gewählt ist" in page
    for key, what, more in (("b", "move", {"to": "up"}), ("a", "delete", {}), ("a", "retire", {})):
        answer = press(app, team, event, key, what, **more)
        assert answer.status_code == 409
        assert "Womit" in answer.text
    assert [field.key for field in fields(app, event)] == ["a", "b"]


def test_field_without_answers_is_deleted_and_another_one_retired(
    app: Flask, team: Browser
) -> None:
    event = make_event(app)
    make_field(app, event, key="leer", label="Leer", position=1)
    own = make_field(app, event, key="voll", label="Voll", position=2)
    make_answer(app, make_registration(app, event), own, "x")
    page = team.get(path(event)).text
    assert "/fields/leer/delete" in page
    assert "/fields/voll/retire" in page
    assert "/fields/voll/delete" not in page
    assert "1 Person hat geantwortet" in page
    assert press(app, team, event, "voll", "delete").status_code == 409
    assert press(app, team, event, "leer", "delete").status_code == 303
    assert press(app, team, event, "voll", "retire").status_code == 303
    (field,) = fields(app, event)
    assert (field.key, field.retired) == ("voll", True)
    assert "Nicht mehr gefragt" in team.get(path(event)).text
    assert press(app, team, event, "voll", "bring-back").status_code == 303
    assert not fields(app, event)[0].retired


def test_press_on_an_older_page_changes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, edit_version=3)
    make_field(app, event, key="a", label="A")
    answer = team.post(path(event, "/fields/a/delete"), {"edit_version": "2"})
    assert answer.status_code == 409
    assert "Es wurde nichts geändert." in answer.text
    assert team.post(path(event, "/fields/a/delete"), {}).status_code == 409
    assert len(fields(app, event)) == 1


def test_two_who_edit_one_field_overwrite_nothing_unseen(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="a", label="Anfang")
    mine = entries(app, event, label="Meins")
    theirs = entries(app, event, label="Ihres")
    assert team.post(path(event, "/fields/a"), theirs).status_code == 303
    answer = team.post(path(event, "/fields/a"), mine)
    assert answer.status_code == 409
    assert 'value="Meins"' in answer.text
    assert fields(app, event)[0].label == "Ihres"
    again = {**mine, "edit_version": edit_version(app, event)}
    assert f'name="edit_version" value="{again["edit_version"]}"' in answer.text
    assert team.post(path(event, "/fields/a"), again).status_code == 303
    assert fields(app, event)[0].label == "Meins"


def test_save_of_a_field_that_is_gone_shows_the_list(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="a", label="A")
    assert team.post(path(event, "/fields/b"), entries(app, event)).status_code == 404
    assert team.get(path(event, "/fields/b")).status_code == 404


@pytest.mark.parametrize("part", ["", "/new", "/preview", "/fields/a"])
def test_pages_are_for_those_who_may_edit_this_event(
    app: Flask, viewer: Browser, stranger: Browser, part: str
) -> None:
    event = make_event(app)
    make_field(app, event, key="a", label="A")
    assert viewer.get(path(event, part)).status_code == 403
    assert stranger.get(path(event, part)).status_code == 404


@pytest.mark.parametrize("what", ["", "/move", "/delete", "/retire", "/bring-back"])
def test_buttons_are_for_those_who_may_edit_this_event(
    app: Flask, viewer: Browser, stranger: Browser, what: str
) -> None:
    event = make_event(app)
    make_field(app, event, key="a", label="A")
    given = entries(app, event, label="Fremd", to="up")
    assert viewer.post(path(event, f"/fields/a{what}"), given).status_code == 403
    assert stranger.post(path(event, f"/fields/a{what}"), given).status_code == 404
    assert fields(app, event)[0].label == "A"
    assert not fields(app, event)[0].retired


def test_field_of_another_event_is_not_found(app: Flask, team: Browser) -> None:
    event, other = make_event(app), make_event(app)
    make_field(app, other, key="a", label="A")
    assert team.get(path(event, "/fields/a")).status_code == 404
    assert press(app, team, event, "a", "delete").status_code == 404
    assert len(fields(app, other)) == 1


def test_preview_shows_the_form_in_both_languages(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="essen", kind="one_choice", label="Essen", label_en="Lunch",
               choices=FOOD, position=1)  # fmt: skip
    make_field(app, event, key="alt", label="Früher", retired_at=NOW, position=2)
    german = team.get(path(event, "/preview?lang=de&form=de")).text
    assert "Vorname" in german
    assert "Essen" in german
    assert "Mit Käse" in german
    assert "Früher" not in german
    english = team.get(path(event, "/preview?lang=de&form=en")).text
    part = english[english.index('class="form form-preview"') :]
    part = part[: part.index("</main>")]
    assert "First name" in part
    assert "Lunch" in part
    assert "Vegan food" in part
    assert "Vorname" not in part
    assert "Vorschau des Formulars" in english
    assert "<form" not in part


def test_changed_field_is_on_the_public_form_at_once(app: Flask, team: Browser) -> None:
    event = make_event(app)
    public = f"/events/{event.slug}/register?lang=de"
    assert "Anreise" not in team.get(public).text
    team.post(path(event, "/new"), entries(app, event))
    assert "Anreise" in team.get(public).text
    team.post(path(event, "/fields/anreise"), entries(app, event, label="Rückreise"))
    page = team.get(public).text
    assert "Rückreise" in page
    assert "Anreise" not in page
    press(app, team, event, "anreise", "retire")
    assert "f_anreise" not in team.get(public).text
