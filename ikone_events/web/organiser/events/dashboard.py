"""Today: what is to do, the next event, and what happens by itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.events.lifecycle import ACTION_LABELS, Facts, State
from ikone_events.domain.events.needs import PRIVACY_CONTACT_MISSING
from ikone_events.domain.events.todo import Blocked, EventTodoFacts, Target, ToDo, todos
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.domain.plan.steps import Verdict
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.times import date_medium, to_local
from ikone_events.services.events.dismissing import dismiss, dismissed_of
from ikone_events.services.events.steps import look_at
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.health import engine_health
from ikone_events.services.plan.plans import what_of
from ikone_events.store.db import transaction
from ikone_events.store.directory.contacts import count_unchecked
from ikone_events.store.directory.naming import is_directory_empty
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import Counts, counts_for
from ikone_events.store.incoming.lists import count_unknown
from ikone_events.store.plan.models import Step, waiting_steps
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event
from ikone_events.web.organiser.plan.network_plan import rows_ahead
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale, translate

_COMING = (State.ANNOUNCED.value, State.OPEN.value, State.CLOSED.value, State.DISPATCHED.value)
# The page on which something is to be done, and the label of the link to it.
_LINKS: Mapping[Target, tuple[str, str]] = {
    Target.EVENT: ("organiser.event", N_("Open event")),
    Target.ROOM: ("organiser.event", N_("Enter link")),
    Target.EDIT: ("organiser.edit_event", N_("Edit event")),
    Target.REGISTRATIONS: ("organiser.registrations", N_("See registrations")),
    Target.MAIL: ("organiser.sent_mail", N_("See e-mails")),
    Target.ANSWERS: ("organiser.answers", N_("See answers")),
    Target.MATERIALS: ("organiser.materials", N_("Add materials")),
    Target.STEPS: ("organiser.mail", N_("See the automatic steps")),
}


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """One thing to do; entries of an event can be dismissed."""

    kind: str
    text: str
    url: str
    link: str
    slug: str = ""
    name: str = ""
    fact: str = ""


@blueprint.get("/")
@permission(Permission.SEE_EVENTS)
def dashboard() -> str:
    """Show what is to do, the next event, and what happens by itself within thirty days."""
    moment = now()
    events = events_of(organiser())
    counts = counts_for(events)
    coming = [event for event in events if event.ends_at > moment]
    upcoming = next((event for event in coming if event.state in _COMING), None)
    zone = get_installation().settings.timezone
    found = (*todos_of(engine_health(moment)), *todos(_facts_of_all(events, counts, moment)))
    is_new = not any(counts[event.id].total for event in events)
    lines = [*map(_row, found), *_still_to_set_up(is_new=is_new), *_to_check(moment)]
    return render_template(
        "organiser/events/dashboard.html",
        day=date_medium(moment, locale=page_locale(), zone=zone),
        lines=lines,
        unknown=count_unknown() if may(Permission.SEE_INCOMING) else 0,
        upcoming=upcoming,
        days_left=_days_between(moment, upcoming.starts_at, upcoming.zone) if upcoming else 0,
        counts=counts,
        ahead=rows_ahead(events, moment),
        any_event=bool(events),
    )


def _still_to_set_up(*, is_new: bool) -> Iterator[DashboardRow]:
    """What an installation lacks. `is_new`: nobody has registered for anything."""
    if not get_installation().settings.privacy_contact:
        yield DashboardRow(kind="warning", text=translate(PRIVACY_CONTACT_MISSING), url="", link="")
    if is_new and may(Permission.EDIT_ADMINISTRATIONS) and is_directory_empty():
        text = _(
            "The directory is empty: the form suggests no public bodies, and members are not "
            "counted."
        )
        url = url_for("organiser.choose_list")
        yield DashboardRow(kind="info", text=text, url=url, link=_("Import public bodies"))


def _to_check(moment: datetime) -> Iterator[DashboardRow]:
    """Contacts that nobody has checked for years, for whoever may change them."""
    if may(Permission.EDIT_ADMINISTRATIONS) and (number := count_unchecked(moment)):
        text = ngettext(
            "One contact person has not been checked for three years",
            "%(num)d contact persons have not been checked for three years",
            number,
        )
        url = url_for("organiser.contacts", show="unchecked")
        yield DashboardRow(kind="info", text=f"{text}.", url=url, link=_("Check contact persons"))


def _days_between(moment: datetime, later: datetime, zone: str) -> int:
    return (to_local(later, zone).date() - to_local(moment, zone).date()).days


def _row(todo: ToDo) -> DashboardRow:
    complaints = (Complaint(todo.text, todo.values), *todo.complaints)
    url = label = ""
    if todo.action is not None and may(Permission.EDIT_EVENTS):
        url = url_for("organiser.ask", slug=todo.slug, action=todo.action.value)
        label = ACTION_LABELS[todo.action]
    elif todo.target in _LINKS:
        endpoint, label = _LINKS[todo.target]
        anchor = {Target.ROOM: "room", Target.STEPS: f"step-{todo.step_id}"}.get(todo.target)
        url = url_for(endpoint, slug=todo.slug, _anchor=anchor)
    return DashboardRow(
        kind=todo.severity.name.lower(),
        text=" ".join(map(translate, complaints)),
        url=url,
        link=_(label) if label else "",
        slug=todo.slug,
        name=todo.name,
        fact=todo.fact,
    )


@blueprint.post("/events/<slug>/dismiss")
@permission(Permission.EDIT_EVENTS)
def dismiss_todo(slug: str) -> Answer:
    """Dismiss an entry of the to-do list until its fact changes."""
    event = seen_event(slug)
    name, fact = request.form.get("name", ""), request.form.get("fact", "")
    with transaction():
        dismiss(event.slug, name, fact, actor=actor(), now=now())
    flash(_("The entry has been dismissed. It returns when something changes."), "success")
    return redirect(url_for("organiser.dashboard"), 303)


def _facts_of_all(
    events: Iterable[Event], counts: Mapping[int, Counts], now: datetime
) -> list[EventTodoFacts]:
    """Return the facts of each event that is not archived, with its blocked steps."""
    wanted = [event for event in events if event.state != State.ARCHIVED.value]
    dismissed = dismissed_of([event.id for event in wanted])
    due: dict[int, list[Step]] = {event.id: [] for event in wanted}
    for step in waiting_steps(due, now):
        due[step.event_id].append(step)
    return [
        replace(
            _todo_facts(event, counts[event.id], due[event.id], now), dismissed=dismissed[event.id]
        )
        for event in wanted
    ]


def _blocked(steps: Iterable[Step], facts: Facts) -> Iterator[Blocked]:
    for step in steps:
        judgement = look_at(step, facts).judgement
        if judgement is not None and judgement.verdict is Verdict.BLOCKED:
            what = what_of(step)
            yield Blocked(
                step_id=step.id,
                label=step.title or what.label,
                complaints=judgement.complaints,
                action=what.action,
            )


def _has_quota(event: Event, now: datetime) -> bool:
    """Whether a rule of the event may keep people waiting although seats are free."""
    closed_to_others = event.members_until is not None and now < event.members_until
    limits = (event.per_administration, event.capacity_online, event.capacity_on_site)
    return closed_to_others or any(limit is not None for limit in limits)


def _todo_facts(event: Event, counts: Counts, due: Iterable[Step], now: datetime) -> EventTodoFacts:
    facts = facts_of(event, now, numbers=counts.numbers, past=NO_PAST)
    return EventTodoFacts(
        slug=event.slug,
        facts=replace(facts, title=event.title_in(page_locale())),
        seated=counts.seated,
        waiting=counts.waiting,
        to_approve=counts.to_approve,
        held_back=_has_quota(event, now),
        failed_mail=counts.failed_mail - counts.bounced_mail,
        unreached=counts.unreached,
        odd_answers=counts.odd_answers,
        blocked=tuple(_blocked(due, facts)),
    )
