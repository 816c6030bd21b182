"""The demo data on the day a scenario begins, moved by whole weeks into the present."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources
from itertools import cycle
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*[+-]\d\d:\d\d")
_SHARED_NAME = "Kaiserslautern"  # the city and the district around it
SCENARIOS = {"monday": 0, "after": 1, "summer": 2}
# At the moment of the file the follow-up is due, so it would be too late for the plan.
_EARLIER = {"after": timedelta(minutes=30)}


@dataclass(frozen=True, slots=True)
class Story:
    """A dataset ready to load and the moment at which it begins (aware, local zone)."""

    data: Mapping[str, Any]
    begins: datetime
    undeliverable: frozenset[str]


def folder() -> Path:
    """The folder of the demo data and its slides."""
    return Path(str(resources.files("ikone_events.demo")))


def make_story(scenario: str, *, today: date) -> Story:
    """The story of a scenario, moved so that it begins in the week of `today`."""
    data = json.loads((folder() / "ikone.json").read_text(encoding="utf-8"))
    plan = data["meta"]["scenarios"][SCENARIOS[scenario]]
    weeks = (_monday(today) - _monday(datetime.fromisoformat(plan["now"]).date())).days // 7
    chosen = _choose(data, plan)
    moved = shift_weeks({**chosen, "now": plan["now"]}, weeks)
    begins = datetime.fromisoformat(moved.pop("now")) - _EARLIER.get(scenario, timedelta())
    for event in moved["events"]:
        _keep_what_happened(event, begins)
    _ask_more(moved)
    return Story(moved, begins, _undeliverable(data))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _choose(data: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario's events in its states, and only their registrations."""
    events = [
        {**event, "state": plan.get("states", {}).get(event["slug"], event["state"])}
        for event in data["events"]
        if plan["load"] == "all" or event["slug"] in plan["load"]
    ]
    slugs = {event["slug"] for event in events}
    registrations = [_as_typed(r) for r in data["registrations"] if r["event"] in slugs]
    keep = ("users", "organisations", "people", "contacts")
    return {
        **{section: data[section] for section in keep},
        "events": events,
        "registrations": registrations,
    }


def _as_typed(registration: Mapping[str, Any]) -> Mapping[str, Any]:
    """A name that two administrations share is left unmatched, for the trial's organiser."""
    if registration.get("organisation_as_typed") != _SHARED_NAME:
        return registration
    return {**registration, "organisation": None}


def _keep_what_happened(event: dict[str, Any], begins: datetime) -> None:
    """Remove follow-up materials of events that are not over."""
    if datetime.fromisoformat(event["ends_at"]) > begins:
        event["materials"] = []
    elif event["state"] == "dispatched":
        video = event.get("video") or {}
        event["materials"] = []
        video["url"] = video.get("url") or video.get("url_to_enter_in_demo")


def _ask_more(data: dict[str, Any]) -> None:
    """Own fields of some events; their answers are given to the registrations in turn."""
    more = json.loads((folder() / "fields.json").read_text(encoding="utf-8"))
    for event in data["events"]:
        event["fields"] = more.get(event["slug"], {}).get("fields", [])
    turns = {slug: cycle(own["answers"] or [{}]) for slug, own in more.items()}
    for registration in data["registrations"]:
        if registration["event"] in turns:
            registration["answers"] = next(turns[registration["event"]])


def _undeliverable(data: Mapping[str, Any]) -> frozenset[str]:
    people = {person["id"]: person["email"] for person in data["people"]}
    return frozenset(
        people[r["person"]] for r in data["registrations"] if r.get("mail_status") == "unzustellbar"
    )


def shift_weeks(value: Any, weeks: int, zone: str = "Europe/Berlin") -> Any:
    """Move every moment of a decoded file by whole weeks; clock times and weekdays stay.

    The move happens on the clocks of the zone: ten o'clock stays ten o'clock across a DST night.
    """
    if isinstance(value, Mapping):
        return {key: shift_weeks(item, weeks, zone) for key, item in value.items()}
    if isinstance(value, list):
        return [shift_weeks(item, weeks, zone) for item in value]
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        tz = ZoneInfo(zone)
        local = moment.astimezone(tz).replace(tzinfo=None) + timedelta(weeks=weeks)
        return local.replace(tzinfo=tz).isoformat()
    return value
