"""Preview of an event's public page and form, with the public templates."""

from flask import url_for

from ikone_events.domain.events.lifecycle import State
from ikone_events.services.installation import now
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.web.organiser.frame import blueprint, event_url, seen_event
from ikone_events.web.public import events as public_page
from ikone_events.web.registering import signup
from ikone_events.web.shell.access import Permission, permission

PAGE = "/events/<slug>/public"


@blueprint.get(PAGE)
@permission(Permission.SEE_EVENTS)
def public_preview(slug: str) -> str:
    """Show the public page as it will look with an open registration."""
    event = _once_public(seen_event(slug))
    form_url = url_for("organiser.public_form_preview", slug=slug)
    return public_page.render_preview(
        event, now(), preview=event_url(event), preview_form=form_url, area=""
    )


@blueprint.get(f"{PAGE}/register")
@permission(Permission.SEE_EVENTS)
def public_form_preview(slug: str) -> str:
    """Show the form of registration, without a way to send it."""
    event = _once_public(seen_event(slug))
    page_url = url_for("organiser.public_preview", slug=slug)
    return signup.render_preview(event, preview=event_url(event), preview_page=page_url, area="")


def _once_public(event: Event) -> Event:
    """The event as it will be once its registration is open; others are shown as they are."""
    if event.state != State.DRAFT.value:
        return event
    return as_if(event, {"state": State.OPEN.value}, materials=event.materials)
