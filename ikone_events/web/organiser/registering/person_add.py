"""Adding a registration by hand; the person gets the usual mail."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.header_text import MOST_REASON, text_complaint
from ikone_events.domain.refusals import RegistrationClosed, UnfitInput
from ikone_events.domain.registering.form_fields import FieldKind, OwnField
from ikone_events.domain.registering.seating import not_addable_because
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, registration_status
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.new_registrations import Applicant
from ikone_events.services.registering.registrations import add_person
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event, show_complaints
from ikone_events.web.registering.own_fields import add_own_fields, answers_of
from ikone_events.web.registering.person_form import QUESTION_LENGTH, PersonForm, mode_choices
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.badges import places_left
from ikone_events.web.shell.forms import LineField, TextField, at_most, fit_name, unless
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.interrupted import TeamForm, keeps_input

_PATH = "/events/<slug>/registrations/add"
LANGUAGES = [("de", _l("German")), ("en", _l("English"))]


class PersonByOrganiserForm(TeamForm, PersonForm):
    """A person's details as an organiser fills them in, without the browser's own data."""

    position = LineField(_l("Department or position"), [at_most(200), fit_name])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn_off_autofill()


class AddForm(PersonByOrganiserForm):
    """The details of a person to add: name, address, and the event's required answers."""

    organisation = LineField(
        _l("Public body or organisation"),
        [at_most(200), fit_name],
    )
    question = TextField(
        _l("Question to the speakers"),
        [at_most(QUESTION_LENGTH), unless(text_complaint)],
        render_kw={"rows": 3},
    )
    locale = SelectField(
        _l("Language of the e-mails"),
        choices=LANGUAGES,
        default="de",
    )
    left_open = BooleanField(_l("Leave required answers open: the person is asked by e-mail"))
    extra = LineField(
        _l("Reason for an extra place"),
        [at_most(MOST_REASON)],
        description=_l("Only if this person is to get a place although none is free."),
    )
    mode = RadioField(_l("How does this person take part?"), choices=[], validate_choice=False)


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def add_form(slug: str) -> Answer:
    """Show an empty form."""
    event = seen_event(slug)
    return _page(event, *_form(event))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def add_to_event(slug: str) -> Answer:
    """Register a person; a full event puts them on the waiting list or refuses."""
    event = seen_event(slug)
    form, fields = _form(event)
    if not form.validate():
        return _page(event, form, fields), 422
    try:
        with transaction():
            added = add_person(
                slug,
                _applicant(form, fields),
                actor=actor(),
                now=now(),
                extra=form.extra.data or "" if "extra" in form else "",
            )
    except (UnfitInput, RegistrationClosed) as refusal:
        event = seen_event(slug)
        show_complaints(form, refusal.complaints)
        return _page(event, form, fields), 422 if isinstance(refusal, UnfitInput) else 409
    status = _(REGISTRATION_STATUS_LABELS[registration_status(added.status, added.awaits)])
    flash(_("Added: %(status)s. The person gets an e-mail.", status=status), "success")
    return redirect(url_for("organiser.person", slug=slug, public_id=added.public_id), 303)


def _form(event: Event) -> tuple[Any, tuple[OwnField, ...]]:
    """Return the form and the event's own fields, without consents.

    Only the person can consent. Organisers may leave required answers open, but not by accident.
    """
    asked = (own for own in asked_fields(event) if own.kind is not FieldKind.CONSENT)
    knowingly = "left_open" in request.form
    fields = tuple(replace(own, required=own.required and not knowingly) for own in asked)
    form = add_own_fields(AddForm, fields, page_locale())()
    if not knowingly and not any(own.required for own in fields):
        del form.left_open
    availability = get_availability(event, now())
    if event.per_administration is None and all(
        availability.free_for(mode) != 0 for mode in availability.modes
    ):
        del form.extra
    if event.format == EventFormat.HYBRID.value:
        form.mode.choices = mode_choices(availability)
    else:
        del form.mode
    return form, fields


def _applicant(form: Any, fields: tuple[OwnField, ...]) -> Applicant:
    names = ("salutation", "title", "first_name", "last_name", "email", "organisation", "position")
    return Applicant(
        **{name: form[name].data or "" for name in names},
        question=form.question.data,
        locale=form.locale.data,
        mode=form.mode.data if "mode" in form else "",
        answers=answers_of(form, fields),
    )


def _page(event: Event, form: Any, fields: tuple[OwnField, ...]) -> str:
    availability = get_availability(event, now())
    complaint = not_addable_because(availability)
    return render_template(
        "organiser/registering/person_add.html",
        event=event,
        form=form,
        fields=fields,
        organisations=organisation_names(),
        closed=translate(complaint) if complaint else "",
        places=places_left(availability),
        full=availability.free == 0,
        waiting_list=event.waiting_list,
    )
