"""The public form of an event as people see it, in either language, without a way to send it."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import g, render_template, request
from flask_babel import force_locale

from ikone_events.services.installation import now
from ikone_events.services.registering.answers import asked_fields
from ikone_events.store.registering.availability import get_availability
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.organiser.registering.form.fields import FORM
from ikone_events.web.registering.page import FormContext, render_fields
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.event_badge import badge_for
from ikone_events.web.shell.i18n import LOCALES, page_locale


@blueprint.get(f"{FORM}/preview")
@permission(Permission.EDIT_EVENTS)
def preview_form(slug: str) -> str:
    """The fields as people see them, in the language that was asked for."""
    event = seen_event(slug)
    wish = request.args.get("form", "")
    language = wish if wish in LOCALES else page_locale()
    availability = get_availability(event, now())
    desk = FormContext(event, availability, badge_for(availability), asked_fields(event))
    with speaking(language):
        fields = render_fields(desk, desk.read())
    return render_template(
        "organiser/registering/form_preview.html",
        event=event,
        fields=fields,
        own_fields=desk.fields,
        language=language,
    )


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Render a part of a page in another language than the page's own."""
    before = page_locale()
    g.page_locale = language
    try:
        with force_locale(language):
            yield
    finally:
        g.page_locale = before
