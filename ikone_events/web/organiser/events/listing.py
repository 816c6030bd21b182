"""The list of events: coming ones, drafts, and past ones by year."""

from collections.abc import Iterable

from flask import render_template, request

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.times import to_local
from ikone_events.services.installation import now
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import Table, counts_for
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.shell.access import Permission, organiser, permission

COMING, DRAFTS, PAST = "coming", "drafts", "past"


@blueprint.get("/events")
@permission(Permission.SEE_EVENTS)
def events() -> str:
    """List coming events, drafts or the past events of a year."""
    moment = now()
    groups: dict[str, list[Event]] = {COMING: [], DRAFTS: [], PAST: []}
    for event in events_of(organiser()):
        is_draft = event.state == State.DRAFT.value
        groups[DRAFTS if is_draft else PAST if event.ends_at <= moment else COMING].append(event)
    view = request.args.get("view", "")
    view = view if view in groups else COMING
    years = sorted({_year(event) for event in groups[PAST]}, reverse=True)
    year = request.args.get("year", 0, type=int)
    year = year if year in years else max(years, default=0)
    shown = groups[view] if view != PAST else _of_year(groups[PAST], year)
    return render_template(
        "organiser/events/events.html",
        view=view,
        numbers={name: len(found) for name, found in groups.items()},
        years=years if view == PAST else [],
        year=year,
        shown=shown,
        counts=counts_for(shown, Table.PEOPLE, Table.ADMINISTRATIONS),
    )


def _year(event: Event) -> int:
    return to_local(event.starts_at, event.zone).year


def _of_year(events: Iterable[Event], year: int) -> list[Event]:
    """Return the events of a year, the latest first."""
    return [event for event in events if _year(event) == year][::-1]
