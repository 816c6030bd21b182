"""Asking the speakers while the event runs: the personal page has a form for it."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.refusals import StatusRefused, UnfitInput
from ikone_events.services.installation import now
from ikone_events.services.rooms.questions import ask_live, withdraw_question
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.attendee.show import QuestionForm, show_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.errors import wait_words
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.limits import PERSONAL, rate_limits

# A whole town hall shares an address, so what counts is the person.
QUESTIONS = "5 per minute; 30 per hour"


@blueprint.post("/r/<token>/questions")
@permission(Permission.PERSONAL_LINK)
def ask_question(token: str) -> ResponseReturnValue:
    """Store a question; refused ones are shown again with everything that was typed."""
    registration, form = registration_from_token(token), QuestionForm()
    _count_press(registration)
    if not form.validate():
        return show_page(token, registration, form), 422
    if wait := rate_limits().hit(QUESTIONS, "question", [registration.public_id]):
        form.question.errors = [wait_words(wait)]
        return show_page(token, registration, form), 429, {"Retry-After": str(wait)}
    try:
        with transaction():
            ask_live(registration.public_id, form.question.data, now=now())
    except (UnfitInput, StatusRefused) as refusal:
        form.question.errors = [translate(each) for each in refusal.complaints]
        status = 422 if isinstance(refusal, UnfitInput) else 409
        return show_page(token, registration_from_token(token), form), status
    flash(_("Your question has reached the organisers."), "success")
    return redirect(url_for("attendee.show", token=token, _anchor="questions"), 303)


@blueprint.post("/r/<token>/questions/withdraw")
@permission(Permission.PERSONAL_LINK)
def withdraw_own_question(token: str) -> ResponseReturnValue:
    """Take back an own question that nobody has answered yet."""
    registration, key = registration_from_token(token), request.form.get("question", "")
    _count_press(registration)
    with transaction():
        withdrawn = withdraw_question(registration.public_id, key)
    if withdrawn:
        flash(_("Your question has been withdrawn."), "success")
    else:
        flash(_("This question can't be withdrawn any more: it has been answered."), "info")
    return redirect(url_for("attendee.show", token=token, _anchor="questions"), 303)


def _count_press(registration: Registration) -> None:
    """Refuse a person who presses on and on, and nobody else of the same network."""
    if wait := rate_limits().hit(PERSONAL, "question presses", [registration.public_id]):
        raise TooManyRequests(retry_after=wait)
