"""Public pages: the list of events, one series, one event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.add_links import AddLink, add_links
from ikone_events.domain.events.facts import CALLED_OFF, TAKES_PLACE
from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.domain.figures.channels import VIA, channel_of
from ikone_events.domain.followup.access import ANYBODY, visible
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.words import series_slug
from ikone_events.services.installation import now
from ikone_events.services.mails.values import summary_of
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.public_history import public_history
from ikone_events.store.events.queries import coming_events, get_series, past_events
from ikone_events.store.events.series import settings_of, with_materials
from ikone_events.store.followup.answers import answers_among
from ikone_events.store.followup.requests import no_request_because
from ikone_events.store.plan.models import due_at_of
from ikone_events.store.registering.availability import availabilities_of, get_availability
from ikone_events.store.registering.current_event import get_current_event
from ikone_events.web.public.feeds import Subscription, feed_address, subscription
from ikone_events.web.public.search_engines import event_data
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.badges import EventBadge, badge_for, places_left, seats_shown
from ikone_events.web.shell.i18n import COOKIE, language_parameter, page_locale
from ikone_events.web.shell.page_cache import PageSource, cached_page, revalidated

blueprint = Blueprint("public", __name__)
blueprint.add_app_template_filter(places_left, "places")


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """One row of a list of events."""

    event: Event
    availability: SeatAvailability
    event_badge: EventBadge


@blueprint.get("/")
@permission(Permission.PUBLIC)
def index() -> ResponseReturnValue:
    """Coming and past events."""
    moment = now()
    coming, past = coming_events(moment), past_events(moment)
    page = render_template(
        "public/index.html",
        **_lists(coming, past, moment),
        series=_series_of(coming),
        calendar=subscription(url_for("feeds.calendar")),
        news=feed_address(url_for("atom.all_events")),
    )
    return revalidated(page)


@blueprint.get("/series/<slug>")
@permission(Permission.PUBLIC)
def series(slug: str) -> ResponseReturnValue:
    """Coming and past events of one series."""
    moment, found, settings = now(), get_series(slug), settings_of(slug)
    lists = _lists(
        coming_events(moment, series=found.spellings),
        past_events(moment, series=found.spellings),
        moment,
    )
    past = with_materials([row.event for row in lists["past"]])
    handed_out = ((each, public_materials(each, moment)) for each in past)
    page = render_template(
        "public/series.html",
        **lists,
        settings_of_series=settings,
        text=settings.text_in(page_locale()),
        materials=[(each, items) for each, items in handed_out if items],
        material_url=_file_url,
        series=found,
        calendar=subscription(url_for("feeds.series_calendar", slug=slug)),
        news=feed_address(url_for("atom.of_series", slug=slug)),
    )
    return revalidated(page)


def listed_events(moment: datetime, *, most: int) -> list[ListedEvent]:
    """The next of the coming events, at most so many."""
    return _lists(coming_events(moment)[:most], [], moment)["coming"]


def _lists(
    coming: Sequence[Event], past: Sequence[Event], moment: datetime
) -> dict[str, list[ListedEvent]]:
    availabilities = availabilities_of([*coming, *past], moment)

    def rows(events: Sequence[Event]) -> list[ListedEvent]:
        seats = [(event, availabilities[event.id]) for event in events]
        return [ListedEvent(event, found, badge_for(found)) for event, found in seats]

    return {"coming": rows(coming), "past": rows(past)}


def _series_of(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Slug and name of each series that these events belong to, by name."""
    named = {series_slug(event.series): event.series for event in events if event.series}
    return sorted(named.items(), key=lambda item: item[1].casefold())


@blueprint.get("/events/<slug>")
@permission(Permission.PUBLIC)
def event(slug: str) -> ResponseReturnValue:
    """One event: facts, programme, seats. Cached until something of it changes."""
    moment = now()
    current = get_current_event(slug, moment)
    availability = current.availability
    if not _is_cacheable():
        return revalidated(_source(current.event, availability).render())
    # A sign-up changes the page only when seats get scarce.
    version = (current.version, seats_shown(availability))
    source = partial(_source, current.event, availability)
    page = cached_page(("event", slug, _via()), version, source, moment)
    return revalidated(page.body, etag=page.etag)


def _is_cacheable() -> bool:
    """Not with a query, which changes the links, nor in the trial, whose pages show a clock.

    A channel of ours is one of few, and many people come by it at once.
    """
    if "ikone_demo" in current_app.extensions:
        return False
    if not request.query_string:
        return True
    known = {COOKIE, VIA} if request.args.getlist(VIA) == [_via()] else {COOKIE}
    return not request.args.keys() - known


def _via() -> str:
    """Return the channel in the link to this page; "" without."""
    return channel_of(request.args.get(VIA)) if request.query_string else ""


def _source(found: Event, availability: SeatAvailability) -> PageSource:
    opens_at = _opens_at(found, availability.now)
    materials = public_materials(found, availability.now)
    seats = availability if _is_coming(found, availability.now) else None
    return PageSource(
        render=lambda: _render_event(
            found,
            availability,
            opens_at,
            materials,
            structured_data=event_data(found, seats, opens_at),
        ).encode(),
        moments=(
            *(found.deadline, found.members_until, found.starts_at, found.ends_at, opens_at),
            *(material.available_at for material in found.materials),
        ),
    )


def _render_event(
    found: Event,
    availability: SeatAvailability,
    opens_at: datetime | None,
    materials: list[Material],
    **more: object,
) -> str:
    return render_template(
        "public/event.html",
        event=found,
        availability=availability,
        coming=_is_coming(found, availability.now),
        event_badge=badge_for(availability, was_cancelled=public_history(found).was_cancelled),
        opens_at=opens_at,
        series_slug=series_slug(found.series),
        materials=materials,
        answers=answers_among(materials, found),
        material_url=_file_url,
        via=_via(),
        is_past=State(found.state) not in CALLED_OFF and found.ends_at <= availability.now,
        on_request=no_request_because(found, availability.now) is None,
        # A message to one person must not get into a page that is cached for all.
        get_flashed_messages=lambda **_options: (),
        **{
            "preview": "",
            "offer": _offer_of(found, availability.now),
            "structured_data": None,
            **more,
        },
    )


def render_preview(found: Event, moment: datetime, **more: object) -> str:
    """The page of an event that need not be public, so without its addresses for calendars.

    `more` are further values of the template.
    """
    availability = get_availability(found, moment)
    return _render_event(found, availability, None, [], offer=None, **more)


@dataclass(frozen=True, slots=True)
class Offer:
    """Ways of an event into a calendar: file, feed, forms of other providers."""

    file: str
    calendar: Subscription
    links: tuple[AddLink, ...]


def _is_coming(event: Event, now: datetime) -> bool:
    """Whether the event takes place, and is not over."""
    return State(event.state) in TAKES_PLACE and now < event.ends_at


def _offer_of(event: Event, now: datetime) -> Offer | None:
    """The offer of an event's page; None when it is over, cancelled or postponed."""
    if not _is_coming(event, now):
        return None
    return Offer(
        file=url_for("feeds.event_ics", slug=event.slug, lang=language_parameter()),
        calendar=subscription(url_for("feeds.event_calendar", slug=event.slug)),
        links=add_links(summary_of(event, page_locale())),
    )


def _opens_at(found: Event, moment: datetime) -> datetime | None:
    """When the plan opens the registration; None unless that is in the future."""
    if found.state != State.ANNOUNCED.value:
        return None
    due = due_at_of(found, Action.OPEN)
    return due if due is not None and due > moment else None


def _file_url(material: Material) -> str:
    slug = material.event.slug
    return url_for("materials.public_file", slug=slug, public_id=material.public_id)


def public_materials(found: Event, moment: datetime) -> list[Material]:
    """What everybody may see by now."""
    return visible(found.materials, ANYBODY, State(found.state), moment)
