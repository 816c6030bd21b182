"""Writing a mail to many people: it becomes a step that is off until its preview was seen."""

from flask import flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience, own_audiences
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import placeholders_of
from ikone_events.domain.plan.times import ANCHOR_LABELS, Anchor, Timing
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.mails.texts import LOCALES, NO_TEXT, TextChange
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
from ikone_events.web.organiser.frame import Answer, actor, blueprint, place, seen_event
from ikone_events.web.organiser.mails.text_form import TextForm, check_texts, typed_text
from ikone_events.web.organiser.plan.step_form import StepForm, timing_from
from ikone_events.web.organiser.plan.step_words import moment_words
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input

AT_ONCE = "now"
_ANCHORS = (Anchor.FIXED, Anchor.START, Anchor.END, Anchor.DEADLINE)
# The name of no kind of mail: the English text of an own message may be empty.
_OWN = "own-new"


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
    return _page(seen_event(slug), _form(seen_event(slug)))


@blueprint.post("/events/<slug>/write")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_message(slug: str) -> Answer:
    """Save a mail and show its preview; nothing is sent yet."""
    event = seen_event(slug)
    form = _form(event)
    try:
        message = _message(form, event)
        with transaction():
            step = note_message(slug, message, actor=actor(), now=now())
    except UnfitInput as refusal:
        place(form, refusal.complaints)
        return _page(seen_event(slug), form), 422
    flash(_("Saved. Nothing has been sent yet: please look at the e-mail first."), "success")
    return redirect(url_for("organiser.preview_step", slug=slug, step_id=step.id), 303)


def _form(event: Event) -> WriteForm:
    """Return the form with the number of people of every audience."""
    form = WriteForm()
    numbers = counts_of_audiences(event)
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


def _message(form: WriteForm, event: Event) -> OwnMessage:
    """Return the message that the form describes; raises UnfitInput with all complaints."""
    fits = form.validate()
    found: list[Complaint] = []
    timing = Timing(anchor=Anchor.FIXED, fixed=now())
    try:
        timing = _timing(form, event)
    except UnfitInput as refusal:
        found.extend(refusal.complaints)
    if not (form.title.data or "").strip():
        found.append(Complaint(N_("Please enter a title."), about="title"))
    if not check_texts(form, _OWN) or not fits or found:
        raise UnfitInput(found)
    organisation = str(form.organisation.data or "")
    return OwnMessage(
        title=form.title.data or "",
        audience=_audience(form),
        organisation_id=int(organisation) if organisation.isdecimal() else None,
        timing=timing,
        texts=[
            TextChange(locale, text)
            for locale in LOCALES
            if (text := typed_text(form, locale)) != NO_TEXT
        ],
    )


def _audience(form: WriteForm) -> Audience:
    try:
        return Audience(form.audience.data)
    except ValueError:
        text = N_("Please choose to whom you write.")
        raise UnfitInput(Complaint(text, about="audience")) from None


def _timing(form: WriteForm, event: Event) -> Timing:
    """Return the time of the step; "at once" is a step that is due but switched off."""
    if form.anchor.data not in _ANCHORS:
        return Timing(anchor=Anchor.FIXED, fixed=now())
    timing = timing_from(form, event)
    if timing.fixed is not None and timing.fixed <= now():
        raise UnfitInput(Complaint(N_("Please choose a time to come."), about="fixed"))
    return timing


def _page(event: Event, form: WriteForm) -> str:
    return render_template(
        "organiser/plan/write.html",
        event=event,
        form=form,
        placeholders=placeholders_of(MailKind.NOTE.value).values(),
        waiting=[(step, moment_words(step.due_at, event)) for step in notes_of(event)],
    )
