"""Signing up: the page of the form, its answers, and the page with what was stored."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

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
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from ikone_events.domain.figures.channels import VIA, channel_of
from ikone_events.domain.refusals import Busy, Complaint, RegistrationClosed, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.salutation import full_name
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import now
from ikone_events.services.registering import registrations
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.new_registrations import Applicant
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.current_event import get_current_event
from ikone_events.web.registering.form import (
    ADD,
    MOST_PEOPLE,
    REMOVE,
    FormContext,
    SignUp,
    asked_of_colleagues,
    next_anchor,
)
from ikone_events.web.registering.registered import Registered, registered_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.badges import badge_for, seats_shown
from ikone_events.web.shell.errors import RETRY_AFTER_BUSY, wait_words
from ikone_events.web.shell.headers import no_store_but_forms
from ikone_events.web.shell.i18n import page_locale, speak
from ikone_events.web.shell.limits import (
    SIGN_UP,
    SIGN_UP_OF_ADDRESS,
    rate_limit_by_address,
    rate_limit_by_ip,
)
from ikone_events.web.shell.page_cache import PageSource, cached_page
from ikone_events.web.shell.present import this_request

blueprint = Blueprint("signup", __name__)
no_store_but_forms(blueprint, "signup.register")
SWITCH = "switch_language"
# Placeholder in the cached form for each visitor's CSRF token; random, so that no text contains it.
_TOKEN = secrets.token_urlsafe(32)
_REGISTERED = "registered"


@blueprint.route("/events/<slug>/register", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def register(slug: str) -> ResponseReturnValue:
    """The form; its answer is 303, or 422, 409, 429 or 503 with everything that was typed."""
    asked = this_request()
    if (wish := asked.form.get(SWITCH)) in LOCALES:
        speak(wish)
    context = _form_context(slug)
    if closed := context.event_badge.closed:
        return closed_page(context.event, closed)
    if asked.method == "POST":
        return _answer(context, context.read())
    return _page(context, context.read()) if "code" in asked.args else _empty_page(context)


def _form_context(slug: str) -> FormContext:
    """The event as it is now, without fields when it is closed; raises NotFound."""
    current = get_current_event(slug, now())
    fields = asked_fields(current.event) if badge_for(current.availability).open else ()
    return FormContext(current.event, current.availability, fields, current)


def _answer(context: FormContext, sign_up: SignUp) -> ResponseReturnValue:
    if wait := rate_limit_by_ip(SIGN_UP, "sign up"):
        return _ask_to_wait(context, sign_up, wait)
    if this_request().form.keys() & {SWITCH, ADD, REMOVE}:
        return _page(context, sign_up)
    if not sign_up.validate():
        return _page(context, sign_up, 422, "invalid")
    applicants = sign_up.applicants(page_locale())
    if wait := rate_limit_by_address(SIGN_UP_OF_ADDRESS, "sign up", (a.email for a in applicants)):
        return _ask_to_wait(context, sign_up, wait)
    return _try_to_store(context, sign_up, applicants)


def _try_to_store(
    context: FormContext, sign_up: SignUp, applicants: Sequence[Applicant]
) -> ResponseReturnValue:
    slug, moment = context.event.slug, context.availability.now
    try:
        prepared = None
        if context.current is not None:
            prepared = registrations.prepare(context.current, applicants)
        with transaction():
            statuses = registrations.register_all(slug, applicants, now=moment, prepared=prepared)
    except RegistrationClosed as refusal:
        return _closed_meanwhile(slug, refusal)
    except Busy as refusal:
        return _busy(context, sign_up, refusal.complaints, 503, RETRY_AFTER_BUSY)
    except UnfitInput as refusal:
        sign_up.place(refusal.complaints)
        return _page(context, sign_up, 422, "invalid")
    _remember(slug, applicants, statuses)
    return redirect(url_for("signup.registered", slug=slug), 303)


def _closed_meanwhile(slug: str, refusal: RegistrationClosed) -> Response:
    """Closed for everybody, or only for this wish: then the form keeps what was typed."""
    context = _form_context(slug)
    if closed := context.event_badge.closed:
        return closed_page(context.event, closed)
    sign_up = context.read()
    sign_up.validate()
    sign_up.place(refusal.complaints)
    return _page(context, sign_up, 409, "closed")


def _ask_to_wait(context: FormContext, sign_up: SignUp, seconds: int) -> Response:
    text = gettext(
        "There were many registrations from here within a short time. Nothing was stored this time,"
        " and your entries are kept."
    )
    sign_up.form_errors.append(f"{text} {wait_words(seconds)}")
    return _busy(context, sign_up, (), 429, seconds)


def _busy(
    context: FormContext, sign_up: SignUp, complaints: Sequence[Complaint], status: int, wait: int
) -> Response:
    sign_up.place(complaints)
    response = _page(context, sign_up, status, "busy")
    response.headers["Retry-After"] = str(wait)
    return response


def closed_page(event: Event, complaint: Complaint) -> Response:
    """409 with the reason why nobody can register."""
    page = render_template("public/closed.html", event=event, complaint=complaint)
    return make_response(page, 409)


def _empty_page(context: FormContext) -> Response:
    """The empty form: rendered once for all visitors, each with their own CSRF token.

    Not cached with a flashed message for one person, nor in the trial, whose pages show a clock.
    """
    event = context.event
    names = organisation_names(event.snapshot_of)

    def render(token: str) -> bytes:
        fields = render_fields(context, context.read(), names)
        return _render(context, None, fields, token, "").encode()

    if "_flashes" in session or "ikone_demo" in current_app.extensions:
        return make_response(render(generate_csrf()))
    version = (event.snapshot_of, seats_shown(context.availability), context.fields)
    name = ("form", event.slug, channel_of(request.args.get(VIA)))
    page = cached_page(name, version, lambda: PageSource(lambda: render(_TOKEN)))
    return make_response(page.body.replace(_TOKEN.encode(), generate_csrf().encode()))


def _page(context: FormContext, sign_up: SignUp, status: int = 200, outcome: str = "") -> Response:
    """The form with everything that was typed."""
    fields = render_fields(context, sign_up, organisation_names(context.event.snapshot_of))
    return make_response(_render(context, sign_up, fields, generate_csrf(), outcome), status)


def render_preview(event: Event, **more: object) -> str:
    """The empty form of an event that need not be public; `more` are values of the template."""
    context = FormContext(event, get_availability(event, now()), asked_fields(event))
    fields = render_fields(context, context.read(), organisation_names())
    return _render(context, None, fields, "", "", **more)


def _render(
    context: FormContext,
    sign_up: SignUp | None,
    fields: Markup,
    token: str,
    outcome: str,
    **more: object,
) -> str:
    return render_template(
        "public/register.html",
        event=context.event,
        sign_up=sign_up,
        via=channel_of(request.values.get(VIA)),
        token=token,
        fields=fields,
        own_fields=context.fields,
        availability=context.availability,
        event_badge=context.event_badge,
        next_anchor=next_anchor(context.event, sign_up),
        outcome=outcome,
        **{"preview": "", **more},
    )


def render_fields(context: FormContext, sign_up: SignUp, names: tuple[str, ...]) -> Markup:
    """The fields of the form; `names` are suggested as administrations. Also for previews."""
    page = render_template(
        "public/_fields.html",
        event=context.event,
        sign_up=sign_up,
        form=sign_up.first,
        fields=context.fields,
        shared_fields=asked_of_colleagues(context.fields),
        organisations=_options(names),
        most_people=MOST_PEOPLE,
    )
    return Markup(page)  # noqa: S704 - our own template, escaped there


@lru_cache(maxsize=2)
def _options(names: tuple[str, ...]) -> Markup:
    """The options of a datalist, cached because there are thousands."""
    return Markup("").join(Markup("<option>{}").format(name) for name in names)


def _remember(slug: str, applicants: Sequence[Applicant], statuses: Sequence[Status]) -> None:
    """Store the outcome in the session; the same for known and unknown addresses."""
    people = [
        (full_name(a.title, a.first_name, a.last_name), a.email, status.value)
        for a, status in zip(applicants, statuses, strict=True)
    ]
    session[_REGISTERED] = {"slug": slug, "people": people, "at": int(now().timestamp())}


@blueprint.get("/events/<slug>/registered")
@permission(Permission.PUBLIC)
def registered(slug: str) -> ResponseReturnValue:
    """What was stored and what comes next; only for the session that has just registered."""
    stored = cast(Any, session.get(_REGISTERED))
    if not isinstance(stored, dict) or stored.get("slug") != slug or "people" not in stored:
        return redirect(url_for("public.event", slug=slug), 303)
    at = datetime.fromtimestamp(stored["at"], UTC)
    people = [Registered(*each) for each in stored["people"]]
    return make_response(registered_page(get_current_event(slug, now()).event, people, at=at))
