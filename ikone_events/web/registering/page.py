"""The page of the registration form, empty or with everything that was typed."""

from dataclasses import dataclass, field

from flask import Response, current_app, make_response, render_template
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from ikone_events.domain.form_fields import OwnField
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.seating import Sitting
from ikone_events.services.answers import asked_fields
from ikone_events.services.office import now
from ikone_events.store.events import Event
from ikone_events.store.queries import get_public_event, organisation_names
from ikone_events.store.sittings import get_sitting
from ikone_events.web.i18n import page_locale
from ikone_events.web.registering.modes import places_left
from ikone_events.web.registering.sign_up import (
    MOST_PEOPLE,
    SignUp,
    asked_of_colleagues,
    next_anchor,
    read_sign_up,
)
from ikone_events.web.standing import Standing, standing_of


@dataclass(frozen=True)
class Desk:
    """What the form of one event needs to know at the moment of a request."""

    event: Event
    sitting: Sitting
    standing: Standing
    fields: tuple[OwnField, ...] = field(default=())

    def read(self) -> SignUp:
        """The form as it was sent, or empty."""
        return read_sign_up(self.event, self.sitting, self.fields)


def open_desk(slug: str) -> Desk:
    """The event as it stands now; raises NotFound."""
    event = get_public_event(slug)
    sitting = get_sitting(event, now())
    standing = standing_of(sitting)
    return Desk(event, sitting, standing, () if standing.closed else asked_fields(event))


def empty_page(desk: Desk) -> Response:
    """The form for somebody who has just come; its fields are rendered once for all."""
    return _page(desk, None, _empty_fields(desk), 200, "")


def filled_page(desk: Desk, sign_up: SignUp, status: int = 200, outcome: str = "") -> Response:
    """The form with everything that was typed."""
    return _page(desk, sign_up, _render_fields(desk, sign_up), status, outcome)


def closed_page(event: Event, complaint: Complaint) -> Response:
    """Why nobody can register."""
    page = render_template("public/closed.html", event=event, complaint=complaint)
    return make_response(page, 409)


def _page(
    desk: Desk, sign_up: SignUp | None, fields: Markup, status: int, outcome: str
) -> Response:
    page = render_template(
        "public/register.html",
        event=desk.event,
        sign_up=sign_up,
        token=generate_csrf(),
        fields=fields,
        own_fields=desk.fields,
        sitting=desk.sitting,
        standing=desk.standing,
        outcome=outcome,
    )
    return make_response(page, status)


def _empty_fields(desk: Desk) -> Markup:
    names = tuple(organisation_names())
    version = (desk.event.revision, desk.fields, places_left(desk.sitting), names)
    key = (desk.event.slug, page_locale())
    kept: dict[object, tuple[object, Markup]] = current_app.extensions.setdefault(
        "ikone_empty_fields", {}
    )
    found = kept.get(key)
    if found is None or found[0] != version:
        found = kept[key] = (version, _render_fields(desk, desk.read(), names))
    return found[1]


def _render_fields(desk: Desk, sign_up: SignUp, names: tuple[str, ...] | None = None) -> Markup:
    page = render_template(
        "public/_fields.html",
        event=desk.event,
        sign_up=sign_up,
        form=sign_up.first,
        fields=desk.fields,
        shared_fields=asked_of_colleagues(desk.fields),
        organisations=names if names is not None else tuple(organisation_names()),
        room_for_more=desk.event.colleagues and len(sign_up.forms) < MOST_PEOPLE,
        next_anchor=next_anchor(sign_up),
    )
    return Markup(page)  # noqa: S704 - our own template, escaped there
