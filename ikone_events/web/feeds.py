"""Calendars and news for programs: one event, all events, Atom. Never a room, never a person."""

import xml.etree.ElementTree as ET
from datetime import datetime

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendar import PublicEntry, public_event, public_feed
from ikone_events.domain.header_text import clean_text
from ikone_events.domain.lifecycle import State
from ikone_events.services.letters import occasion_of
from ikone_events.services.office import now, office
from ikone_events.store.events import Event
from ikone_events.store.queries import get_public_event, public_events
from ikone_events.web.access import Permission, permission
from ikone_events.web.i18n import page_locale

blueprint = Blueprint("feeds", __name__)
CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
NAMESPACE = "http://www.w3.org/2005/Atom"
_WITHDRAWN = (State.CANCELLED.value, State.POSTPONED.value)


@blueprint.get("/events/<slug>/event.ics")
@permission(Permission.PUBLIC)
def event_ics(slug: str) -> ResponseReturnValue:
    """One event for anybody's calendar."""
    event = get_public_event(slug)
    data = public_event(entry_of(event), locale=page_locale())
    response = _answer(data, CALENDAR, event.changed_at)
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.ics"'
    return response


@blueprint.get("/calendar.ics")
@permission(Permission.PUBLIC)
def calendar() -> ResponseReturnValue:
    """All public events, to subscribe to; what was called off stays in it as cancelled."""
    events = _newest()
    name = f"{office().settings.organisation}: {_('Events')}"
    data = public_feed((entry_of(e) for e in events), locale=page_locale(), name=name)
    return _answer(data, CALENDAR, _last_change(events))


@blueprint.get("/feed.atom")
@permission(Permission.PUBLIC)
def atom() -> ResponseReturnValue:
    """The same events as news."""
    events = _newest()
    return _answer(_atom(events), ATOM, _last_change(events))


def _newest() -> list[Event]:
    coming, past = public_events(now())
    return [*coming, *past]


def _last_change(events: list[Event]) -> datetime | None:
    return max((event.changed_at for event in events), default=None)


def entry_of(event: Event) -> PublicEntry:
    """The event as calendars for everybody tell it.

    Withdrawing raises the sequence by one and each edit by two, so that it only ever rises.
    """
    withdrawn = event.state in _WITHDRAWN
    return PublicEntry(
        occasion=occasion_of(event, page_locale()),
        uid=f"{event.slug}@{office().settings.host}",
        sequence=2 * event.revision + withdrawn,
        changed_at=event.changed_at,
        cancelled=withdrawn,
    )


def _atom(events: list[Event]) -> bytes:
    desk, locale = office(), page_locale()
    feed = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": locale})
    address = desk.page("/feed.atom")
    updated = _last_change(events) or datetime.fromtimestamp(0, tz=now().tzinfo)
    _head(feed, address, f"{desk.settings.organisation}: {_('Events')}", updated)
    ET.SubElement(feed, "link", {"rel": "self", "href": address})
    ET.SubElement(feed, "link", {"rel": "alternate", "href": desk.page("/")})
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = desk.settings.organisation
    for event in sorted(events, key=lambda e: e.changed_at, reverse=True):
        _entry(feed, event, locale)
    ET.indent(feed)
    data: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return data


def _entry(feed: ET.Element, event: Event, locale: str) -> None:
    entry = ET.SubElement(feed, "entry")
    address = office().page(f"/events/{event.slug}")
    title = event.title_in(locale)
    if event.state in _WITHDRAWN:
        word = _("Cancelled") if event.state == State.CANCELLED.value else _("Postponed")
        title = f"{word}: {title}"
    _head(entry, address, title, event.changed_at)
    ET.SubElement(entry, "link", {"rel": "alternate", "href": address})
    ET.SubElement(entry, "published").text = event.created_at.isoformat(timespec="seconds")
    ET.SubElement(entry, "summary").text = clean_text(event.summary_in(locale))


def _head(parent: ET.Element, identity: str, title: str, updated: datetime) -> None:
    ET.SubElement(parent, "id").text = identity
    ET.SubElement(parent, "title").text = clean_text(title)
    ET.SubElement(parent, "updated").text = updated.isoformat(timespec="seconds")


def _answer(data: bytes, content_type: str, changed_at: datetime | None) -> Response:
    """With the means to ask "anything new?" at no cost: programs do so every few hours."""
    response = Response(data, content_type=content_type)
    response.add_etag()
    response.last_modified = changed_at
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
