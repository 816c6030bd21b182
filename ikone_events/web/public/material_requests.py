"""The public page of an event's materials, and the form by which others ask for them."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from ikone_events.domain.followup.requests import KEPT_AFTER, LINK_LIFE
from ikone_events.domain.refusals import StatusRefused
from ikone_events.services.followup.requests import Asking, ask_for_materials
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import get_public_event
from ikone_events.store.followup.answers import ANSWERS, answers_among
from ikone_events.store.followup.requests import no_request_because
from ikone_events.web.public.events import public_materials
from ikone_events.web.registering.signup import closed_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.errors import wait_words
from ikone_events.web.shell.forms import (
    ADDRESS_CHECKS,
    AddressField,
    LineField,
    PublicForm,
    at_most,
    fit_name,
    needed,
)
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import (
    SIGN_UP,
    SIGN_UP_OF_ADDRESS,
    rate_limit_by_address,
    rate_limit_by_ip,
)
from ikone_events.web.shell.page_cache import revalidated

blueprint = Blueprint("material_requests", __name__)
_REQUESTED = "materials_requested"
_SCOPE = "material request"


@dataclass(frozen=True, slots=True)
class MaterialGroup:
    """Materials of one kind, in the office's order."""

    kind: str
    materials: list[Material]


class RequestForm(PublicForm):
    """Who asks for the materials; the name helps the office and is optional."""

    email = AddressField(
        lazy_gettext("Work e-mail address"),
        [needed(lazy_gettext("Please enter your e-mail address.")), *ADDRESS_CHECKS],
        description=lazy_gettext("We send the link to the materials there."),
        render_kw={"autocomplete": "email"},
    )
    organisation = LineField(
        lazy_gettext("Public body or organisation"),
        [needed(lazy_gettext("Please name your organisation.")), at_most(200), fit_name],
        description=lazy_gettext("For example: Stadtverwaltung Bendorf, Kreisverwaltung Kusel"),
        render_kw={"autocomplete": "organization"},
    )
    name = LineField(
        lazy_gettext("Name"), [at_most(100), fit_name], render_kw={"autocomplete": "name"}
    )


def groups_of(materials: list[Material]) -> list[MaterialGroup]:
    """Materials by kind, that of the first one first; answers have a section of their own."""
    kinds = dict.fromkeys(m.kind for m in materials if m.kind != ANSWERS)
    return [MaterialGroup(kind, [m for m in materials if m.kind == kind]) for kind in kinds]


@blueprint.get("/events/<slug>/materials")
@permission(Permission.PUBLIC)
def page(slug: str) -> ResponseReturnValue:
    """What everybody may see of an event, and the way to ask for more."""
    event, moment = get_public_event(slug), now()
    materials = public_materials(event, moment)
    return revalidated(
        render_template(
            "public/materials.html",
            event=event,
            groups=groups_of(materials),
            answers=answers_among(materials, event),
            on_request=no_request_because(event, moment) is None,
        )
    )


@blueprint.route("/events/<slug>/materials/request", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def request_materials(slug: str) -> ResponseReturnValue:
    """The form; its answer is 303, or 409, 422 or 429 with everything that was typed."""
    event, form = get_public_event(slug), RequestForm()
    if complaint := no_request_because(event, now()):
        return closed_page(event, complaint)
    return _answer(event, form) if form.is_submitted() else _form(event, form)


def _answer(event: Event, form: RequestForm) -> ResponseReturnValue:
    if wait := rate_limit_by_ip(SIGN_UP, _SCOPE):
        return _ask_to_wait(event, form, wait)
    if not form.validate():
        return _form(event, form, 422, "invalid")
    if wait := rate_limit_by_address(SIGN_UP_OF_ADDRESS, _SCOPE, [form.email.data or ""]):
        return _ask_to_wait(event, form, wait)
    asking = Asking(
        email=form.email.data or "",
        organisation=form.organisation.data or "",
        name=form.name.data or "",
        locale=page_locale(),
    )
    try:
        with transaction():
            ask_for_materials(event.slug, asking, now=now())
    except StatusRefused as refusal:  # withdrawn since the check above
        return closed_page(get_public_event(event.slug), refusal.complaints[0])
    session[_REQUESTED] = {"email": asking.email, "slug": event.slug}
    return redirect(url_for("material_requests.requested", slug=event.slug), 303)


@blueprint.get("/events/<slug>/materials/requested")
@permission(Permission.PUBLIC)
def requested(slug: str) -> ResponseReturnValue:
    """What comes next, the same for every address; only for the session that has asked."""
    sent = session.get(_REQUESTED)
    if not isinstance(sent, dict) or sent.get("slug") != slug:
        return redirect(url_for("material_requests.page", slug=slug), 303)
    event = get_public_event(slug)
    shown = render_template("public/materials_requested.html", event=event, email=sent["email"])
    return no_store(make_response(shown))


def busy_words(seconds: int) -> str:
    """What a form says that was sent too often."""
    text = gettext(
        "There were many requests from here within a short time. Nothing was stored this time, and"
        " your entries are kept."
    )
    return f"{text} {wait_words(seconds)}"


def _ask_to_wait(event: Event, form: RequestForm, seconds: int) -> Response:
    form.form_errors.append(busy_words(seconds))
    response = _form(event, form, 429, "busy")
    response.headers["Retry-After"] = str(seconds)
    return response


def _form(event: Event, form: RequestForm, status: int = 200, outcome: str = "") -> Response:
    shown = render_template(
        "public/materials_request.html",
        event=event,
        form=form,
        outcome=outcome,
        organisations=organisation_names(),
        link_days=LINK_LIFE.days,
        kept_days=KEPT_AFTER.days,
    )
    # "Back" shows what was typed.
    return no_store(make_response(shown, status), "private, no-cache")
