"""The trial's own fields: some events ask more, and the invented people have answered."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.demo.story import SCENARIOS, folder, make_story
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.registering.form_fields import FieldKind
from ikone_events.services.operating.loading import store_dataset
from ikone_events.services.registering.answers import all_fields, asked_fields
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.registering.form_fields import Answer, answers_for
from ikone_events.store.registering.models import Registration


def load(app: Flask, scenario: str) -> None:
    story = make_story(scenario, today=date(2026, 11, 22))
    with app.app_context(), transaction():
        store_dataset(read_dataset(story.data), folder=folder(), actor="demo", now=story.begins)


def event_of(slug: str) -> Event:
    found = find_event(slug)
    assert found is not None
    return found


def test_open_workshop_asks_for_a_group_that_fills_up(app: Flask) -> None:
    load(app, "monday")
    with app.app_context():
        event = event_of("smart-city-3")
        assert event.state == "open"
        group, past, consent = asked_fields(event)
        people = db.session.scalars(
            select(Registration.id).where(Registration.event_id == event.id)
        ).all()
        given = answers_for(people)
    assert (group.key, past.shown_if, consent.kind) == ("arbeitsgruppe", "arbeitsgruppe", "consent")
    assert "antrag" in group.full
    assert {tuple(answers.get("arbeitsgruppe", ())) for answers in given.values()} == {
        ("antrag",),
        ("beteiligung",),
        ("zuhoeren",),
    }
    assert consent.version == 1


def test_conference_asks_for_food_and_access_needs_for_a_short_time(app: Flask) -> None:
    load(app, "summer")
    with app.app_context():
        fields = all_fields(event_of("fachtagung-krise"))
        left = db.session.scalars(select(Answer.id)).all()
    short = [field.key for field in fields if field.keep_days == 7]
    assert short == ["mittagessen", "barrierefreiheit", "bedarf"]
    assert [field.kind for field in fields].count(FieldKind.CONSENT) == 1
    assert left == []  # those of the archived workshop were forgotten with its people


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_text_has_its_english(scenario: str) -> None:
    story = make_story(scenario, today=date(2026, 11, 22))
    fields = [field for event in read_dataset(story.data).events for field in event.fields]
    assert fields
    for field in fields:
        assert field.label_en
        assert bool(field.help_en) == bool(field.help)
        assert all(choice.label_en for choice in field.choices)
