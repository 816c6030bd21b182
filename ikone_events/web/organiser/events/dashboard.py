"""The overview that opens with what is to do today, and the list of all events."""

from dataclasses import dataclass

from flask import render_template, url_for

from ikone_events.domain.events.todo import Severity, Target, ToDo, todos
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.domain.refusals import Complaint
from ikone_events.services.installation import now
from ikone_events.services.operating.health import engine_health
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import Table, counts_for
from ikone_events.store.incoming.lists import count_unknown
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.organiser.plan.agenda import next_event, split, todo_facts
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import translate

_ENDPOINTS = {
    Target.EVENT: "organiser.event",
    Target.ROOM: "organiser.event",
    Target.EDIT: "organiser.edit_event",
    Target.REGISTRATIONS: "organiser.registrations",
    Target.MAIL: "organiser.mail",
    Target.ANSWERS: "organiser.answers",
    Target.MATERIALS: "organiser.materials",
    Target.STEPS: "organiser.steps",
}


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """One thing to do, in words."""

    kind: str
    text: str
    url: str
    link: str


@blueprint.get("/")
@permission(Permission.SEE_EVENTS)
def dashboard() -> str:
    """What is to do, the figures of the next event, and what comes."""
    moment = now()
    events = events_of(organiser())
    counts = counts_for(events)
    coming, _past = split(events, moment)
    return render_template(
        "organiser/events/dashboard.html",
        lines=[
            _line(todo)
            for todo in (
                *todos_of(engine_health(moment)),
                *todos(todo_facts(events, counts, moment)),
            )
        ],
        unknown=count_unknown() if organiser().sees_all else 0,
        upcoming=next_event(coming),
        coming=coming,
        counts=counts,
    )


@blueprint.get("/events")
@permission(Permission.SEE_EVENTS)
def events() -> str:
    """All events: what comes, what was."""
    found = events_of(organiser())
    coming, past = split(found, now())
    return render_template(
        "organiser/events/events.html",
        coming=coming,
        past=past,
        counts=counts_for(found, Table.PEOPLE, Table.ADMINISTRATIONS),
    )


def _line(todo: ToDo) -> DashboardRow:
    kind = {Severity.DANGER: "danger", Severity.WARNING: "warning", Severity.INFO: "info"}
    return DashboardRow(
        kind=kind[todo.severity],
        text=" ".join(translate(c) for c in (Complaint(todo.text, todo.values), *todo.complaints)),
        url=_url(todo),
        link=_link_text(todo.target),
    )


def _url(todo: ToDo) -> str:
    if todo.target is Target.NOWHERE:
        return ""
    anchor = "room" if todo.target is Target.ROOM else None
    if todo.target is Target.STEPS:
        anchor = f"step-{todo.step_id}"
    return url_for(_ENDPOINTS[todo.target], slug=todo.slug, _anchor=anchor)


def _link_text(target: Target) -> str:
    words = {
        Target.EVENT: _("Open event"),
        Target.ROOM: _("Enter link"),
        Target.EDIT: _("Edit event"),
        Target.REGISTRATIONS: _("See registrations"),
        Target.MAIL: _("See e-mails"),
        Target.ANSWERS: _("See answers"),
        Target.MATERIALS: _("Add materials"),
        Target.STEPS: _("See the plan"),
    }
    return words.get(target, "")
