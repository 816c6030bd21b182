"""The funder's report: which events it is made of, and the bodies that attended them."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from ikone_events.domain.events.facts import State
from ikone_events.domain.figures.event_figures import BodyFigures
from ikone_events.domain.figures.report import (
    FunderReport,
    ReportedBody,
    ReportedEvent,
    ReportPart,
    order_of,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.figures.events import figures_for
from ikone_events.services.installation import get_identity
from ikone_events.store.events.models import Event
from ikone_events.store.figures.event_sums import bodies_by_id


def make_report(
    events: Collection[Event],
    first: date,
    last: date,
    *,
    now: datetime,
    locale: str,
    series: str = "",
    is_partial: bool = False,
) -> FunderReport:
    """The report on those of these events that took place from the first to the last day.

    A constant number of queries. `series` limits it to the events of that series. Raises UnfitInput
    for a period that ends before it begins.
    """
    if last < first:
        raise UnfitInput(Complaint(N_("The period ends before it begins."), about="last"))
    chosen = [
        event
        for event in events
        if first <= event.day <= last
        and event.state != State.DRAFT.value
        and (not series or event.series == series)
    ]
    held = ReportPart.of(_held(chosen, now, locale))
    return FunderReport(
        organisation=get_identity().organisation,
        first=first,
        last=last,
        series=series,
        made_at=now,
        is_partial=is_partial,
        left_out=len(chosen) - len(held.events),
        whole=held,
        bodies=tuple(sorted(_bodies(held.events), key=order_of)),
    )


def _held(events: Collection[Event], now: datetime, locale: str) -> list[ReportedEvent]:
    """Those of these events that have taken place, by date."""
    figures = figures_for(events, now) if events else {}
    return [
        ReportedEvent(
            event.slug, event.day, event.title_in(locale), event.format, figures[event.id]
        )
        for event in sorted(events, key=lambda event: (event.starts_at, event.id))
        if figures[event.id].took_place
    ]


def _bodies(events: Iterable[ReportedEvent]) -> list[ReportedBody]:
    """The bodies of which somebody attended; the events come by date."""
    came: dict[int, list[BodyFigures]] = {}
    for event in events:
        for body in event.figures.bodies or ():
            if body.came:
                came.setdefault(body.id, []).append(body)
    known = bodies_by_id() if came else {}
    found = []
    for number, times in came.items():
        facts, latest = known.get(number), times[-1]
        since = facts.member_since if facts and latest.member else None
        found.append(
            ReportedBody(
                name=facts.name if facts else "",
                kind=latest.kind,
                official_key=facts.official_key if facts else "",
                counts=latest.counts,
                events=len(times),
                member=latest.member,
                member_since=since,
            )
        )
    return found
