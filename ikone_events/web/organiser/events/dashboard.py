"""Today: what is to do, the next event, what happens by itself; at first, the first steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.events.needs import PRIVACY_CONTACT_MISSING
from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import ToDo, sentences_of, settling_label
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.domain.times import date_medium, to_local
from ikone_events.services.events.todo import dismiss, todo_facts_of
from ikone_events.services.installation import get_identity, get_installation, now
from ikone_events.services.operating.first_steps import first_steps
from ikone_events.services.operating.health import engine_health
from ikone_events.services.operating.identity import close_setup
from ikone_events.services.rooms.board import is_live
from ikone_events.store.db import transaction
from ikone_events.store.directory.contacts import count_unchecked
from ikone_events.store.directory.naming import is_directory_empty
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import Counts, counts_for
from ikone_events.store.incoming.lists import count_unknown
from ikone_events.web.organiser.events.settling import settling_url
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event
from ikone_events.web.organiser.plan.network_plan import upcoming_rows
from ikone_events.web.shell.access import Permission, may, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale, translate


class FirstStep(NamedTuple):
    """One row of the card: what is to do, why, and where; `done` once it is a fact."""

    done: bool
    title: str
    why: str
    url: str
    link: str


def first_step_rows() -> list[FirstStep]:
    """The rows of the card; none for others, and none when all is done or put aside."""
    steps = first_steps() if may(Permission.EDIT_SETTINGS) else None
    if steps is None:
        return []
    contact = url_for("organiser.organisation", _anchor="privacy_contact")
    return [
        FirstStep(
            steps.privacy_contact,
            _("Contact for data protection"),
            _("Without it no event can be announced."),
            contact,
            _("Enter contact"),
        ),
        FirstStep(
            steps.mail,
            _("Test e-mail"),
            _("See whether e-mails are sent and arrive."),
            url_for("organiser.mailbox", _anchor="test"),
            _("Test e-mails"),
        ),
        FirstStep(
            steps.directory,
            _("Directory of public bodies"),
            _("The form then suggests their names, and members are counted."),
            url_for("organiser.choose_list"),
            _("Import public bodies"),
        ),
        FirstStep(
            steps.event,
            _("First event"),
            _("A new event begins as a draft that nobody else sees."),
            url_for("organiser.new_event"),
            _("New event"),
        ),
    ]


@blueprint.post("/settings/first-steps/close")
@permission(Permission.EDIT_SETTINGS)
def close_first_steps() -> Answer:
    """Put the first steps aside, for all administrators."""
    with transaction():
        close_setup(now=now())
    flash(_("The first steps are hidden. What is missing stays in the to-do list."), "success")
    return redirect(url_for("organiser.dashboard"), 303)


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
    upcoming = next((event for event in coming if event.state in TAKES_PLACE), None)
    zone = get_installation().settings.timezone
    found = (*todos_of(engine_health(moment)), *_todos(events, counts, moment))
    is_new = not any(counts[event.id].total for event in events)
    first_steps = first_step_rows()
    set_up = () if first_steps else _still_to_set_up(is_new=is_new)
    lines = [*map(_row, found), *set_up, *_to_check(moment)]
    return render_template(
        "organiser/events/dashboard.html",
        day=date_medium(moment, locale=page_locale(), zone=zone),
        lines=lines,
        first_steps=first_steps,
        unknown=count_unknown() if may(Permission.SEE_INCOMING) else 0,
        upcoming=upcoming,
        address=get_installation().page(f"/events/{upcoming.slug}") if upcoming else "",
        also_today=[event for event in coming if event is not upcoming and is_live(event, moment)],
        days_left=_days_between(moment, upcoming.starts_at, upcoming.zone) if upcoming else 0,
        counts=counts,
        ahead=upcoming_rows(events, moment),
        any_event=bool(events),
    )


def _still_to_set_up(*, is_new: bool) -> Iterator[DashboardRow]:
    """What an installation lacks. `is_new`: nobody has registered for anything."""
    if not get_identity().privacy_contact:
        url = link = ""
        if may(Permission.EDIT_SETTINGS):
            url = url_for("organiser.organisation", _anchor="privacy_contact")
            link = _("Enter contact")
        text = translate(PRIVACY_CONTACT_MISSING)
        yield DashboardRow(kind="warning", text=text, url=url, link=link)
    if is_new and may(Permission.EDIT_ADMINISTRATIONS) and is_directory_empty():
        text = _(
            "The directory is empty: the form suggests no public bodies, and members are not "
            "counted."
        )
        url = url_for("organiser.choose_list")
        yield DashboardRow(kind="info", text=text, url=url, link=_("Import public bodies"))


def _todos(
    events: Sequence[Event], counts: Mapping[int, Counts], moment: datetime
) -> tuple[ToDo, ...]:
    return todos(todo_facts_of(events, counts, moment, locale=page_locale()))


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
    label = settling_label(todo, may_act=may(Permission.EDIT_EVENTS))
    return DashboardRow(
        kind=todo.severity.name.lower(),
        text=" ".join(map(translate, sentences_of(todo))),
        url=settling_url(todo),
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
