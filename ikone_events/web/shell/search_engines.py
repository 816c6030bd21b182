"""Where search engines find a public page in each language."""

from typing import NamedTuple

from flask import Flask, current_app, request, url_for

from ikone_events.domain.calendars.feeds import in_language
from ikone_events.services.installation import get_installation
from ikone_events.web.shell.access import Permission
from ikone_events.web.shell.i18n import LOCALES, page_locale

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
