"""A monthly round table, added to the trial: one date that was, two to come, standing sign-ups.

Who has signed up is registered for the open date by the trial's worker, as in earnest.
"""

import json
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ikone_events.demo.story import Story, folder
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.series import Rhythm, next_day
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.times import BERLIN
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.domain.words import series_slug
from ikone_events.services.events.series import save_series
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.loading import store_dataset
from ikone_events.services.plan.plans import is_holiday
from ikone_events.services.registering.standing import StandingDraft, confirm, sign_up

_LAST = timedelta(days=20)
_AT, _LASTS = time(13, 30), timedelta(hours=1)
_STATES = (State.FOLLOWED_UP, State.OPEN, State.ANNOUNCED)
_SIGNED_UP = timedelta(days=2)


def add_round_table(story: Story, *, actor: str) -> None:
    """Store the series with its dates, and sign people up some days before the story begins."""
    plan = json.loads((folder() / "round_table.json").read_text(encoding="utf-8"))
    events = list(_events(plan, story.begins))
    data = {
        "users": story.data["users"],
        "people": story.data["people"],
        "events": events,
        "registrations": [_registration(plan, story, person) for person in plan["people"]],
    }
    now = story.begins - _SIGNED_UP
    store_dataset(read_dataset(data), folder=folder(), actor=actor, now=now)
    slug = series_slug(plan["series"])
    save_series(
        slug,
        text=plan["text"]["de"],
        text_en=plan["text"]["en"],
        rhythm=Rhythm.MONTHLY.value,
        standing=True,
        actor=actor,
        now=now,
    )
    for person in (*plan["standing"], *plan["pending"]):
        _sign_up(slug, story, person, confirmed=person in plan["standing"], now=now)


def _events(plan: Mapping[str, Any], begins: datetime) -> list[dict[str, Any]]:
    """One date in the past and two that follow it by the rhythm of the series."""
    today = begins.date()
    days = [today - _LAST]
    for _date in _STATES[1:]:
        after = max(today, days[-1])
        days.append(next_day(days[-1], Rhythm.MONTHLY, after=after, is_holiday=is_holiday))
    return [
        _event(plan, number, datetime.combine(day, _AT, ZoneInfo(BERLIN)))
        for number, day in enumerate(days)
    ]


def _event(plan: Mapping[str, Any], number: int, starts_at: datetime) -> dict[str, Any]:
    return {
        **plan["record"],
        "slug": f"runder-tisch-{number + 1}",
        "title": plan["topics"][number],
        "series": plan["series"],
        "state": _STATES[number].value,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + _LASTS).isoformat(),
        "materials": plan["materials"] if _STATES[number] is State.FOLLOWED_UP else [],
    }


def _registration(plan: Mapping[str, Any], story: Story, person: str) -> dict[str, Any]:
    return {
        "event": "runder-tisch-1",
        "person": person,
        "organisation_as_typed": _body_of(story, person),
        "registered_at": (story.begins - 2 * _LAST).isoformat(),
        "after_event": {"attended": person not in plan["missed"]},
    }


def _person(story: Story, number: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(e for e in story.data["people"] if e["id"] == number)
    return found


def _body_of(story: Story, person: str) -> str:
    body = _person(story, person)["organisation"]
    names: dict[str, str] = {each["id"]: each["name"] for each in story.data["organisations"]}
    return names[body]


def _sign_up(slug: str, story: Story, number: str, *, confirmed: bool, now: datetime) -> None:
    person = _person(story, number)
    draft = StandingDraft(
        first_name=person["first_name"],
        last_name=person["last_name"],
        email=person["email"],
        organisation_text=_body_of(story, number),
        salutation=person["salutation"],
        title=person["title"],
        position=person["function"],
        locale=person["language"],
    )
    made = sign_up(slug, draft, now=now)
    if confirmed:
        claim = LinkClaim(made.public_id, made.link_epoch)
        confirm(get_installation().signer.sign(Purpose.STANDING, claim), now=now)
