"""Feedback after an event: the page behind the personal link, which names nobody."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.followup.feedback import feedback_complaint
from ikone_events.domain.refusals import N_, Complaint, NotFound, StatusRefused, UnfitInput
from ikone_events.services.followup.feedback import facts_of, feedback_fields, give_feedback
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.feedback import has_answered
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.registering.own_fields import add_own_fields, answers_of
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import PublicForm
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.limits import PERSONAL, limited


class FeedbackForm(PublicForm):
    """The questions of an event, added by `feedback_form`."""


def feedback_form(event: Event, *, sent: bool = False) -> PublicForm:
    """The form of an event's questions, empty or as it was sent."""
    form_class = add_own_fields(FeedbackForm, feedback_fields(event), page_locale())
    form: PublicForm = form_class() if sent else form_class(formdata=None)
    del form.website
    return form


@blueprint.get("/r/<token>/feedback")
@permission(Permission.PERSONAL_LINK)
def feedback(token: str) -> ResponseReturnValue:
    """The form, thanks to whoever has answered, or 409 with the reason why nobody is asked."""
    registration = registration_from_token(token)
    if has_answered(registration.id):
        return _page(token, registration.event, outcome="confirmed")
    _check_questions(registration.event)
    if complaint := feedback_complaint(facts_of(registration, now())):
        return _page(token, registration.event, outcome="closed", complaint=complaint), 409
    return _page(token, registration.event, feedback_form(registration.event))


@blueprint.post("/r/<token>/feedback")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def send_feedback(token: str) -> ResponseReturnValue:
    """Store the answers once; a second press leads to the same page, which says so."""
    registration = registration_from_token(token)
    event, form = registration.event, None
    if not has_answered(registration.id):
        _check_questions(event)
        form = feedback_form(event, sent=True)
        if not form.validate():
            return _page(token, event, form, outcome="invalid"), 422
    answers = answers_of(form, feedback_fields(event)) if form else {}
    try:
        with transaction():
            stored = give_feedback(registration.public_id, answers, now=now())
    except StatusRefused as refusal:
        return _page(token, event, outcome="closed", complaint=refusal.complaints[0]), 409
    except UnfitInput as refusal:
        return _refused(token, form, refusal), 422
    again = None if stored else 1
    return redirect(url_for("attendee.feedback", token=token, again=again), 303)


def _check_questions(event: Event) -> None:
    if not feedback_fields(event):
        raise NotFound(Complaint(N_("There is no feedback form for this event.")))


def _refused(token: str, form: PublicForm | None, refusal: UnfitInput) -> str:
    """The form with everything that was typed, as far as its questions are still asked."""
    event = registration_from_token(token).event
    form = form or feedback_form(event, sent=True)
    for complaint in refusal.complaints:
        if complaint.about and complaint.about in form:
            field = form[complaint.about]
            field.errors = [*field.errors, translate(complaint)]
        else:
            form.form_errors.append(translate(complaint))
    return _page(token, event, form, outcome="invalid")


def _page(
    token: str,
    event: Event,
    form: PublicForm | None = None,
    *,
    outcome: str = "",
    complaint: Complaint | None = None,
) -> str:
    return render_template(
        "attendee/feedback.html",
        token=token,
        event=event,
        form=form,
        fields=feedback_fields(event) if form else (),
        outcome=outcome,
        complaint=complaint,
        again="again" in request.args,
    )
