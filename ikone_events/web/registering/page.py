"""The page of the registration form, empty or with everything that was typed."""

import secrets
from dataclasses import dataclass, field
from functools import lru_cache

from flask import Response, current_app, make_response, render_template, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import asked_fields
from ikone_events.store.db import stored_values
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import get_public_event
from ikone_events.store.registering.availability import get_availability
from ikone_events.web.registering.sign_up import (
    MOST_PEOPLE,
    SignUp,
    asked_of_colleagues,
    next_anchor,
    read_sign_up,
)
from ikone_events.web.shell.event_badge import EventBadge, badge_for, seats_shown
from ikone_events.web.shell.page_cache import PageSource, cached_page

# Stands in the cached form for each visitor's token; nobody can have typed it into a text.
_TOKEN = secrets.token_urlsafe(32)


@dataclass(frozen=True)
class FormContext:
    """What the form of one event needs to know at the moment of a request."""

    event: Event
    availability: SeatAvailability
    standing: EventBadge
    fields: tuple[OwnField, ...] = field(default=())

    def read(self) -> SignUp:
        """The form as it was sent, or empty."""
        return read_sign_up(self.event, self.availability, self.fields)


def open_form_context(slug: str) -> FormContext:
    """The event as it stands now; raises NotFound."""
    event = get_public_event(slug)
    availability = get_availability(event, now())
    standing = badge_for(availability)
    return FormContext(
        event, availability, standing, () if standing.closed else asked_fields(event)
    )


def empty_page(desk: FormContext) -> Response:
    """The form for somebody who has just come: rendered once for all, each with its own token.

    What one person was told stands on their page alone; the trial's pages show a clock.
    """
    names = tuple(organisation_names())

    def render(token: str) -> bytes:
        return _render(desk, None, render_fields(desk, desk.read(), names), token, "").encode()

    if "_flashes" in session or "ikone_demo" in current_app.extensions:
        return make_response(render(generate_csrf()))
    of_event = stored_values(desk.event, besides=("lock_version",))
    shows = (of_event, seats_shown(desk.availability), desk.fields, names)
    source = PageSource(shows, lambda: render(_TOKEN))
    page = cached_page(("form", desk.event.slug), None, lambda: source)
    return make_response(page.body.replace(_TOKEN.encode(), generate_csrf().encode()))


def filled_page(
    desk: FormContext, sign_up: SignUp, status: int = 200, outcome: str = ""
) -> Response:
    """The form with everything that was typed."""
    fields = render_fields(desk, sign_up)
    return make_response(_render(desk, sign_up, fields, generate_csrf(), outcome), status)


def closed_page(event: Event, complaint: Complaint) -> Response:
    """Why nobody can register."""
    page = render_template("public/closed.html", event=event, complaint=complaint)
    return make_response(page, 409)


def _render(
    desk: FormContext, sign_up: SignUp | None, fields: Markup, token: str, outcome: str
) -> str:
    return render_template(
        "public/register.html",
        event=desk.event,
        sign_up=sign_up,
        token=token,
        fields=fields,
        own_fields=desk.fields,
        availability=desk.availability,
        standing=desk.standing,
        next_anchor=next_anchor(desk.event, sign_up),
        outcome=outcome,
    )


def render_fields(
    desk: FormContext, sign_up: SignUp, names: tuple[str, ...] | None = None
) -> Markup:
    """The fields alone, also for those who only look at them."""
    page = render_template(
        "public/_fields.html",
        event=desk.event,
        sign_up=sign_up,
        form=sign_up.first,
        fields=desk.fields,
        shared_fields=asked_of_colleagues(desk.fields),
        organisations=_options(names if names is not None else tuple(organisation_names())),
        most_people=MOST_PEOPLE,
    )
    return Markup(page)  # noqa: S704 - our own template, escaped there


@lru_cache(maxsize=2)
def _options(names: tuple[str, ...]) -> Markup:
    """The names as a form offers them: thousands are put together once, in few bytes each."""
    return Markup("").join(Markup("<option>{}").format(name) for name in names)
