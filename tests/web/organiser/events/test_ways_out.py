"""Pages of the actions that end an event, or undo what was done a moment ago."""

import json
import logging
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.accounts.security_log import LOGGER
from ikone_events.services.plan.plans import EXPIRED, create_plan
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import DismissedTodo, Event, StateChange
from ikone_events.store.events.queries import find_event, lock_event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step
from tests.factories import NOW, PAST, FixedClock, make_event, make_registration
from tests.web.organiser.conftest import Browser


def state_of(app: Flask, event: Event) -> str:
    with app.app_context():
        found = find_event(event.slug)
        return found.state if found else "gone"


def do(team: Browser, event: Event, action: str, state: str, **data: str) -> str:
    """Press the button on the page of an action; what the next page says."""
    path = f"/organise/events/{event.slug}/do/{action}"
    assert team.get(f"{path}?lang=en").status_code == 200
    answer = team.post(path, {"state": state, **data}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_cancellation_is_undone_from_its_page(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    page = do(team, event, "cancel", "open", reason="Sturm")
    assert "You can undo it until" in page
    assert f"/organise/events/{event.slug}/do/undo" in page
    do(team, event, "undo", "cancelled")
    assert state_of(app, event) == "open"
    with app.app_context():
        assert db.session.scalars(select(Mailing)).all() == []


def test_cancelled_event_is_not_to_be_archived_while_it_can_be_undone(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        create_plan(lock_event(event.slug), now=NOW)
    page = do(team, event, "cancel", "open", reason="Sturm")
    assert 'id="undo"' in page
    assert 'id="next-step"' not in page
    clock.move(minutes=10)
    app.extensions["ikone_engine"].run_once()
    page = team.get(f"/organise/events/{event.slug}").text
    assert 'id="undo"' not in page
    assert 'id="next-step"' in page


def test_undo_disappears_when_the_mails_leave(app: Flask, team: Browser, clock: FixedClock) -> None:
    event = make_event(app)
    do(team, event, "cancel", "open", reason="Sturm")
    clock.move(minutes=10)
    app.extensions["ikone_engine"].run_once()
    assert "/do/undo" not in team.get(f"/organise/events/{event.slug}").text
    answer = team.get(f"/organise/events/{event.slug}/do/undo?lang=en")
    assert answer.status_code == 409
    assert "nothing to undo any more" in answer.text


def test_draft_is_announced_and_opened_in_one_press(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    do(team, event, "announce", "draft", also="open")
    assert state_of(app, event) == "open"
    with app.app_context():
        changes = db.session.scalars(select(StateChange.action)).all()
    assert changes == ["announce", "open"]


def test_discarded_draft_leaves_a_line_in_the_security_log(
    app: Flask, team: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    event = make_event(app, state="draft")
    with caplog.at_level(logging.INFO, logger=LOGGER):
        do(team, event, "discard", "draft")
    assert state_of(app, event) == "gone"
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == LOGGER]
    (line,) = [line for line in lines if line["event"] == "event_discarded"]
    assert line["slug"] == event.slug
    assert line["account"] is not None


@pytest.mark.parametrize(
    ("action", "target"), [("mark_sent", "dispatched"), ("conclude", "followed_up")]
)
def test_reason_for_the_history_is_asked_for(
    app: Flask, team: Browser, action: str, target: str
) -> None:
    event = make_event(app, state="closed", **PAST)
    path = f"/organise/events/{event.slug}/do/{action}?lang=en"
    assert team.post(path, {"state": "closed"}).status_code == 409
    do(team, event, action, "closed", reason="Über den Verteiler.")
    assert state_of(app, event) == target
    page = team.get(f"/organise/events/{event.slug}/history").text
    assert "Über den Verteiler." in page


def test_stepper_ticks_nothing_that_did_not_happen(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    do(team, event, "announce", "draft", also="open")
    with app.app_context(), transaction():
        locked = lock_event(event.slug)
        locked.starts_at, locked.ends_at = PAST["starts_at"], PAST["ends_at"]
    do(team, event, "conclude", "open", reason="Es gab keine Unterlagen.")
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    steps = page[
        page.index('<ol class="steps') : page.index("</ol>", page.index('<ol class="steps'))
    ]
    by_label = {
        item.split("<span>")[1].split("\n")[0].split("<")[0]: item
        for item in steps.split("<li")[1:]
    }
    assert "done" not in by_label["Access link sent"]
    assert "did not happen" in by_label["Access link sent"]
    assert 'class="done"' in by_label["Announced"]
    assert "Concluded without follow-up" in by_label


def test_link_offered_early_states_that_it_goes_by_itself(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    with app.app_context(), transaction():
        create_plan(lock_event(event.slug), now=NOW)
    page = team.get(f"/organise/events/{event.slug}/do/dispatch?lang=en").text
    assert "It happens automatically on" in page


def test_entry_is_dismissed_on_the_dashboard(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced", **PAST)
    page = team.get("/organise/?lang=en")
    assert "has passed without a registration" in page.text
    start = page.text.index(f"/organise/events/{event.slug}/dismiss")
    form = page.text[start : page.text.index("</form>", start)]
    data = {n: form.split(f'name="{n}" value="')[1].split('"')[0] for n in ("name", "fact")}
    answer = team.post(f"/organise/events/{event.slug}/dismiss", data, follow_redirects=True)
    assert "has passed without a registration" not in answer.text
    with app.app_context():
        row = db.session.scalars(select(DismissedTodo)).one()
        assert (row.name, row.dismissed_by) == ("opening_due", "Wilma Organisaria")


def test_card_asks_what_became_of_a_link_that_was_never_sent(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    card = page[page.index('id="next-step"') :].partition("</section>")[0]
    assert "Was the access link sent by other means?" in card
    assert [f"/{way}" in card for way in ("follow-up", "do/conclude")] == [True, True]
    assert "/do/mark_sent" in page.partition(card)[2]
    assert "The access link was never sent" not in page
    assert "/date" not in page  # what is over gets no other date
    assert 'id="share-text"' not in page


def test_card_states_that_the_follow_up_lacks_materials(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    make_registration(app, event)
    with app.app_context(), transaction():
        locked = lock_event(event.slug)
        create_plan(locked, now=NOW)
        expire(locked, Action.FOLLOW_UP)
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    card = page[page.index('id="next-step"') :].partition("</section>")[0]
    assert "Send follow-up" in card
    assert f"/organise/events/{event.slug}/materials" in card
    assert "“Follow-up”" in card  # of which those who were absent get another version


def expire(event: Event, action: Action) -> None:
    """As a tick of the worker that comes too late."""
    mine = Step.event_id == event.id, Step.action == action.value
    for step in db.session.scalars(select(Step).where(*mine)):
        step.outcome, step.outcome_at = EXPIRED, NOW


def test_card_passes_over_what_will_not_be_sent(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", deadline=NOW + timedelta(days=13))
    with app.app_context(), transaction():
        create_plan(lock_event(event.slug), now=NOW)
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    card = page[page.index('id="next-step"') :].partition("</section>")[0]
    assert "Reminder of the deadline" in page
    assert "Reminder of the deadline" not in card


def test_todo_leads_to_its_action(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    page = team.get("/organise/?lang=en").text
    assert f'href="/organise/events/{event.slug}/do/announce"' in page
    assert team.get(f"/organise/events/{event.slug}/do/announce").status_code == 200


def test_viewer_reads_what_is_to_do_and_is_offered_no_editing(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = make_event(app, title="Vorbei", state="dispatched", **PAST)
    make_registration(app, event)
    own = team.get("/organise/?lang=en").text
    assert 'aria-label="Add materials' in own
    page = viewer.get("/organise/?lang=en").text
    assert "missing." in page
    assert 'aria-label="Add materials' not in page
