"""The day itself, added to the trial: a meeting that runs at the start, and one on site today.

The shared data of the demo stay as they are. What people do is done by the same services as in
earnest, so letters lie in the mailbox of the trial, and nothing here knows a table.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from ikone_events.demo.story import Story, folder
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.events.speakers import SpeakerDraft
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.times import BERLIN, clock
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.events.speakers import add_speaker, brief_speaker
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.loading import store_dataset
from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.services.rooms.check_in import Press, check_in
from ikone_events.services.rooms.questions import ask_live
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.registering.models import Registration

_WRITTEN_BEFORE = timedelta(days=1)
_REGISTERED_BEFORE = timedelta(days=15)
# What the office did before, and how many days before.
_STEPS = tuple(
    {"state": state.value} for state in (State.DRAFT, State.ANNOUNCED, State.OPEN, State.CLOSED)
)
_STEPS_BEFORE = (30, 21, 20, 2)


def add_day(story: Story, *, actor: str, password: str) -> str:
    """Store both events as they stand at the story's beginning; returns the helper's address."""
    plan = json.loads((folder() / "day.json").read_text(encoding="utf-8"))
    data = {
        "users": story.data["users"],
        "people": story.data["people"],
        "events": [_event(record, story.begins) for record in plan["events"]],
        "registrations": list(_registrations(plan["events"], story)),
    }
    yesterday = story.begins - _WRITTEN_BEFORE
    store_dataset(read_dataset(data), folder=folder(), actor=actor, now=yesterday)
    for record in plan["events"]:
        _write_letters(record, actor=actor, now=yesterday)
        _let_happen(record, helper=plan["helper"]["name"], begins=story.begins)
    on_site = plan["events"][-1]["slug"]
    helper = NewOrganiser(role="door", password=password, only=(on_site,), **plan["helper"])
    return add(helper, now=story.begins).email


def _event(record: Mapping[str, Any], begins: datetime) -> dict[str, Any]:
    """An event with its moments, which the file counts in minutes from the trial's beginning."""
    starts_at = begins + timedelta(minutes=record["begins_after"])
    ends_at = starts_at + timedelta(minutes=record["minutes"])
    return {
        **record,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "agenda": [
            {**item, "time": clock(starts_at + timedelta(minutes=item["after"]), zone=BERLIN)}
            for item in record["agenda"]
        ],
        "history": [
            {"at": (begins - timedelta(days=days)).isoformat(), "by": record["organiser"], **step}
            for days, step in zip(_STEPS_BEFORE, _STEPS, strict=True)
            if step["state"] != State.CLOSED or record["state"] == State.CLOSED
        ],
    }


def _registrations(events: list[Any], story: Story) -> Iterator[dict[str, Any]]:
    """One person a day, with the full names of organisations."""
    names = {each["id"]: each["name"] for each in story.data["organisations"]}
    people = {each["id"]: each for each in story.data["people"]}
    for event in events:
        for number, person in enumerate(event["people"]):
            registered_at = (
                story.begins - _REGISTERED_BEFORE + timedelta(days=1, minutes=23) * number
            )
            yield {
                "event": event["slug"],
                "person": person,
                "organisation_as_typed": names[people[person]["organisation"]],
                "registered_at": registered_at.isoformat(),
                "question": event.get("questions", {}).get(person, ""),
                "answers": event.get("answers", {}).get(person, {}),
            }


def _write_letters(record: Mapping[str, Any], *, actor: str, now: datetime) -> None:
    """What leaves the day before: briefings of speakers, and the access link if there is one."""
    slug = record["slug"]
    for speaker in record.get("speakers", ()):
        public_id = add_speaker(slug, SpeakerDraft(**speaker), now=now).public_id
        brief_speaker(slug, public_id, seen=0, now=now)
    if record["format"] != "praesenz":
        perform(slug, Request(action=Action.DISPATCH, actor=actor), now=now)


def _let_happen(record: Mapping[str, Any], *, helper: str, begins: datetime) -> None:
    """Presses at both doors and a question, minutes before the trial begins."""
    event = find_event(record["slug"])
    if event is None:
        raise LookupError(record["slug"])
    found = _people_of(event, record["people"])
    for person, minutes in record.get("came", {}).items():
        enter_by_door(found[person].id, event.id, now=begins + timedelta(minutes=minutes))
    for person, text in record.get("asked", {}).items():
        ask_live(found[person].public_id, text, now=begins)
    for person, minutes in record.get("checked_in", {}).items():
        at = begins + timedelta(minutes=minutes)
        check_in(event, found[person].public_id, Press(by=helper), now=at)


def _people_of(event: Event, people: list[str]) -> dict[str, Registration]:
    """The registrations by the ids of the file, in whose order they were stored."""
    rows = db.session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id)
        .order_by(Registration.registered_at)
    )
    return dict(zip(people, rows, strict=True))
