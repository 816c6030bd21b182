"""Speakers and co-organisers of an event: the list, and the form that enters and changes them."""

from flask import flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField
from wtforms.widgets import HiddenInput

from ikone_events.domain.events.speakers import (
    SPEAKER_LENGTHS,
    SPEAKER_ROLE_LABELS,
    SpeakerDraft,
    SpeakerRole,
    not_briefed_because,
)
from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.services.events.speakers import (
    SavedSpeaker,
    add_speaker,
    edit_speaker,
    registered_among,
    remove_speaker,
)
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker, get_speaker, speakers_of
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.incoming import answer_words
from ikone_events.web.organiser.registering.person_add import LANGUAGES
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import (
    AddressField,
    LineField,
    at_most,
    deliverable,
    needed,
    show_instead,
)
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

SPEAKERS = "/events/<slug>/speakers"
SPEAKER = f"{SPEAKERS}/<public_id>"


class SpeakerForm(TeamForm):
    """The fields of a speaker."""

    edit_version = IntegerField(widget=HiddenInput(), default=0)
    role = SelectField(_l("Role"), default=SpeakerRole.SPEAKER.value)
    name = LineField(
        _l("Name"),
        [needed(_l("Please enter a name."))],
        render_kw={"maxlength": SPEAKER_LENGTHS["name"], "autocomplete": "off"},
    )
    email = AddressField(
        _l("E-mail address"),
        [needed(_l("Please enter an e-mail address.")), at_most(254), deliverable],
        render_kw={"autocomplete": "off"},
    )
    organisation = LineField(
        _l("Organisation"),
        render_kw={"maxlength": SPEAKER_LENGTHS["organisation"], "autocomplete": "off"},
    )
    locale = SelectField(_l("Language of the e-mails"), choices=LANGUAGES, default="de")


@blueprint.get(SPEAKERS)
@permission(Permission.SEE_EVENTS)
def speakers(slug: str) -> str:
    """List the speakers; viewers see names and roles alone."""
    event = seen_event(slug)
    people = speakers_of(event)
    return render_template(
        "organiser/events/speakers.html",
        event=event,
        people=people,
        roles=SPEAKER_ROLE_LABELS,
        words=answer_words,
        registered=registered_among(event, people),
        undeliverable=undeliverable_among([each.email_key for each in people]),
        not_yet=_not_yet(event),
    )


@blueprint.get(f"{SPEAKERS}/new")
@permission(Permission.EDIT_EVENTS)
def new_speaker(slug: str) -> str:
    """Show an empty form."""
    return _page(seen_event(slug), _form(formdata=None))


@blueprint.post(f"{SPEAKERS}/new")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def create_speaker(slug: str) -> Answer:
    """Save a new speaker, to whom nothing is sent yet."""
    event, form = seen_event(slug), _form()
    if not form.validate():
        return _page(event, form), 422
    try:
        with transaction():
            speaker = add_speaker(slug, _draft(form), now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form), 422
    flash(
        _("“%(name)s” has been entered. Nothing has been sent yet.", name=speaker.name), "success"
    )
    if _not_yet(seen_event(slug)):
        return _to_list(slug)
    return redirect(url_for("organiser.ask_briefing", slug=slug, public_id=speaker.public_id), 303)


@blueprint.get(SPEAKER)
@permission(Permission.EDIT_EVENTS)
def speaker(slug: str, public_id: str) -> str:
    """Show a speaker in a form."""
    event = seen_event(slug)
    found = get_speaker(event, public_id)
    form = _form(formdata=None, obj=found, organisation=found.organisation_text)
    return _page(event, form, found)


@blueprint.post(SPEAKER)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_speaker(slug: str, public_id: str) -> Answer:
    """Save an edited speaker, unless somebody else has saved meanwhile."""
    event, form = seen_event(slug), _form()
    found = get_speaker(event, public_id)
    if not form.validate():
        return _page(event, form, found), 422
    version = form.edit_version.data or 0
    try:
        with transaction():
            saved = edit_speaker(slug, public_id, _draft(form), edit_version=version, now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(event, form, get_speaker(event, public_id)), 422
    except StaleForm as refusal:
        found = get_speaker(event, public_id)
        show_instead(form.edit_version, found.edit_version)
        return _page(event, form, found, translate_all(refusal.complaints)), 409
    flash(_saved_words(saved), "success")
    return _to_list(slug)


@blueprint.get(f"{SPEAKER}/remove")
@permission(Permission.EDIT_EVENTS)
def ask_speaker_removal(slug: str, public_id: str) -> str:
    """Ask before somebody is removed, and say what they are sent."""
    event = seen_event(slug)
    found = get_speaker(event, public_id)
    return render_template("organiser/events/speaker_remove.html", event=event, speaker=found)


@blueprint.post(f"{SPEAKER}/remove")
@permission(Permission.EDIT_EVENTS)
def delete_speaker(slug: str, public_id: str) -> Answer:
    """Remove somebody; who has the date in the calendar gets it withdrawn."""
    seen_event(slug)
    with transaction():
        name, is_mailed = remove_speaker(slug, public_id, now=now())
    words = _("“%(name)s” has been removed.", name=name)
    if is_mailed:
        words += " " + _("An e-mail removes the date from the calendar.")
    flash(words, "success")
    return _to_list(slug)


def _saved_words(saved: SavedSpeaker) -> str:
    words = _("“%(name)s” has been saved.", name=saved.speaker.name)
    if saved.briefed_anew:
        words += " " + _("The briefing goes to the new address.")
    return words


def _not_yet(event: Event) -> str:
    """Why no briefing can be sent; "" if it can."""
    found = not_briefed_because(event.state, over=event.ends_at <= now())
    return translate(found) if found else ""


def _form(**values: object) -> SpeakerForm:
    form = SpeakerForm(**values)
    form.role.choices = [(each.value, _(SPEAKER_ROLE_LABELS[each])) for each in SpeakerRole]
    return form


def _draft(form: SpeakerForm) -> SpeakerDraft:
    names = SpeakerDraft.__dataclass_fields__
    return SpeakerDraft(**{name: form[name].data or "" for name in names})


def _page(
    event: Event, form: SpeakerForm, found: Speaker | None = None, conflict: list[str] | None = None
) -> str:
    return render_template(
        "organiser/events/speaker.html",
        event=event,
        form=form,
        speaker=found,
        conflict=conflict or [],
    )


def _to_list(slug: str) -> Answer:
    return redirect(url_for("organiser.speakers", slug=slug), 303)
