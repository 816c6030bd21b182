"""Signing up: the form, its answers, and the page that says what was stored."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from ikone_events.domain.refusals import Busy, RegistrationClosed, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.salutation import full_name
from ikone_events.services.installation import now
from ikone_events.services.mails.values import link_day
from ikone_events.services.registering import registrations
from ikone_events.services.registering.registrations import Applicant
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_public_event
from ikone_events.web.registering.page import (
    FormContext,
    closed_page,
    empty_page,
    filled_page,
    open_form_context,
)
from ikone_events.web.registering.sign_up import ADD, REMOVE, SignUp
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.errors import RETRY_AFTER_BUSY
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import LOCALES, page_locale, speak
from ikone_events.web.shell.limits import (
    SIGN_UP,
    SIGN_UP_OF_ADDRESS,
    rate_limit_by_address,
    rate_limit_by_ip,
)

blueprint = Blueprint("signup", __name__)
SWITCH = "switch_language"
# What the success page tells stands in the session. Its cookie holds 4 kB: ten people with long
# names must not lose it.
_KEY = "registered"
_LONGEST = 80


class _TrapFilled(Exception):
    """The field that only programs see was filled: everything is done, and undone."""


@blueprint.after_request
def _keep_to_yourself(response: Response) -> Response:
    """The empty form may stay in the browser, so that "back" keeps what was typed."""
    no_store(response)
    if request.method == "GET" and request.endpoint == "signup.register":
        response.headers["Cache-Control"] = "private, no-cache"
    return response


@blueprint.route("/events/<slug>/register", methods=["GET", "POST"])
@permission(Permission.PUBLIC)
def register(slug: str) -> ResponseReturnValue:
    """The form, and its answer: 303 to the success page, or 422, 409, 429, 503 with all kept."""
    if request.form.get(SWITCH) in LOCALES:
        speak(request.form[SWITCH])
    desk = open_form_context(slug)
    if desk.standing.closed:
        return closed_page(desk.event, desk.standing.closed)
    if request.method == "GET":
        return filled_page(desk, desk.read()) if "code" in request.args else empty_page(desk)
    return _answer(desk, desk.read())


def _answer(desk: FormContext, sign_up: SignUp) -> ResponseReturnValue:
    if wait := rate_limit_by_ip(SIGN_UP, "sign up"):
        return _ask_to_wait(desk, sign_up, wait)
    if request.form.keys() & {SWITCH, ADD, REMOVE}:
        return filled_page(desk, sign_up)
    if not sign_up.validate():
        return filled_page(desk, sign_up, 422, "invalid")
    applicants = sign_up.applicants(page_locale())
    if wait := rate_limit_by_address(SIGN_UP_OF_ADDRESS, "sign up", (a.email for a in applicants)):
        return _ask_to_wait(desk, sign_up, wait)
    return _try_to_store(desk, sign_up, applicants)


def _try_to_store(
    desk: FormContext, sign_up: SignUp, applicants: Sequence[Applicant]
) -> ResponseReturnValue:
    slug = desk.event.slug
    try:
        statuses = _store(slug, applicants, trapped=bool(sign_up.first.website.data))
    except RegistrationClosed as refusal:
        return _refused(slug, refusal)
    except Busy as refusal:
        sign_up.place(refusal.complaints)
        response = filled_page(desk, sign_up, 503, "busy")
        response.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
        return response
    except UnfitInput as refusal:
        sign_up.place(refusal.complaints)
        return filled_page(desk, sign_up, 422, "invalid")
    _keep_outcome(slug, applicants, statuses, now())
    return redirect(url_for("signup.registered", slug=slug), 303)


def _store(slug: str, applicants: Sequence[Applicant], *, trapped: bool) -> Sequence[Status]:
    """Register all of them or nobody. A program that filled the trap learns nothing from it."""
    statuses: Sequence[Status] = ()
    with suppress(_TrapFilled), transaction():
        statuses = registrations.register_all(slug, applicants, now=now())
        if trapped:
            raise _TrapFilled
    return statuses


def _refused(slug: str, refusal: RegistrationClosed) -> Response:
    """Closed for everybody, or only for this wish: then the form stays, and all that was typed."""
    desk = open_form_context(slug)
    if desk.standing.closed:
        return closed_page(desk.event, desk.standing.closed)
    sign_up = desk.read()
    sign_up.validate()
    sign_up.place(refusal.complaints)
    return filled_page(desk, sign_up, 409, "closed")


def _ask_to_wait(desk: FormContext, sign_up: SignUp, seconds: int) -> Response:
    text = gettext(
        "There were many registrations from here within a short time. Nothing was stored this time,"
        " and your entries are kept. Please wait a little and press the button once more."
    )
    sign_up.form_errors.append(text)
    response = filled_page(desk, sign_up, 429, "busy")
    response.headers["Retry-After"] = str(seconds)
    return response


@blueprint.get("/events/<slug>/registered")
@permission(Permission.PUBLIC)
def registered(slug: str) -> ResponseReturnValue:
    """What was stored and what comes next; only for the session that has just registered."""
    outcome = _find_outcome(slug)
    if outcome is None:
        return redirect(url_for("public.event", slug=slug), 303)
    event = get_public_event(slug)
    return render_template(
        "public/registered.html",
        event=event,
        outcome=outcome,
        confirm_until=outcome.confirm_until(event),
        link_day=link_day(event, now()),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One person's name, address and standing."""

    name: str
    email: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everybody's, whoever filled in the form first; `at` is when."""

    people: tuple[Told, ...]
    at: datetime

    @property
    def first(self) -> Told:
        """Whoever filled in the form."""
        return self.people[0]

    @property
    def kinds(self) -> frozenset[str]:
        """The standings there are."""
        return frozenset(person.outcome for person in self.people)

    def confirm_until(self, event: Event) -> datetime | None:
        """Until when the address is to be confirmed; None when the event does not ask for it."""
        if event.confirm_hours is None:
            return None
        return min(self.at + timedelta(hours=event.confirm_hours), event.ends_at)


def _keep_outcome(
    slug: str, applicants: Sequence[Applicant], statuses: Sequence[Status], now: datetime
) -> None:
    """Remember for the next page. The same for every address, whatever is known of it."""
    people = [
        [_short(full_name(a.title, a.first_name, a.last_name)), _short(a.email), status.value]
        for a, status in zip(applicants, statuses, strict=True)
    ]
    session[_KEY] = {"slug": slug, "people": people, "at": int(now.timestamp())}


def _find_outcome(slug: str) -> Outcome | None:
    """What this session has registered for an event."""
    facts = cast(Any, session.get(_KEY))
    if not isinstance(facts, dict) or facts.get("slug") != slug or "people" not in facts:
        return None
    people = tuple(Told(*each) for each in facts["people"])
    return Outcome(people, datetime.fromtimestamp(facts["at"], UTC))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
