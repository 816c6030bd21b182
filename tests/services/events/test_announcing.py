"""Announcing with a summary that was missing, and opening registration in the same transaction."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import TransitionRefused, UnfitInput
from ikone_events.services.events.combined_actions import announce
from ikone_events.services.events.transitions import Request
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, StateChange
from tests.factories import NOW, make_event
from tests.rows import the_only

ASKED = Request(action=Action.ANNOUNCE, actor="Anna Amt")


def test_summary_announcement_and_opening_are_one_step(app: Flask) -> None:
    event = make_event(app, state="draft", summary="")
    with app.app_context():
        with transaction():
            announce(event.slug, ASKED, summary="Kurz.", opens=True, now=NOW)
        changes = db.session.scalars(select(StateChange.action)).all()
    found = the_only(app, Event)
    assert (found.state, found.summary, found.edit_version) == ("open", "Kurz.", 2)
    assert changes == ["announce", "open"]


def test_announcement_leaves_a_summary_that_is_there(app: Flask) -> None:
    event = make_event(app, state="draft", summary="Die gute.")
    with app.app_context(), transaction():
        announce(event.slug, ASKED, summary="Eine andere.", now=NOW)
    assert (the_only(app, Event).state, the_only(app, Event).summary) == ("announced", "Die gute.")


def test_refused_opening_leaves_the_draft_as_it_was(app: Flask) -> None:
    event = make_event(app, state="draft", summary="", deadline=NOW - timedelta(days=1))
    with app.app_context(), pytest.raises(TransitionRefused), transaction():
        announce(event.slug, ASKED, summary="Kurz.", opens=True, now=NOW)
    assert (the_only(app, Event).state, the_only(app, Event).summary) == ("draft", "")


def test_summary_that_cannot_be_stored_is_refused(app: Flask) -> None:
    event = make_event(app, state="draft", summary="")
    with app.app_context(), pytest.raises(UnfitInput) as refusal, transaction():
        announce(event.slug, ASKED, summary="kaputt\x01", now=NOW)
    assert [c.about for c in refusal.value.complaints] == ["summary"]
