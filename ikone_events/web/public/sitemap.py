"""The public pages worth finding, for search engines (sitemaps.org)."""

import xml.etree.ElementTree as ET
from datetime import datetime

from flask import Blueprint
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.feeds import in_language
from ikone_events.services.installation import get_installation
from ikone_events.store.events.queries import listed_pages
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import LOCALES
from ikone_events.web.shell.page_cache import revalidated

blueprint = Blueprint("sitemap", __name__)
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
