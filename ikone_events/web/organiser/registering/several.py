"""Actions on several registrations: each in a transaction of its own, with one report."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for

from ikone_events.domain.refusals import Busy, Refusal
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.salutation import full_name
from ikone_events.services.installation import now
from ikone_events.services.registering.by_organiser import FOR_SEVERAL, OrganiserRequest, press
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    say_all,
    seen_event,
)
from ikone_events.web.organiser.registering.filter import query_of, wish_of
from ikone_events.web.organiser.registering.people_words import action_label
from ikone_events.web.organiser.registering.registrations import back_to_list
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import typed_text
from ikone_events.web.shell.i18n import gettext as _

_PATH = "/events/<slug>/registrations/do/<action>"
# The page size of the list.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Ticked:
    """A selected person, with the status that the list showed."""

    public_id: str
    expected: str
    name: str


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def several_done(slug: str, action: str) -> Answer:
    """Lead back to the list; a GET does nothing."""
    _action(action)
    return redirect(url_for("organiser.registrations", slug=seen_event(slug).slug), 303)


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
def do_to_several(slug: str, action: str) -> Answer:
    """Carry out an action for each person; ask first if it can't be undone."""
    wanted, event = _action(action), seen_event(slug)
    ticked = list(_ticked(event))
    reason = typed_text(request.form.get("reason"))
    asked = request.form.get("asked") == "yes"
    missing = wanted is RegistrationAction.DECLINE and not reason
    if not ticked:
        flash_at("several", _("Please tick the people in the list first."), "warning")
        return back_to_list(slug, anchor="several")
    if wanted is not RegistrationAction.APPROVE and (not asked or missing):
        status = 422 if asked and missing else 200
        return _page(
            "organiser/registering/ask_several.html", event, wanted, ticked=ticked, asked=asked
        ), status
    outcomes = [(each, _do_to_one(each, wanted, reason)) for each in ticked]
    return _page(
        "organiser/registering/several_done.html",
        seen_event(slug),
        wanted,
        done=[each for each, complaints in outcomes if not complaints],
        refused=[(each, complaints) for each, complaints in outcomes if complaints],
    )


def _action(name: str) -> RegistrationAction:
    if name not in FOR_SEVERAL:
        abort(404)
    return RegistrationAction(name)


def _ticked(event: Event) -> Iterator[Ticked]:
    """Return the selected people of this event with the status that the form names."""
    for value in list(dict.fromkeys(request.form.getlist("person")))[:_MOST]:
        public_id, _slash, expected = value.partition("/")
        person = get_person(event, public_id)
        name = full_name(person.title, person.first_name, person.last_name)
        yield Ticked(public_id, expected, name)


def _do_to_one(who: Ticked, action: RegistrationAction, reason: str) -> list[str]:
    """Return why the action was refused for one person; empty if it was done."""
    wish = OrganiserRequest(
        action=action, expected=who.expected, actor=actor(), now=now(), reason=reason
    )
    try:
        with transaction():
            press(who.public_id, wish)
    except Busy:
        raise
    except Refusal as refusal:
        return say_all(refusal.complaints)
    return []


def _page(template: str, event: Event, action: RegistrationAction, **more: object) -> str:
    return render_template(
        template,
        event=event,
        action=action.value,
        label=action_label(action),
        query=query_of(wish_of(request.form)),
        **more,
    )
