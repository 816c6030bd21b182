"""Copying an event as a template for another date."""

from datetime import datetime, time

from flask import flash, redirect, render_template
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from ikone_events.domain.events.dates import year_complaint
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.domain.words import series_slug
from ikone_events.services.events.copying import PART_LABELS, USUAL, CopyPart, copy_event
from ikone_events.services.events.editing import assign
from ikone_events.services.events.series import next_day_of
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.events.doubtful_dates import DatesMeant
from ikone_events.web.organiser.fields import LocalTime, moment_of
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    seen_event,
    show_complaints,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

COPY = "/events/<slug>/copy"


class CopyForm(TeamForm):
    """What differs between a copy and its event; the rest can be edited afterwards."""

    title = LineField(
        _l("Title"),
        [InputRequired(_l("Please enter a title."))],
        render_kw={"maxlength": 200, "autocomplete": "off"},
    )
    title_en = LineField(
        _l("Title in English"), render_kw={"maxlength": 200, "autocomplete": "off", "lang": "en"}
    )
    starts_at = LocalTime(_l("New start"), [InputRequired(_l("Please enter the start."))])
    parts = SelectMultipleField(
        _l("Take along"),
        choices=[(part.value, _l(label)) for part, label in PART_LABELS.items()],
        default=[part.value for part in USUAL],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    dates_meant = DatesMeant()


@blueprint.get(COPY)
@permission(Permission.EDIT_EVENTS)
def ask_copy(slug: str) -> Answer:
    """Ask for the start of the copy and what it takes along; the next date is filled in."""
    event = seen_event(slug)
    start = to_local(event.starts_at, event.zone)
    at = datetime.combine(next_day_of(event, now()), time(start.hour, start.minute))
    return _page(event, CopyForm(title=event.title, title_en=event.title_en, starts_at=at))


@blueprint.post(COPY)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def make_copy(slug: str) -> Answer:
    """Save the copy as a draft."""
    event, form = seen_event(slug), CopyForm()
    if not form.validate():
        return _page(event, form), 422
    try:
        with transaction():
            made = _copy(seen_event(slug), form)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form), 422
    flash(_("The copy has been saved as a draft. Please look through it."), "success")
    return redirect(event_url(made), 303)


def _copy(event: Event, form: CopyForm) -> Event:
    found: list[Complaint] = []
    starts_at = moment_of(form.starts_at, event.zone, found)
    if starts_at is None:
        raise UnfitInput(found)
    if far := year_complaint(starts_at, "starts_at"):
        raise UnfitInput(far)
    form.dates_meant.confirm(starts_at, starts_at + (event.ends_at - event.starts_at))
    made = copy_event(
        event,
        title=form.title.data.strip(),
        title_en=(form.title_en.data or "").strip(),
        starts_at=starts_at,
        actor=actor(),
        now=now(),
        parts=[CopyPart(name) for name in form.parts.data],
    )
    if not organiser().sees_all:
        assign(organiser(), made)
    return made


def _page(event: Event, form: CopyForm) -> str:
    return render_template(
        "organiser/events/copy.html", event=event, form=form, series_slug=series_slug(event.series)
    )
