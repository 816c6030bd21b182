"""The two buttons of a change that waits to be told: now, or not at all."""

from flask import flash, redirect

from ikone_events.domain.refusals import SomebodyWasFaster
from ikone_events.services import updates
from ikone_events.services.office import now
from ikone_events.store.db import transaction
from ikone_events.web.access import Permission, permission
from ikone_events.web.organiser.event_page import show_event
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    say_all,
    seen_event,
)
from ikone_events.web.organiser.words import gettext as _


@blueprint.post("/events/<slug>/update/tell")
@permission(Permission.EDIT_EVENTS)
def tell_update(slug: str) -> Answer:
    """Write the letters at once."""
    event = seen_event(slug)
    try:
        with transaction():
            mailing = updates.tell_now(slug, actor=actor(), now=now())
    except SomebodyWasFaster as refusal:
        return show_event(seen_event(slug), refused=tuple(say_all(refusal.complaints))), 409
    if mailing is None:
        flash(_("There is nobody any more who would have to be told."), "info")
    else:
        flash(_("The letters are on their way."), "success")
    return redirect(event_url(event), 303)


@blueprint.post("/events/<slug>/update/silent")
@permission(Permission.EDIT_EVENTS)
def keep_update_silent(slug: str) -> Answer:
    """Tell nobody for now; the next letter with a calendar entry carries the change."""
    event = seen_event(slug)
    try:
        with transaction():
            updates.tell_nobody(slug)
    except SomebodyWasFaster as refusal:
        return show_event(seen_event(slug), refused=tuple(say_all(refusal.complaints))), 409
    flash(_("Nobody is told. The next letter with a calendar entry carries the change."), "success")
    return redirect(event_url(event), 303)
