"""Pages for everybody: all dates, one event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.add_links import AddLink, add_links
from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.words import series_slug
from ikone_events.services.installation import now
from ikone_events.services.mails.values import summary_of
from ikone_events.store.db import stored_values
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import get_public_event, public_events
from ikone_events.store.plan.models import due_at_of
from ikone_events.store.registering.availability import (
    availabilities_of,
    get_availability,
    get_version,
)
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.addresses import Subscription, kept_address, subscription
from ikone_events.web.shell.event_badge import EventBadge, badge_for, places_left, seats_shown
from ikone_events.web.shell.i18n import COOKIE, page_locale, tongue
from ikone_events.web.shell.page_cache import PageSource, cached_page, revalidated

blueprint = Blueprint("public", __name__)
blueprint.add_app_template_filter(places_left, "places")
_COMING = frozenset({State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED})
HANDED_OUT = (State.FOLLOWED_UP.value, State.ARCHIVED.value)


@dataclass(frozen=True, slots=True)
class Listed:
    """One event in the list of dates."""

    event: Event
    availability: SeatAvailability
    standing: EventBadge


@blueprint.get("/")
@permission(Permission.PUBLIC)
def index() -> ResponseReturnValue:
    """Coming and past events."""
    moment = now()
    coming, past = public_events(moment)
    availabilities = availabilities_of([*coming, *past], moment)
    return revalidated(
        render_template(
            "public/index.html",
            coming=listed(coming, availabilities),
            past=listed(past, availabilities),
            series=series_of(coming),
            calendar=subscription(url_for("feeds.calendar")),
            news=kept_address(url_for("atom.all_events")),
        )
    )


def listed(events: Iterable[Event], availabilities: dict[int, SeatAvailability]) -> list[Listed]:
    """The events with what a list says of their seats."""
    return [
        Listed(event, availabilities[event.id], badge_for(availabilities[event.id]))
        for event in events
    ]


def series_of(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Short name and name of the series that these events belong to, each once."""
    named = {series_slug(event.series): event.series for event in events if event.series}
    return sorted(named.items(), key=lambda item: item[1].casefold())


@blueprint.get("/events/<slug>")
@permission(Permission.PUBLIC)
def event(slug: str) -> ResponseReturnValue:
    """One event: facts, programme, seats. Kept rendered until something of it changes."""
    version, moment = get_version(slug), now()
    if not _is_cacheable():
        return revalidated(_source(slug, moment).render())
    page = cached_page(("event", slug), version, lambda: _source(slug, moment), moment)
    return revalidated(page.body, etag=page.etag)


def _is_cacheable() -> bool:
    """Pages with a query differ in their links, the trial's pages show a clock."""
    plain = not request.query_string or not request.args.keys() - {COOKIE}
    return plain and "ikone_demo" not in current_app.extensions


def _source(slug: str, moment: datetime) -> PageSource:
    """A sign-up alone changes no word before seats run out: `touched` is not part of it."""
    found = get_public_event(slug)
    availability, opens_at = get_availability(found, moment), _opens_at(found, moment)
    materials = public_materials(found)
    return PageSource(
        shows=(
            stored_values(found, besides=("lock_version",)),
            seats_shown(availability),
            opens_at,
            tuple(stored_values(material) for material in materials),
        ),
        render=lambda: _render_event(found, availability, opens_at, materials),
        moments=(found.deadline, found.members_until, found.starts_at, found.ends_at, opens_at),
    )


def _render_event(
    found: Event,
    availability: SeatAvailability,
    opens_at: datetime | None,
    materials: list[Material],
) -> bytes:
    return render_template(
        "public/event.html",
        event=found,
        availability=availability,
        standing=badge_for(availability),
        opens_at=opens_at,
        offer=offer_of(found, availability.now),
        series_slug=series_slug(found.series),
        materials=materials,
        material_url=_file_url,
        # What one person was told must not stay in a page that is kept for all.
        get_flashed_messages=_no_messages,
    ).encode()


@dataclass(frozen=True, slots=True)
class Offer:
    """How to get an event into a calendar without an invitation: a file, a feed, web forms."""

    file: str
    calendar: Subscription
    links: tuple[AddLink, ...]


def offer_of(event: Event, now: datetime) -> Offer | None:
    """What the event's page offers; nothing once it is over or as long as it is called off."""
    if State(event.state) not in _COMING or now >= event.ends_at:
        return None
    return Offer(
        file=url_for("feeds.event_ics", slug=event.slug, lang=tongue()),
        calendar=subscription(url_for("feeds.event_calendar", slug=event.slug)),
        links=add_links(summary_of(event, page_locale())),
    )


def _opens_at(found: Event, moment: datetime) -> datetime | None:
    """When the plan opens the registration, as long as that is still to come."""
    if found.state != State.ANNOUNCED.value:
        return None
    due = due_at_of(found, Action.OPEN)
    return due if due is not None and due > moment else None


def _file_url(material: Material) -> str:
    slug = material.event.slug
    return url_for("handouts.public_file", slug=slug, public_id=material.public_id)


def _no_messages(**_options: object) -> tuple[()]:
    return ()


def public_materials(found: Event) -> list[Material]:
    """What everybody may have, once the event has been followed up."""
    if found.state not in HANDED_OUT:
        return []
    return [material for material in found.materials if material.visibility == "public"]
