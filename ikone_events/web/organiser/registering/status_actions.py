"""Actions on one registration; some ask for something first."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import MOST_REASON
from ikone_events.domain.refusals import (
    LinkRefused,
    Refusal,
    RegistrationClosed,
    SomebodyWasFaster,
    StatusRefused,
    UnfitInput,
)
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.status import RegistrationAction, registration_status
from ikone_events.services.installation import now
from ikone_events.services.registering.by_organiser import OrganiserRequest, actions_for, press
from ikone_events.services.registering.hand_over import Deputy
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.registering.status import why_not_up
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    show_complaints,
)
from ikone_events.web.organiser.registering.people_words import ASKING, DONE_TEXTS, action_label
from ikone_events.web.organiser.registering.person import show_person
from ikone_events.web.organiser.registering.person_add import PersonByOrganiserForm
from ikone_events.web.organiser.registering.registrations import back_to_list
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import TextField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.interrupted import is_shown_again, keeps_input, refuse_shown_again

_NOT_NOW = (StatusRefused, SomebodyWasFaster, RegistrationClosed, LinkRefused)
_PATH = "/events/<slug>/registrations/<public_id>/do/<action>"


class ReasonForm(FlaskForm):
    """The reason for declining a registration, which the person reads, or for a seat too many."""

    reason = TextField(_l("Reason"), render_kw={"rows": 4, "maxlength": MOST_REASON})


class DeputyByOrganiserForm(PersonByOrganiserForm):
    """The person who takes over the seat."""

    mode = None  # type: ignore[assignment]

    def deputy(self) -> Deputy:
        """Return the checked entries."""
        names = ("first_name", "last_name", "email", "salutation", "title", "position")
        return Deputy(**{name: self[name].data for name in names})


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def ask_person(slug: str, public_id: str, action: str) -> Answer:
    """Ask for what an action needs; actions that need nothing lead to the person's page."""
    wanted = _action(action)
    event = seen_event(slug)
    person = get_person(event, public_id)
    if wanted not in ASKING or wanted not in actions_for(person):
        return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)
    return _ask(event, person, wanted, _form_of(wanted))


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def do_to_person(slug: str, public_id: str, action: str) -> Answer:
    """Carry out an action if the status is still the one that the page showed."""
    wanted = _action(action)
    event = seen_event(slug)
    person = get_person(event, public_id)
    form = _form_of(wanted)
    if isinstance(form, DeputyByOrganiserForm) and not form.validate():
        return _ask(event, person, wanted, form), 422
    if is_shown_again() and wanted not in ASKING:
        return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)
    try:
        refuse_shown_again()
        with transaction():
            press(public_id, _request(wanted, form))
    except _NOT_NOW as refusal:
        return _refused(slug, public_id, refusal)
    except UnfitInput as refusal:
        event = seen_event(slug)
        show_complaints(form, refusal.complaints)
        return _ask(event, get_person(event, public_id), wanted, form), 422
    if request.form.get("from") == "list":
        flash_at(f"p-{public_id}", _(DONE_TEXTS[wanted]))
        return back_to_list(slug, public_id)
    flash(_(DONE_TEXTS[wanted]), "success")
    return redirect(url_for("organiser.person", slug=slug, public_id=public_id), 303)


def _action(name: str) -> RegistrationAction:
    """Return the action of this name; answers 404 for any other name."""
    if name not in set(RegistrationAction):
        abort(404)
    return RegistrationAction(name)


def _form_of(action: RegistrationAction) -> FlaskForm:
    hands_over = action is RegistrationAction.HAND_OVER
    return DeputyByOrganiserForm() if hands_over else ReasonForm()


def _request(action: RegistrationAction, form: FlaskForm) -> OrganiserRequest:
    return OrganiserRequest(
        action=action,
        expected=request.form.get("expected", ""),
        actor=actor(),
        now=now(),
        reason=form.reason.data if isinstance(form, ReasonForm) else "",
        mode=request.form.get("mode", ""),
        deputy=form.deputy() if isinstance(form, DeputyByOrganiserForm) else None,
    )


def _refused(slug: str, public_id: str, refusal: Refusal) -> Answer:
    """Show the person's page with the complaints."""
    event = seen_event(slug)
    return show_person(event, get_person(event, public_id), refused=refusal.complaints), 409


def _ask(event: Event, person: Registration, action: RegistrationAction, form: FlaskForm) -> str:
    mode = mode_of(event, person)
    other = Mode.ON_SITE if mode is Mode.ONLINE else Mode.ONLINE
    why_not = why_not_up(person, now()) if action is RegistrationAction.GIVE_SEAT else None
    return render_template(
        "organiser/registering/ask_person.html",
        event=event,
        person=person,
        action=action.value,
        label=action_label(action),
        expected=registration_status(person.status, person.awaits).value,
        form=form,
        why_not=translate(why_not) if why_not else "",
        seated=get_availability(event, now()).seated,
        may_hand_over=RegistrationAction.HAND_OVER in actions_for(person),
        mode=MODE_LABELS[mode],
        other=other.value,
        other_label=MODE_LABELS[other],
    )
