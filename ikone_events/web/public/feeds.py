"""Calendars for everybody: all events, a series, one event. Never a room, never a person."""

from collections.abc import Callable

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendars.invitation import public_event, public_feed
from ikone_events.services.calendars.feeds import Entries, entries, entries_of_event
from ikone_events.services.installation import get_installation, now
from ikone_events.store.calendars.feeds import FeedVersion, calendar_version, notified_version
from ikone_events.store.events.series import get_series
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.addresses import own_address
from ikone_events.web.shell.i18n import page_locale, speak_by_address
from ikone_events.web.shell.page_cache import CALENDAR, cached_feed

blueprint = Blueprint("feeds", __name__)
blueprint.before_request(speak_by_address)


@blueprint.get("/calendar.ics")
@permission(Permission.PUBLIC)
def calendar() -> ResponseReturnValue:
    """All public events, to subscribe to; what was called off stays in it as cancelled."""
    moment = now()
    return _calendar(
        calendar_version(moment),
        lambda: entries(page_locale(), now=moment),
        lambda _entries: str(_("Events")),
    )


@blueprint.get("/series/<slug>/calendar.ics")
@permission(Permission.PUBLIC)
def series_calendar(slug: str) -> ResponseReturnValue:
    """The events of one series, to subscribe to."""
    moment, series = now(), get_series(slug)
    return _calendar(
        calendar_version(moment, series),
        lambda: entries(page_locale(), now=moment, series=series),
        lambda _entries: series.name,
    )


@blueprint.get("/events/<slug>/calendar.ics")
@permission(Permission.PUBLIC)
def event_calendar(slug: str) -> ResponseReturnValue:
    """One event, to subscribe to: whoever keeps it in view sees it move."""
    return _calendar(
        notified_version(slug),
        lambda: entries_of_event(slug, page_locale()),
        lambda found: found[0].summary.title,
    )


@blueprint.get("/events/<slug>/event.ics")
@permission(Permission.PUBLIC)
def event_ics(slug: str) -> ResponseReturnValue:
    """One event to take along: the same entry as a file, without the marks of a subscription."""
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
        title = f"{get_installation().settings.organisation}: {name(found)}"
        return public_feed(found, locale=page_locale(), name=title, source=own_address())

    return cached_feed(version, CALENDAR, read=read, render=render)
