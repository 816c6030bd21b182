"""Signing up: the form, its answers, and the page that says what was stored."""

from datetime import datetime

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue

from ikone_events.domain.refusals import Busy, Complaint, Refusal, RegistrationClosed
from ikone_events.domain.registration import Status, admit
from ikone_events.services import registrations
from ikone_events.services.letters import link_day
from ikone_events.services.office import now
from ikone_events.store.db import transaction
from ikone_events.store.events import Event
from ikone_events.store.queries import get_public_event, get_sitting, organisation_names
from ikone_events.web.access import Permission, permission
from ikone_events.web.errors import RETRY_AFTER_BUSY
from ikone_events.web.forms_public import RegistrationForm
from ikone_events.web.headers import no_store
from ikone_events.web.i18n import page_locale, say
from ikone_events.web.limits import SIGN_UP, limiter
from ikone_events.web.standing import standing_of

blueprint = Blueprint("signup", __name__)
DONE = "registered"


@blueprint.after_request
def _keep_to_yourself(response: Response) -> Response:
    """The empty form may stay in the browser, so that "back" keeps what was typed."""
    no_store(response)
    if request.method == "GET" and request.endpoint == "signup.register":
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.route("/events/<slug>/register", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
@limiter.limit(SIGN_UP, methods=["POST"])
def register(slug: str) -> ResponseReturnValue:
    """The form, and its answer: 303 to the success page, 422, 409 or 503 with everything kept."""
    event, moment = get_public_event(slug), now()
    if closed := standing_of(get_sitting(event, moment)).closed:
        return _closed_page(event, closed)
    form = RegistrationForm()
    if request.method == "GET":
        return _form_page(event, form)
    if not form.validate():
        form.explain_expiry()
        return _form_page(event, form, 422)
    try:
        status = _store(event, form, moment)
    except RegistrationClosed as refusal:
        return _closed_page(event, refusal.complaints[0])
    except Busy as refusal:
        return _form_page(event, form, 503, refusal)
    session[DONE] = _facts(slug, form, status)
    return redirect(url_for("signup.registered", slug=slug), 303)


def _store(event: Event, form: RegistrationForm, moment: datetime) -> Status:
    """Register, unless the field that only programs see was filled: they learn nothing from it."""
    if form.website.data:
        return admit(get_sitting(event, moment))
    with transaction():
        applicant = form.applicant(page_locale())
        return registrations.register(event.slug, applicant, now=moment)


def _facts(slug: str, form: RegistrationForm, status: Status) -> dict[str, str]:
    """What the success page tells, carried in the person's own session."""
    name = f"{form.title.data} {form.first_name.data} {form.last_name.data}"
    return {
        "slug": slug,
        "outcome": status.value,
        "name": " ".join(name.split()),
        "email": form.email.data,
    }


def _form_page(
    event: Event, form: RegistrationForm, status: int = 200, refusal: Refusal | None = None
) -> Response:
    sitting = get_sitting(event, now())
    page = render_template(
        "public/register.html",
        event=event,
        form=form,
        sitting=sitting,
        standing=standing_of(sitting),
        organisations=organisation_names(),
        complaints=[say(c) for c in refusal.complaints] if refusal else [],
        outcome={422: "invalid", 503: "busy"}.get(status, ""),
    )
    response = make_response(page, status)
    if refusal:
        response.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    return response


def _closed_page(event: Event, complaint: Complaint) -> ResponseReturnValue:
    return render_template("public/closed.html", event=event, complaint=complaint), 409


@blueprint.get("/events/<slug>/registered")
@permission(Permission.PUBLIC)
def registered(slug: str) -> ResponseReturnValue:
    """What was stored and what comes next; only for the session that has just registered."""
    facts = session.get(DONE)
    if not isinstance(facts, dict) or facts.get("slug") != slug:
        return redirect(url_for("public.event", slug=slug), 303)
    event = get_public_event(slug)
    return render_template(
        "public/registered.html", event=event, facts=facts, link_day=link_day(event, now())
    )
