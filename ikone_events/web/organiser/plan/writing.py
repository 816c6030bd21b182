"""Writing a mail to many people: it becomes a step that is off until its preview was seen."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience, own_audiences
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import placeholders_of
from ikone_events.domain.plan.times import ANCHOR_LABELS, Anchor, Timing
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import now
from ikone_events.services.mails.texts import NO_TEXT, TextChange
from ikone_events.services.plan.step_mails import (
    MOST_TITLE,
    OwnMessage,
    counts_of_audiences,
    note_message,
    notes_of,
    organisations_of,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event, show_complaints
from ikone_events.web.organiser.mails.text_form import TextForm, check_texts, typed_text
from ikone_events.web.organiser.plan.step_form import StepForm, timing_from
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

AT_ONCE = "now"
_ANCHORS = (Anchor.FIXED, Anchor.START, Anchor.END, Anchor.DEADLINE)
# The name of no kind of mail: the English text of an own message may be empty.
_OWN = "own-new"


@dataclass(frozen=True, slots=True)
class Chosen:
    """People to whom alone a message goes: their registrations' ids and names.

    `here` is the address of the page, `back` where they were chosen.
    """

    people: Sequence[int]
    names: Sequence[str]
    here: str
    back: str


class WriteForm(StepForm, TextForm):
    """Audience, text and time of one mail to many people."""

    title = LineField(
        _l("Internal title"), render_kw={"maxlength": MOST_TITLE, "autocomplete": "off"}
    )
    audience = SelectField(_l("To whom"), validate_choice=False)
    organisation = SelectField(_l("Public body"), validate_choice=False)


@blueprint.get("/events/<slug>/write")
@permission(Permission.EDIT_EVENTS)
def write(slug: str) -> Answer:
    """Show an empty form, and the mails already planned."""
    event = seen_event(slug)
    return show_form(event, write_form(event, audience=request.args.get("audience", "")))


@blueprint.post("/events/<slug>/write")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_message(slug: str) -> Answer:
    """Save a mail and show its preview; nothing is sent yet."""
    return take_form(seen_event(slug))


def take_form(event: Event, chosen: Chosen | None = None) -> Answer:
    """Save the mail of a form that was sent, or show the form with what is wrong."""
    form, slug = write_form(event), event.slug
    try:
        message = _message(form, event, chosen)
        with transaction():
            step = note_message(slug, message, actor=actor(), now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return show_form(seen_event(slug), form, chosen), 422
    flash(_("Saved. Nothing has been sent yet: please look at the e-mail first."), "success")
    return redirect(url_for("organiser.preview_step", slug=slug, step_id=step.id), 303)


def write_form(event: Event, *, audience: str = "") -> WriteForm:
    """Return the form with the number of people of every audience; one can be chosen already."""
    form = WriteForm(audience=audience) if audience else WriteForm()
    numbers = counts_of_audiences(event, now())
    form.audience.choices = [
        (audience.value, _number(_(AUDIENCE_LABELS[audience]), numbers.get(audience)))
        for audience in own_audiences(hybrid=event.format == EventFormat.HYBRID.value)
    ]
    form.organisation.choices = [("", _("Please choose"))] + [
        (str(number), _number(name, people)) for number, name, people in organisations_of(event)
    ]
    anchors = [(anchor.value, _(ANCHOR_LABELS[anchor])) for anchor in _ANCHORS]
    form.anchor.choices = [(AT_ONCE, _("At once, after the preview")), *anchors]
    form.anchor.label.text = _("When")
    form.subject_en.render_kw = {"lang": "en"}
    form.body_de.render_kw = {**form.body_de.render_kw, "rows": 12}
    form.body_en.render_kw = {"lang": "en", "rows": 12}
    return form


def _number(label: str, people: int | None) -> str:
    return label if people is None else f"{label} ({people})"


def _message(form: WriteForm, event: Event, chosen: Chosen | None) -> OwnMessage:
    """Return the message that the form describes; raises UnfitInput with all complaints."""
    fits = form.validate()
    found: list[Complaint] = []
    timing = Timing(anchor=Anchor.FIXED, fixed=now())
    try:
        timing = _timing(form, event)
    except UnfitInput as refusal:
        found.extend(refusal.complaints)
    if not check_texts(form, _OWN, {}) or not fits or found:
        raise UnfitInput(found)
    organisation = str(form.organisation.data or "")
    return OwnMessage(
        title=form.title.data or "",
        audience=Audience.CHOSEN if chosen else _audience(form),
        people=chosen.people if chosen else (),
        organisation_id=int(organisation) if organisation.isdecimal() else None,
        timing=timing,
        texts=[
            TextChange(locale, text)
            for locale in LOCALES
            if (text := typed_text(form, locale)) != NO_TEXT
        ],
    )


def _audience(form: WriteForm) -> Audience:
    if form.audience.data not in [value for value, _label in form.audience.choices]:
        raise UnfitInput(Complaint(N_("Please choose to whom you write."), about="audience"))
    return Audience(form.audience.data)


def _timing(form: WriteForm, event: Event) -> Timing:
    """Return the time of the step; "at once" is a step that is due but switched off."""
    if form.anchor.data not in _ANCHORS:
        return Timing(anchor=Anchor.FIXED, fixed=now())
    timing = timing_from(form, event)
    if timing.fixed is not None and timing.fixed <= now():
        raise UnfitInput(Complaint(N_("Please choose a time to come."), about="fixed"))
    return timing


def show_form(event: Event, form: WriteForm, chosen: Chosen | None = None) -> str:
    """Render the form, and the mails that wait."""
    return render_template(
        "organiser/plan/write.html",
        event=event,
        form=form,
        chosen=chosen,
        placeholders=placeholders_of(MailKind.NOTE.value).values(),
        waiting=[(step, moment_words(step.due_at, event.zone)) for step in notes_of(event)],
    )
