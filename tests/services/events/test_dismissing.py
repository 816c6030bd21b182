"""Entries of the to-do list: dismissed for one event, until what they say changes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.events.facts import State
from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import EventTodoFacts
from ikone_events.domain.refusals import NotFound
from ikone_events.services.events.todo import dismiss, dismissed_of, show_again
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from tests.domain.events.test_lifecycle import make_facts
from tests.factories import NOW, make_event

WAITING = EventTodoFacts(
    slug="workshop", facts=make_facts(State.OPEN, deadline=None), failed_mail=3
)


def names(event: EventTodoFacts) -> list[str]:
    return [todo.name for todo in todos([event])]


def dismiss_first(app: Flask, event: Event) -> frozenset[tuple[str, str]]:
    todo = next(each for each in todos([WAITING]) if each.name == "mails_failed")
    with app.app_context(), transaction():
        dismiss(event.slug, todo.name, todo.fact, actor="Wilma", now=NOW)
        return dismissed_of([event.id])[event.id]


def test_dismissed_entry_is_gone_until_its_fact_changes(app: Flask) -> None:
    dismissed = dismiss_first(app, make_event(app))
    assert "mails_failed" in names(WAITING)
    assert "mails_failed" not in names(replace(WAITING, dismissed=dismissed))
    renamed = replace(WAITING.facts, title="Anderer Titel")
    assert "mails_failed" not in names(replace(WAITING, dismissed=dismissed, facts=renamed))
    assert "mails_failed" in names(replace(WAITING, dismissed=dismissed, failed_mail=4))


def test_dismissal_counts_for_its_event_alone_and_can_be_undone(app: Flask) -> None:
    event, other = make_event(app), make_event(app)
    dismiss_first(app, event)
    with app.app_context(), transaction():
        found = dismissed_of([event.id, other.id])
        assert (len(found[event.id]), len(found[other.id])) == (1, 0)
        show_again(event.slug, "mails_failed")
        assert dismissed_of([event.id]) == {event.id: frozenset()}


def test_dismissing_twice_keeps_the_last_fact(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        for fact in ("one", "two"):
            dismiss(event.slug, "mails_failed", fact, actor="Wilma", now=NOW)
        assert dismissed_of([event.id])[event.id] == {("mails_failed", "two")}


def test_unknown_entry_is_not_found(app: Flask) -> None:
    event = make_event(app)
    with pytest.raises(NotFound), app.app_context(), transaction():
        dismiss(event.slug, "nonsense", "", actor="Wilma", now=NOW)


def test_entries_of_events_that_are_over_name_the_action_that_ends_them() -> None:
    late = NOW + timedelta(days=2000)
    found = {
        state: {todo.action for todo in todos([replace(WAITING, facts=facts)]) if todo.action}
        for state in (State.DRAFT, State.ANNOUNCED, State.CLOSED, State.POSTPONED)
        if (facts := replace(WAITING.facts, state=state, now=late))
    }
    assert {state: {str(a) for a in actions} for state, actions in found.items()} == {
        State.DRAFT: {"discard"},
        State.ANNOUNCED: {"conclude"},
        State.CLOSED: set(),  # leads to the page of the follow-up
        State.POSTPONED: {"reschedule"},
    }
