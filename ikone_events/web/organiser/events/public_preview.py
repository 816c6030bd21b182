"""Preview of an event's public page and form, with the public templates."""

from flask import redirect, url_for

from ikone_events.domain.events.lifecycle import State
from ikone_events.services.installation import now
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.web.organiser.frame import Answer, blueprint, event_url, seen_event
from ikone_events.web.public import events as public_page
from ikone_events.web.registering import signup
from ikone_events.web.shell.access import Permission, permission

PAGE = "/events/<slug>/public"


@blueprint.get(PAGE)
@permission(Permission.SEE_EVENTS)
def public_preview(slug: str) -> Answer:
    """Show a draft's page as it will look with an open registration; others are public."""
    if (event := _once_open(seen_event(slug))) is None:
        return redirect(url_for("public.event", slug=slug), 303)
    form_url = url_for("organiser.public_form_preview", slug=slug)
    return public_page.render_preview(
        event, now(), preview=event_url(event), preview_form=form_url, area=""
    )


@blueprint.get(f"{PAGE}/register")
@permission(Permission.SEE_EVENTS)
def public_form_preview(slug: str) -> Answer:
    """Show a draft's form of registration, without a way to send it."""
    if (event := _once_open(seen_event(slug))) is None:
        return redirect(url_for("signup.register", slug=slug), 303)
    page_url = url_for("organiser.public_preview", slug=slug)
    return signup.render_preview(event, preview=event_url(event), preview_page=page_url, area="")


def _once_open(event: Event) -> Event | None:
    """A draft as it will be once its registration is open; None for any other event."""
    if event.state != State.DRAFT.value:
        return None
    return as_if(event, {"state": State.OPEN.value}, materials=event.materials)
