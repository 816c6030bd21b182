"""Writing to people who were chosen from the list."""

from typing import Any

from flask import abort, redirect, request, url_for

from ikone_events.services.installation import now
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event
from ikone_events.web.organiser.plan.writing import Chosen, show_form, take_form, write_form
from ikone_events.web.organiser.registering.filter import query_of
from ikone_events.web.organiser.registering.registrations import back_without
from ikone_events.web.organiser.registering.selection import selection_of
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

_PATH = "/events/<slug>/registrations/write"


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def write_to_chosen(slug: str) -> Answer:
    """Show the empty form of a message to the people in the address."""
    event = seen_event(slug)
    return show_form(event, write_form(event), _chosen(event))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_message_to_chosen(slug: str) -> Answer:
    """Save the message and show its preview; nothing is sent yet."""
    event = seen_event(slug)
    return take_form(event, _chosen(event))


@blueprint.post("/events/<slug>/registrations/do/write")
@permission(Permission.EDIT_EVENTS)
def choose_for_message(slug: str) -> Answer:
    """Lead from the list to the form, for the people who are selected there."""
    event, selection = seen_event(slug), selection_of(request.form)
    if selection.is_empty:
        return back_without(slug, _("Please tick the people in the list first."))
    if audience := selection.audience:
        return redirect(url_for("organiser.write", slug=slug, audience=audience.value), 303)
    if not selection.people(event, now()):
        return back_without(slug, _("This is not possible for anybody who is selected."))
    return redirect(url_for("organiser.write_to_chosen", slug=slug, **selection.query), 303)


def _chosen(event: Event) -> Chosen:
    """Return the people in the address; somebody must be left of them."""
    selection = selection_of(request.args)
    people = [] if selection.is_empty else selection.people(event, now())
    if not people:
        abort(404)
    kept: dict[str, Any] = query_of(selection.wish)
    return Chosen(
        people=[each.id for each in people],
        names=[each.name for each in people],
        here=url_for("organiser.save_message_to_chosen", slug=event.slug, **selection.query),
        back=url_for("organiser.registrations", slug=event.slug, **kept),
    )
