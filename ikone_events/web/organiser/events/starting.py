"""A new event: title, start and format are enough; or a copy of the last one of its kind."""

from collections.abc import Iterable
from datetime import timedelta

from flask import flash, redirect, render_template, request

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.events.registration_settings import TICKS, RegistrationSettings
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.words import series_slug
from ikone_events.services.events import editing as event_service
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.web.organiser.events.editing import confirm_dates, make_form, show_form
from ikone_events.web.organiser.events.event_form import EventForm, draft_of
from ikone_events.web.organiser.frame import Answer, actor, blueprint, event_url, show_complaints
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

# What the short form asks, besides hidden fields; whoever sends more sends the whole form.
_START = frozenset({"title", "starts_at", "ends_at", "format", "dates_meant"})
_MOST_TEMPLATES = 4
FIRST_LENGTH = timedelta(hours=2)


@blueprint.get("/events/new")
@permission(Permission.CREATE_EVENTS)
def new_event() -> Answer:
    """Show the last events as templates, and the three fields of an event without one."""
    return _show_start(_short_form())


@blueprint.post("/events/new")
@permission(Permission.CREATE_EVENTS)
@keeps_input
def create_event() -> Answer:
    """Store a new draft."""
    is_short = not request.form.keys() & (EventForm().data.keys() - _START - {"csrf_token"})
    form, person = _short_form() if is_short else make_form(), organiser()
    show = _show_start if is_short else show_form
    if not form.validate():
        return show(form), 422
    try:
        draft = draft_of(form)
        confirm_dates(form, draft)
        with transaction():
            event = event_service.create_event(draft, actor=actor(), now=now())
            if not person.sees_all:
                event_service.assign(person, event)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return show(form), 422
    flash(_("The draft has been saved. It is not public yet."), "success")
    return redirect(event_url(event), 303)


def _short_form() -> EventForm:
    """The form with three fields; everything else has the defaults of a new event."""
    form, person, defaults = make_form(), organiser(), RegistrationSettings()
    form.zone.data = get_installation().settings.timezone
    form.contact_name.data, form.contact_email.data = person.name, person.email
    for name in TICKS:
        form[name].data = getattr(defaults, name)
    form.retention_days.data = form.retention_days.default
    form.ends_at.validators = ()
    form.lasts = FIRST_LENGTH
    return form


def _show_start(form: EventForm) -> str:
    return render_template(
        "organiser/events/new.html",
        form=form,
        templates=_templates(events_of(organiser())),
    )


def _templates(events: Iterable[Event]) -> list[Event]:
    """Return the latest event of each series, and of each format without one, latest first."""
    announced = (event for event in events if event.state != State.DRAFT.value)
    latest = sorted(announced, key=lambda event: event.starts_at, reverse=True)
    kinds = {_kind(event): event for event in latest[::-1]}
    return sorted(kinds.values(), key=latest.index)[:_MOST_TEMPLATES]


def _kind(event: Event) -> str:
    return series_slug(event.series) if event.series else event.format
