"""The funder's report on a period: its events, its sums, and the bodies that took part."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from ikone_events.domain.directory.administrations import AdministrationKind
from ikone_events.domain.figures.event_figures import COUNTED_KINDS, EventFigures
from ikone_events.domain.figures.periods import PeriodFigures, add_up, quarter_of

VERSION = 1
Number = int | float | None
Numbers = Mapping[str, Number]


def event_numbers(figures: EventFigures) -> dict[str, Number]:
    """What a report says of an event; None is not recorded."""
    return {
        "registered": figures.registrations,
        "with_place": figures.confirmed,
        "attended": figures.attended_people,
        "share": figures.attendance_share,
        "administrations": figures.administrations_attended,
        **_kinds(figures.administrations_attended_by_kind),
        "members": figures.administrations_attended_members,
        "non_members": figures.administrations_attended_non_members,
        "other_bodies": figures.other_bodies_attended,
        "first_timers": figures.first_timers,
        "materials_requested": figures.materials_requested,
        "feedback": figures.feedback_answers,
    }


def _kinds(numbers: Mapping[str, int] | None) -> dict[str, Number]:
    return {kind: None if numbers is None else numbers.get(kind, 0) for kind in COUNTED_KINDS}


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event that has taken place; the title is that of the report's language."""

    slug: str
    day: date
    title: str
    format: str
    figures: EventFigures

    def as_dict(self) -> dict[str, Any]:
        """The event with plain values."""
        own = {"slug": self.slug, "date": self.day.isoformat(), "title": self.title}
        return {**own, "format": self.format, **event_numbers(self.figures)}


@dataclass(frozen=True, slots=True)
class ReportedBody:
    """A body that attended, and at how many events; the name is empty if the directory lost it.

    `member` on the day of the last of these events; `member_since` as the directory knows it.
    """

    name: str
    kind: str
    official_key: str
    counts: bool
    events: int
    member: bool
    member_since: date | None

    def as_dict(self) -> dict[str, Any]:
        """The body with plain values; what the directory does not know is None."""
        since = self.member_since and self.member_since.isoformat()
        key = self.official_key or None
        return {
            **asdict(self),
            "name": self.name or None,
            "official_key": key,
            "member_since": since,
        }


@dataclass(frozen=True, slots=True)
class ReportPart:
    """Some of the events together: everybody counted once among them."""

    events: tuple[ReportedEvent, ...]
    whole: PeriodFigures

    @classmethod
    def of(cls, events: Iterable[ReportedEvent]) -> "ReportPart":
        """The events with their figures together."""
        found = tuple(events)
        return cls(found, add_up(event.figures for event in found))

    @property
    def numbers(self) -> dict[str, Number]:
        """The sums; administrations and other bodies once each, unrecorded attendance left out."""
        whole, places = self.whole, [each.figures.confirmed for each in self.events]
        return {
            "registered": whole.registrations,
            "with_place": sum(number or 0 for number in places),
            "attended": whole.attended_people,
            "share": whole.attendance_share,
            "administrations": whole.administrations,
            **_kinds(whole.administrations_by_kind),
            "members": whole.members,
            "non_members": whole.non_members,
            "other_bodies": whole.other_bodies,
            "first_timers": whole.first_timers,
            "materials_requested": whole.materials_requested,
            "feedback": whole.feedback_answers,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderReport:
    """The report; `left_out` events of the period were cancelled or are not over.

    `is_partial`: whoever asked sees only some of the events. `series` is empty for all of them.
    """

    organisation: str
    first: date
    last: date
    series: str
    made_at: datetime
    is_partial: bool
    left_out: int
    whole: ReportPart
    bodies: tuple[ReportedBody, ...]

    @property
    def quarters(self) -> dict[tuple[int, int], ReportPart]:
        """The events by year and quarter, those of a quarter counted together."""
        found: dict[tuple[int, int], list[ReportedEvent]] = {}
        for event in self.whole.events:
            found.setdefault((event.day.year, quarter_of(event.day)), []).append(event)
        return {quarter: ReportPart.of(events) for quarter, events in found.items()}

    @property
    def rules(self) -> Mapping[int, Mapping[str, str]]:
        """By version the rules that the figures were counted by, in each language."""
        return {each.figures.version: each.figures.rules for each in self.whole.events}

    def as_dict(self) -> dict[str, Any]:
        """The report with plain values, for other programs."""
        return {
            "version": VERSION,
            "organisation": self.organisation,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "series": self.series or None,
            "as_of": self.made_at.isoformat(),
            "partial": self.is_partial,
            "rules": {str(version): dict(texts) for version, texts in self.rules.items()},
            "events_held": self.whole.whole.events,
            "events_without_attendance": self.whole.whole.events_without_attendance,
            "events_left_out": self.left_out,
            "sums": self.whole.numbers,
            "events": [each.as_dict() for each in self.whole.events],
            "quarters": [
                {"year": year, "quarter": quarter, "events": len(part.events), **part.numbers}
                for (year, quarter), part in self.quarters.items()
            ],
            "bodies": [each.as_dict() for each in self.bodies],
        }


def order_of(body: ReportedBody) -> tuple[bool, int, str]:
    """Counted administrations first, by kind and name."""
    kinds = [kind.value for kind in AdministrationKind]
    place = kinds.index(body.kind) if body.kind in kinds else len(kinds)
    return not body.counts, place, body.name.casefold()
