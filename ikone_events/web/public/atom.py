"""Atom feeds (RFC 4287) of announced events, the newest first."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendars.feeds import word_in, word_of_event
from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.domain.header_text import clean_text, one_line
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.times import span_mail
from ikone_events.domain.words import series_slug
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.store.calendars.feeds import News, news, news_version
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import Series, get_series
from ikone_events.web.public.feeds import feed_address
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale, speak_by_address
from ikone_events.web.shell.page_cache import ATOM, cached_feed

blueprint = Blueprint("atom", __name__)
blueprint.before_request(speak_by_address)
NAMESPACE = "http://www.w3.org/2005/Atom"
_ONLINE = "Online"  # the same in both languages
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Characters that the database stores but XML does not allow.
_NO_XML = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEntry:
    """One announced event in one language; `page` is its address and its permanent id.

    Ids differ by language: entries with one id are the same entry (RFC 4287, 4.1.1 and 4.2.6), and
    readers of both feeds would get only one of them, in either language.
    """

    page: str
    title: str
    summary: str
    series: str
    published: datetime
    updated: datetime


@blueprint.get("/feed.atom")
@permission(Permission.PUBLIC)
def all_events() -> ResponseReturnValue:
    """All announced events."""
    return _answer(str(_("Events")), "/", None)


@blueprint.get("/series/<slug>/feed.atom")
@permission(Permission.PUBLIC)
def of_series(slug: str) -> ResponseReturnValue:
    """The announced events of one series."""
    series = get_series(slug)
    return _answer(series.name, f"/series/{slug}", series)


def _answer(name: str, page: str, series: Series | None) -> Response:
    return cached_feed(
        news_version(series),
        ATOM,
        read=lambda: tuple(_entry(item) for item in news(series)),
        render=lambda entries: _rendered(name, page, entries),
    )


def _entry(item: News) -> AtomEntry:
    event, locale = item.event, page_locale()
    word = word_in(word_of_event(State(event.state)), locale)
    title, path = event.title_in(locale), f"/events/{event.slug}"
    return AtomEntry(
        page=feed_address(path),
        title=f"{word}: {title}" if word else title,
        summary="\n".join(filter(None, (_facts(event, locale), event.summary_in(locale)))),
        series=event.series,
        published=item.published,
        updated=item.updated,
    )


def _facts(event: Event, locale: str) -> str:
    """Date and place; only the withdrawn date of a postponed event, and marked as such."""
    try:
        when = span_mail(event.starts_at, event.ends_at, locale=locale, zone=event.zone)
    except UnfitInput:  # a time zone unknown to this machine must not break the feed
        return ""
    if event.state == State.POSTPONED.value:
        return str(_("Withdrawn date: %(date)s", date=when))
    where = one_line(event.place) if event.format != EventFormat.ONLINE.value else ""
    return f"{when}, {where}" if where else f"{when}, {_ONLINE}"


def _rendered(name: str, page: str, entries: tuple[AtomEntry, ...]) -> bytes:
    organisation = get_identity().organisation
    feed = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": page_locale()})
    updated = max((entry.updated for entry in entries), default=_BEGINNING)
    address = feed_address(request.path)
    _head(feed, address, f"{organisation}: {name}", updated)
    ET.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": address})
    _link_to_page(feed, feed_address(page))
    author = ET.SubElement(feed, "author")
    ET.SubElement(author, "name").text = _fit(organisation)
    ET.SubElement(author, "uri").text = get_installation().page("/")
    for entry in entries:
        _add(feed, entry)
    ET.indent(feed)
    data: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return data


def _add(feed: ET.Element, entry: AtomEntry) -> None:
    element = ET.SubElement(feed, "entry")
    _head(element, entry.page, entry.title, entry.updated)
    _link_to_page(element, entry.page)
    ET.SubElement(element, "published").text = _moment(entry.published)
    if entry.series:
        term = {"term": series_slug(entry.series), "label": _fit(entry.series)}
        ET.SubElement(element, "category", term)
    ET.SubElement(element, "summary").text = _NO_XML.sub("", clean_text(entry.summary))


def _head(parent: ET.Element, identity: str, title: str, updated: datetime) -> None:
    """Add id, title and date. The id is permanent because slugs do not change."""
    ET.SubElement(parent, "id").text = identity
    ET.SubElement(parent, "title").text = _fit(title)
    ET.SubElement(parent, "updated").text = _moment(updated)


def _link_to_page(parent: ET.Element, address: str) -> None:
    ET.SubElement(parent, "link", {"rel": "alternate", "type": "text/html", "href": address})


def _fit(text: str) -> str:
    return _NO_XML.sub("", one_line(text))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
