"""Required answers of people who did not fill in the form themselves: left open, asked, given."""

from typing import Any

import pytest
from flask import Flask

from ikone_events.domain.refusals import StatusRefused, UnfitInput
from ikone_events.services.registering.changes import Details, change_details
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.registrations import add_person, register_all
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import left_open
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, personal_path
from tests.own_fields import make_field
from tests.services.registering.seats import HOUR, applicant, faults, mail, person, sign_up, write

pytestmark = pytest.mark.both_databases

MEAL = {"kind": "one_choice", "required": True, "key": "meal", "label": "Essen"}
CHOICES = [{"value": "fish", "label": "Fisch", "places": 1}, {"value": "soup", "label": "Suppe"}]
MISSING = "Uns fehlen noch Angaben von Ihnen."
DETAILS = Details(first_name="Dora", last_name="Neu")


def lunch(app: Flask, **values: Any) -> Event:
    event = make_event(app, **values)
    make_field(app, event, choices=CHOICES, **MEAL)
    return event


def open_for(app: Flask, name: str) -> list[str]:
    with app.app_context():
        found = db.session.get_one(Registration, person(app, name).id)
        return [field.key for field in left_open(found, found.event)]


def add(app: Flask, event: Event, name: str, **changes: object) -> None:
    added = applicant(f"{name}@example.org", **changes)
    write(app, lambda: add_person(event.slug, added, actor="anna@amt.example.org", now=NOW))


def give_to_dora(app: Flask, name: str) -> None:
    deputy = Deputy(first_name="Dora", last_name="Neu", email="dora@example.org")
    write(app, lambda: hand_over(person(app, name).public_id, deputy, now=NOW))


def answer(app: Flask, name: str, values: dict[str, list[str]], *, now: Any = NOW) -> None:
    write(app, lambda: change_details(person(app, name).public_id, DETAILS, values, now=now))


def test_deputy_is_asked_what_only_they_know(app: Flask) -> None:
    event = lunch(app)
    sign_up(app, event, "eva", answers={"meal": ["soup"]})
    assert MISSING not in mail(app, "eva", "confirmation").text

    give_to_dora(app, "eva")

    assert open_for(app, "dora") == ["meal"]
    text = mail(app, "dora", "taken_over").text
    assert MISSING in text
    assert f"{personal_path(app, person(app, 'dora'))}/change" in text
    answer(app, "dora", {"meal": ["soup"]})
    assert open_for(app, "dora") == []


def test_deputy_with_the_place_of_a_choice_is_asked_nothing(app: Flask) -> None:
    event = lunch(app)
    sign_up(app, event, "eva", answers={"meal": ["fish"]})
    give_to_dora(app, "eva")
    assert open_for(app, "dora") == []
    assert MISSING not in mail(app, "dora", "taken_over").text
    assert faults(app) == []


def test_added_person_is_asked_what_was_left_open(app: Flask) -> None:
    event = lunch(app)
    add(app, event, "open")
    add(app, event, "mila", answers={"meal": ["soup"]})
    assert MISSING in mail(app, "open", "confirmation").text
    assert MISSING not in mail(app, "mila", "confirmation").text


def test_colleague_is_asked_for_the_consent_that_only_they_can_give(app: Flask) -> None:
    event = make_event(app)
    text = {"version": 1, "label": "Fotos", "label_en": "", "since": NOW.isoformat()}
    make_field(app, event, kind="consent", key="photos", required=True, versions=[text])
    people = [
        applicant("eva@example.org", answers={"photos": ["yes"]}),
        applicant("ben@example.org", registered_by="Eva Muster"),
    ]
    write(app, lambda: register_all(event.slug, people, now=NOW))
    assert MISSING not in mail(app, "eva", "confirmation").text
    assert MISSING in mail(app, "ben", "confirmation").text


def test_first_answer_may_take_a_place_after_the_deadline_and_no_other_may(app: Flask) -> None:
    event = lunch(app, deadline=NOW + HOUR)
    for name in ("a", "b"):
        add(app, event, name)
    late = NOW + 2 * HOUR
    answer(app, "a", {"meal": ["fish"]}, now=late)
    with pytest.raises(UnfitInput, match="no places left"):
        answer(app, "b", {"meal": ["fish"]}, now=late)
    answer(app, "b", {"meal": ["soup"]}, now=late)
    with pytest.raises(StatusRefused):
        answer(app, "a", {"meal": ["soup"]}, now=late)
    assert faults(app) == []


def test_nobody_is_asked_what_their_answers_make_irrelevant(app: Flask) -> None:
    event = make_event(app)
    make_field(app, event, key="eats", kind="yes_no", required=True)
    shown = {"shown_if": "eats", "shown_value": "yes"}
    make_field(app, event, choices=CHOICES, **{**MEAL, **shown})
    make_field(app, event, key="old", required=True, retired_at=NOW)
    for name, answers, missing in (
        ("none", {}, ["eats"]),
        ("fasts", {"eats": ["no"]}, []),
        ("eats", {"eats": ["yes"]}, ["meal"]),
    ):
        add(app, event, name, answers=answers)
        assert open_for(app, name) == missing
