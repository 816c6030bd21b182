"""Calendar feeds: all events, a series, one event, and the events of one person.

No feed holds an access link or a name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendars.feeds import in_language, webcal
from ikone_events.domain.calendars.invitation import public_event, public_feed
from ikone_events.services.calendars.feeds import (
    Entries,
    entries,
    entries_of,
    entries_of_event,
    get_feed,
)
from ikone_events.services.installation import get_identity, get_installation, now
from ikone_events.store.calendars.feeds import FeedVersion, calendar_version, notified_version
from ikone_events.store.events.queries import get_series
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale, speak_by_address
from ikone_events.web.shell.page_cache import CALENDAR, cached_feed, revalidated

blueprint = Blueprint("feeds", __name__)
blueprint.before_request(speak_by_address)
personal_blueprint = Blueprint("personal_feed", __name__)
personal_blueprint.before_request(speak_by_address)


@dataclass(frozen=True, slots=True)
class Subscription:
    """URLs of a calendar feed: `address` to copy, `program` to open it in a calendar program."""

    address: str
    program: str


def feed_address(path: str) -> str:
    """The absolute URL of a feed in the language of this page."""
    return get_installation().page(in_language(path, page_locale()))


def subscription(path: str) -> Subscription:
    """The URLs of a calendar feed in the language of this page."""
    address = feed_address(path)
    return Subscription(address, webcal(address))


@blueprint.get("/calendar.ics")
@permission(Permission.PUBLIC)
def calendar() -> ResponseReturnValue:
    """All public events; cancelled and postponed ones stay in it as cancelled."""
    moment = now()
    return _calendar(
        calendar_version(moment),
        lambda: entries(page_locale(), now=moment),
        lambda _entries: str(_("Events")),
    )


@blueprint.get("/series/<slug>/calendar.ics")
@permission(Permission.PUBLIC)
def series_calendar(slug: str) -> ResponseReturnValue:
    """The events of one series."""
    moment, series = now(), get_series(slug)
    return _calendar(
        calendar_version(moment, series),
        lambda: entries(page_locale(), now=moment, series=series),
        lambda _entries: series.name,
    )


@blueprint.get("/events/<slug>/calendar.ics")
@permission(Permission.PUBLIC)
def event_calendar(slug: str) -> ResponseReturnValue:
    """One event as a feed, which follows its changes."""
    return _calendar(
        notified_version(slug),
        lambda: entries_of_event(slug, page_locale()),
        lambda found: found[0].summary.title,
    )


@blueprint.get("/events/<slug>/event.ics")
@permission(Permission.PUBLIC)
def event_ics(slug: str) -> ResponseReturnValue:
    """One event as a file to import."""
    response = cached_feed(
        notified_version(slug),
        CALENDAR,
        read=lambda: entries_of_event(slug, page_locale()),
        render=lambda found: public_event(found[0], locale=page_locale()),
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.ics"'
    return response


def _calendar(
    version: FeedVersion, read: Callable[[], Entries], name: Callable[[Entries], str]
) -> Response:
    def render(found: Entries) -> bytes:
        title = f"{get_identity().organisation}: {name(found)}"
        return _feed(found, title)

    return cached_feed(version, CALENDAR, read=read, render=render)


def _feed(found: Entries, name: str) -> bytes:
    source = feed_address(request.path)
    return public_feed(found, locale=page_locale(), name=name, source=source)


@personal_blueprint.get("/feeds/<token>.ics")
@permission(Permission.PERSONAL_LINK)
def personal_feed(token: str) -> ResponseReturnValue:
    """The events that one person is registered for."""
    found = entries_of(get_feed(token), page_locale(), now=now())
    name = _("%(organisation)s: my events", organisation=get_identity().organisation)
    return revalidated(_feed(found, name), CALENDAR)
