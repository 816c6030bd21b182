"""Editing events, and the two buttons of a change not yet mailed.

A form made from an older version shows what others have saved; it never overwrites it.
"""

from dataclasses import dataclass

from flask import flash, redirect, render_template

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.registration_settings import MOMENTS, TICKS
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.refusals import N_, Complaint, SomebodyWasFaster, StaleForm, UnfitInput
from ikone_events.domain.times import typed_words
from ikone_events.services.events import editing as event_service
from ikone_events.services.events import updates
from ikone_events.services.events.series import similar_series
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import count
from ikone_events.services.registering.answers import asked_fields
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.series import series_of
from ikone_events.web.organiser.events.event_form import (
    FORMATS_OF,
    EventForm,
    draft_fields,
    draft_of,
    values_of,
)
from ikone_events.web.organiser.events.event_page import show_event
from ikone_events.web.organiser.events.update_words import knows, look_at, saved_words
from ikone_events.web.organiser.fields import typed
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    event_url,
    flash_at,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale
from ikone_events.web.shell.interrupted import keeps_input


@dataclass(frozen=True, slots=True)
class EditConflict:
    """A field whose value in the form differs from the stored one."""

    label: str
    yours: str
    stored: str


@blueprint.get("/events/<slug>/edit")
@permission(Permission.EDIT_EVENTS)
def edit_event(slug: str) -> Answer:
    """Show the stored event in a form."""
    event = seen_event(slug)
    return show_form(make_form(**values_of(event)), event)


@blueprint.post("/events/<slug>/edit")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_event(slug: str) -> Answer:
    """Save the edited event, unless somebody else has saved it meanwhile."""
    return _edit(slug)


@blueprint.post("/events/<slug>/edit/look")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def look_at_edit(slug: str) -> Answer:
    """Show the description, and what calendars would display after saving; nothing is stored."""
    return _edit(slug, only_look=True)


def _edit(slug: str, *, only_look: bool = False) -> Answer:
    event = seen_event(slug)
    form = make_form(room_provider=event.room_provider)  # stays a choice, also if not set up
    edit_version, series = _read_edit_version(form, event), event.series
    shown = {"shows_texts": only_look}
    if not form.validate():
        return show_form(form, event, **shown), 422
    try:
        draft = draft_of(form)
        if only_look:
            event_service.check_edit_version(event, edit_version)
            then = event_service.event_as_edited(event, draft)
            look = look_at(event, then) if event.state != State.DRAFT.value else None
            return show_form(form, event, look=look, **shown)
        confirm_dates(form, draft, event)
        with transaction():
            edited = event_service.edit_event(
                slug,
                draft,
                expected_edit_version=edit_version,
                now=now(),
                actor=actor(),
                silent=form.is_silent,
            )
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return show_form(form, seen_event(slug), **shown), 422
    except StaleForm as refusal:
        return _conflict(form, seen_event(slug), refusal), 409
    flash(saved_words(edited.event) + _moved_up(edited.moved_up), "success")
    _warn_of_similar_series(edited.event, before=series)
    return redirect(event_url(edited.event), 303)


def confirm_dates(form: EventForm, draft: EventDraft, event: Event | None = None) -> None:
    """Raise UnfitInput for new dates that are probably mistyped, once everything else is right."""
    event_service.check_event_draft(draft, event)
    known = (event.starts_at, event.ends_at) if event else None
    if known != (draft.starts_at, draft.ends_at):
        form.dates_meant.confirm(draft.starts_at, draft.ends_at)


def _moved_up(number: int) -> str:
    """Return a further sentence if the edit gave seats to people who were waiting."""
    if number == 0:
        return ""
    return " " + ngettext(
        "One person has moved up from the waiting list and gets an e-mail.",
        "%(num)d people have moved up from the waiting list and get an e-mail.",
        number,
    )


def make_form(**values: object) -> EventForm:
    """Return the form of an event in the language of the page."""
    form = EventForm(**values)
    form.translate_choices(_)
    return form


def _read_edit_version(form: EventForm, event: Event) -> int:
    """Return the version that the form was made from; raises UnfitInput without one."""
    number = form.edit_version.data
    if form.edit_version.process_errors or number is None or not 0 < number <= event.edit_version:
        raise UnfitInput(Complaint(N_("The form is incomplete. Please open it again.")))
    return int(number)


def _conflict(form: EventForm, event: Event, refusal: StaleForm) -> str:
    """Show both values of every field that differs; saving again overwrites them."""
    stored = make_form(formdata=None, **values_of(event))
    differences = [
        EditConflict(form[name].label.text, _shown(form, name), _shown(stored, name))
        for name in draft_fields()
        if _shown(form, name) != _shown(stored, name)
    ]
    show_instead(form.edit_version, event.edit_version)
    return show_form(
        form, event, conflict=translate_all(refusal.complaints), differences=differences
    )


def _shown(form: EventForm, name: str) -> str:
    field = form[name]
    if name in ("format", "plan", "room_provider"):
        return str(dict(field.choices).get(field.data, ""))
    if name in TICKS:
        return _("yes") if field.data else _("no")
    if name in ("starts_at", "ends_at", *MOMENTS):
        return typed_words(field.data, locale=page_locale()) if field.data else ""
    return typed(field.data)


def show_form(form: EventForm, event: Event | None = None, **conflict: object) -> str:
    """Render the form of an event, or of a new one."""
    context = {"conflict": (), "differences": (), "look": None, "shows_texts": False, **conflict}
    knowing = (
        count(event, Audience.CONFIRMED_AND_WAITING, now=now()) if event and knows(event) else 0
    )
    return render_template(
        "organiser/events/event_form.html",
        data_page="edit" if event else "new",
        form=form,
        event=event,
        is_mailed=knowing > 0,
        knowing=knowing,
        asked=_asked_labels(event) if event else [],
        formats_of=FORMATS_OF,
        applying=[name for name in FORMATS_OF if form.applies(name)],
        series_names=series_of(organiser()),
        **context,
    )


def _warn_of_similar_series(event: Event, *, before: str) -> None:
    """Say that a new name of a series looks like that of another one."""
    similar = similar_series(event.series, series_of(organiser()))
    if event.series != before and similar:
        text = _(
            "The series “%(name)s” is new. Did you mean “%(other)s”?",
            name=event.series,
            other=similar[0],
        )
        flash(text, "warning")


def _asked_labels(event: Event) -> list[tuple[str, str]]:
    """Return key and label of each own field that the form of registration asks for."""
    locale = page_locale()
    return [(field.key, field.label_in(locale)) for field in asked_fields(event)]


@blueprint.post("/events/<slug>/update/notify")
@permission(Permission.EDIT_EVENTS)
def notify_of_update(slug: str) -> Answer:
    """Write the mails about a change at once."""
    return _decide(slug, mail=True)


@blueprint.post("/events/<slug>/update/silent")
@permission(Permission.EDIT_EVENTS)
def save_without_notification(slug: str) -> Answer:
    """Send no mail about a change; the next mail with a calendar entry contains it."""
    return _decide(slug, mail=False)


def _decide(slug: str, *, mail: bool) -> Answer:
    event, mailing = seen_event(slug), None
    try:
        with transaction():
            if mail:
                mailing = updates.notify_now(slug, actor=actor(), now=now())
            else:
                updates.tell_nobody(slug)
    except SomebodyWasFaster as refusal:
        return show_event(seen_event(slug), refused=refusal.complaints), 409
    if not mail:
        words = _("Nobody is told. The next e-mail with a calendar entry carries the change.")
        flash_at("next-step", words)
    elif mailing is None:
        flash_at("next-step", _("There is nobody any more who would have to be told."), "info")
    else:
        flash_at("next-step", _("The e-mails are on their way."))
    return redirect(event_url(event), 303)
