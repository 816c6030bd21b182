"""The figures of a period or a series: events added up, everybody counted once."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from ikone_events.domain.figures.event_figures import BodyFigures, EventFigures, by_kind

QUARTERS = (1, 2, 3, 4)
_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFigures:
    """The figures of several events; those of attendance are None where nothing is known.

    `events` have taken place, of `events_without_attendance` nobody recorded who came: these are
    in no number of attendance. `administrations`, `members` (on the day of an event that they
    attended) and `other_bodies` attended, each counted once. `seats` are the people with a place at
    the events whose attendance is known.
    """

    events: int = 0
    events_without_attendance: int = 0
    registrations: int = 0
    seats: int = 0
    attended_people: int | None = None
    administrations: int | None = None
    members: int | None = None
    non_members: int | None = None
    administrations_by_kind: Mapping[str, int] | None = None
    other_bodies: int | None = None
    first_timers: int | None = None
    by_channel: Mapping[str, int] | None = None
    materials_requested: int | None = None
    feedback_answers: int | None = None

    @property
    def attendance_share(self) -> float | None:
        """Which part of the people with a place attended, from 0 to 1; None if not known."""
        if self.attended_people is None or not self.seats:
            return None
        return self.attended_people / self.seats

    def as_dict(self) -> dict[str, Any]:
        """The figures with plain values, for other programs."""
        return asdict(self)


def add_up(all_figures: Iterable[EventFigures]) -> PeriodFigures:
    """The figures of these events together; only those that have taken place count."""
    held = [each for each in all_figures if each.took_place]
    known = [each for each in held if each.attended_people is not None]
    totals: dict[str, Any] = {
        "events": len(held),
        "events_without_attendance": len(held) - len(known),
        "registrations": _sum(each.registrations for each in held) or 0,
        "seats": _sum(each.confirmed for each in known) or 0,
        "by_channel": _channels(held),
        "materials_requested": _sum(each.materials_requested for each in held),
        "feedback_answers": _sum(each.feedback_answers for each in held),
    }
    if known:
        totals |= {
            "attended_people": _sum(each.attended_people for each in known),
            "first_timers": _sum(each.first_timers for each in known),
            **_bodies(body for each in known for body in each.bodies or () if body.came),
        }
    return PeriodFigures(**totals)


def attended_by_quarter(days: Iterable[tuple[date, EventFigures]]) -> dict[int, int]:
    """How many people attended in each quarter of a year; unknown attendance adds none."""
    found = dict.fromkeys(QUARTERS, 0)
    for day, figures in days:
        if figures.took_place:
            found[quarter_of(day)] += figures.attended_people or 0
    return found


def quarter_of(day: date) -> int:
    """The quarter of a day, from 1 to 4."""
    return (day.month - 1) // _MONTHS + 1


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; None if nothing is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _channels(held: Iterable[EventFigures]) -> dict[str, int] | None:
    counted = [each.by_channel for each in held if each.by_channel is not None]
    names = dict.fromkeys(name for each in counted for name in each)
    return {name: sum(each.get(name, 0) for each in counted) for name in names} or None


def _bodies(came: Iterable[BodyFigures]) -> dict[str, Any]:
    """Everybody once: a member is who was one on any of the days."""
    bodies: dict[int, BodyFigures] = {}
    for body in came:
        if body.id not in bodies or body.member:
            bodies[body.id] = body
    counted = [body for body in bodies.values() if body.counts]
    members = sum(body.member for body in counted)
    return {
        "administrations": len(counted),
        "members": members,
        "non_members": len(counted) - members,
        "administrations_by_kind": by_kind(counted),
        "other_bodies": len(bodies) - len(counted),
    }
