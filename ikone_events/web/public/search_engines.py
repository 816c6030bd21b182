"""What search engines are given: the sitemap, and the addresses and JSON-LD of public pages."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Flask, current_app, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.feeds import in_language
from ikone_events.domain.calendars.structured_data import PublicFacts, structured_data
from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.words import LOCALES
from ikone_events.services.documents.markdown import to_html
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import summary_of
from ikone_events.store.events.models import Event
from ikone_events.store.events.public_history import public_history
from ikone_events.store.events.queries import listed_pages
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.page_cache import revalidated

blueprint = Blueprint("search_engines", __name__)
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XML = "application/xml; charset=utf-8"


@blueprint.get("/sitemap.xml")
@permission(Permission.PUBLIC)
def sitemap() -> ResponseReturnValue:
    """The list of events and the listed events, each in every language."""
    root = ET.Element("urlset", {"xmlns": _NAMESPACE})
    _add(root, "/")
    for slug, changed_at in listed_pages():
        _add(root, f"/events/{slug}", changed_at)
    return revalidated(ET.tostring(root, encoding="utf-8", xml_declaration=True), _XML)


def _add(root: ET.Element, path: str, changed_at: datetime | None = None) -> None:
    for locale in LOCALES:
        page = ET.SubElement(root, "url")
        ET.SubElement(page, "loc").text = get_installation().page(in_language(path, locale))
        if changed_at is not None:
            ET.SubElement(page, "lastmod").text = changed_at.isoformat(timespec="seconds")


def event_data(
    event: Event, seats: SeatAvailability | None, opens_at: datetime | None
) -> Mapping[str, object] | None:
    """The event as JSON-LD in the language of the page, or None; without seats when it is over."""
    locale, history = page_locale(), public_history(event)
    texts = event.summary_in(locale), to_html(event.description_in(locale)).striptags()
    facts = PublicFacts(
        state=State.CANCELLED if history.was_cancelled else State(event.state),
        language=locale if event.title_en else LOCALES[0],
        text="\n\n".join(text for text in texts if text),
        homepage=get_installation().page("/"),
        former_starts=history.former_starts,
        seats=seats,
        opens_at=opens_at,
    )
    return structured_data(summary_of(event, locale), facts)


# Open Graph wants a territory.
_TERRITORIES = {"de": "de_DE", "en": "en_GB"}


class SearchAddresses(NamedTuple):
    """Absolute addresses of a page without its query.

    `canonical` is the one of the language that is shown; `languages` are pairs for hreflang.
    """

    canonical: str
    languages: tuple[tuple[str, str], ...]
    territory: str


def init_app(app: Flask) -> None:
    """Give templates `search_addresses`."""
    app.context_processor(lambda: {"search_addresses": search_addresses})


def search_addresses() -> SearchAddresses | None:
    """The addresses of this page; None unless it is public.

    The address without a language is the German one, and the one for everybody (x-default): it
    follows the browser, and search engines name no language. So no page has two addresses.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "permission", None) is not Permission.PUBLIC:
        return None
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    page, locale = get_installation().page, page_locale()
    languages = [(code, page(in_language(path, code))) for code in LOCALES]
    return SearchAddresses(
        canonical=page(in_language(path, locale)),
        languages=(*languages, ("x-default", page(path))),
        territory=_TERRITORIES[locale],
    )
