"""Signing up: the form, its answers, and the page that says what was stored."""

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from ikone_events.domain.refusals import Busy, Complaint, Refusal, RegistrationClosed, UnfitInput
from ikone_events.domain.registration import Status
from ikone_events.domain.seating import Candidate, admit
from ikone_events.services import registrations
from ikone_events.services.letters import link_day
from ikone_events.services.office import now
from ikone_events.store.db import transaction
from ikone_events.store.events import Event
from ikone_events.store.queries import get_public_event, organisation_names
from ikone_events.store.sittings import get_sitting
from ikone_events.web.access import Permission, permission
from ikone_events.web.errors import RETRY_AFTER_BUSY
from ikone_events.web.forms_public import RegistrationForm
from ikone_events.web.headers import no_store
from ikone_events.web.i18n import page_locale, say
from ikone_events.web.limits import SIGN_UP, limiter
from ikone_events.web.standing import standing_of

blueprint = Blueprint("signup", __name__)
DONE = "registered"
BUSY = 503


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
    form = RegistrationForm()
    if request.method == "GET":
        return _form_page(slug, form)
    if not form.validate():
        form.explain_expiry()
        return _form_page(slug, form, 422)
    try:
        status = _store(slug, form)
    except RegistrationClosed as refusal:
        return _closed_page(get_public_event(slug), refusal.complaints[0])
    except Busy as refusal:
        return _form_page(slug, form, BUSY, refusal)
    except UnfitInput as refusal:
        return _form_page(slug, form, 422, refusal)
    session[DONE] = _facts(slug, form, status)
    return redirect(url_for("signup.registered", slug=slug), 303)


def _store(slug: str, form: RegistrationForm) -> Status:
    """Register, unless the field that only programs see was filled: they learn nothing from it."""
    moment = now()
    if form.website.data:
        event = get_public_event(slug)
        candidate = Candidate(mode=registrations.mode_for(event, ""))
        return admit(get_sitting(event, moment), candidate).status
    with transaction():
        return registrations.register(slug, form.applicant(page_locale()), now=moment)


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
    slug: str, form: RegistrationForm, status: int = 200, refusal: Refusal | None = None
) -> Response:
    """The form with what was typed, or the page that says why it is closed."""
    event = get_public_event(slug)
    sitting = get_sitting(event, now())
    standing = standing_of(sitting)
    if standing.closed:
        return _closed_page(event, standing.closed)
    page = render_template(
        "public/register.html",
        event=event,
        form=form,
        fields=_fields(event, form),
        sitting=sitting,
        standing=standing,
        complaints=[say(c) for c in refusal.complaints] if refusal else [],
        outcome={422: "invalid", BUSY: "busy"}.get(status, ""),
    )
    response = make_response(page, status)
    if status == BUSY:
        response.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    return response


def _fields(event: Event, form: RegistrationForm) -> Markup:
    """The form's fields; the empty ones are rendered once for all who open the form."""
    names = tuple(organisation_names())
    if request.method == "POST":
        return _render_fields(event, form, names)
    kept: dict[object, tuple[object, Markup]] = current_app.extensions.setdefault(
        "ikone_empty_fields", {}
    )
    key = (event.slug, page_locale())
    version = (event.revision, names)
    found = kept.get(key)
    if found is None or found[0] != version:
        found = kept[key] = (version, _render_fields(event, form, names))
    return found[1]


def _render_fields(event: Event, form: RegistrationForm, names: tuple[str, ...]) -> Markup:
    page = render_template("public/_fields.html", event=event, form=form, organisations=names)
    return Markup(page)  # noqa: S704 - our own template, escaped there


def _closed_page(event: Event, complaint: Complaint) -> Response:
    return make_response(
        render_template("public/closed.html", event=event, complaint=complaint), 409
    )


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
