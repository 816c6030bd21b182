"""Languages: the locale of a page, and the translation of complaints."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast
from urllib.parse import urlencode

import flask_babel
from flask import Flask, Response, current_app, g, has_request_context, request, url_for
from flask_babel import Babel, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from ikone_events.catalogues import catalogue
from ikone_events.domain.identity import Identity
from ikone_events.domain.operating.words import in_words
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import Installation, get_identity, identity_without_database
from ikone_events.store.outages import DriverFault
from ikone_events.store.running import this_context
from ikone_events.web.shell.present import this_request

COOKIE = "lang"


def init_app(app: Flask) -> None:
    """Set up translations, and the template variables of base.html."""
    app.config["BABEL_DEFAULT_LOCALE"] = "de"
    Babel(app, locale_selector=page_locale)
    _install_gettext(app)
    app.after_request(_remember_language)
    installation = cast(Installation, app.extensions["ikone_installation"])

    @app.context_processor
    def frame() -> dict[str, object]:
        demo, identity = app.extensions.get("ikone_demo"), _identity()
        return {
            "locale": page_locale(),
            "language_parameter": language_parameter(),
            "identity": identity,
            "organisation": identity.organisation,
            "settings": installation.settings,
            "language_url": language_url,
            "area": "",
            "active": "",
            "organiser_name": "",
            "demo": demo(page_locale()) if demo else None,
        }


def _identity() -> Identity:
    """How the installation presents itself, also on the page of an unreachable database."""
    try:
        return get_identity()
    except DriverFault:
        return identity_without_database()


def _install_gettext(app: Flask) -> None:
    """Faster gettext for templates: Flask-Babel's looks up its context for each text."""

    def one(text: str) -> str:
        return catalogue(page_locale()).gettext(text)

    def counted(singular: str, plural: str, number: int) -> str:
        return catalogue(page_locale()).ngettext(singular, plural, number)

    app.jinja_env.install_gettext_callables(one, counted, newstyle=True)  # type: ignore[attr-defined]


def gettext(text: str, **values: object) -> str:
    """Flask-Babel's gettext with types, which it lacks."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, num: int, **values: object) -> str:
    """Flask-Babel's ngettext with types."""
    return str(flask_babel.ngettext(singular, plural, num, **values))


def page_locale() -> str:
    """The locale of this page: from the query, else the cookie, else Accept-Language."""
    if not has_request_context():
        return "de"
    kept = this_context().g
    known: str | None = kept.get("page_locale")
    if known is None:
        known = kept.page_locale = _choose()
    return known


def language_parameter() -> str | None:
    """The `lang` parameter of feed URLs; None for the default locale."""
    locale = page_locale()
    return None if locale == LOCALES[0] else locale


def speak(code: str) -> None:
    """Switch to another locale during the request and remember it in the cookie."""
    g.page_locale = g.language_wish = code
    refresh()


def speak_by_address() -> None:
    """Take the locale from the query, else German; no cookie is set.

    Feed readers send no cookie and the language of their machine: one URL must always give the
    same text.
    """
    wish = request.args.get(COOKIE)
    g.page_locale = wish if wish in LOCALES else LOCALES[0]
    g.language_wish = None
    refresh()


def _choose() -> str:
    asked = this_request()
    for wish in (_asked_for(), asked.cookies.get(COOKIE)):
        if wish in LOCALES:
            return wish
    return _understood(asked.headers.get("Accept-Language", "")[:_LONGEST_WISH])


# Of a header that browsers send with a tenth of it; what is kept must not grow by longer ones.
_LONGEST_WISH = 500


@lru_cache(maxsize=200)
def _understood(accepted: str) -> str:
    """The best locale by an Accept-Language header; most browsers send one of a few."""
    return parse_accept_header(accepted, LanguageAccept).best_match(LOCALES, "de") or "de"


def _asked_for() -> str | None:
    kept, asked = this_context().g, this_request()
    if "language_wish" in kept:
        return cast(str | None, kept.language_wish)
    return asked.args.get(COOKIE) if asked.query_string else None


def _remember_language(response: Response) -> Response:
    """Store an explicit choice in a session cookie; nobody else gets one."""
    wish = _asked_for()
    if wish in LOCALES and wish != request.cookies.get(COOKIE):
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, wish, httponly=True, secure=secure, samesite="Lax")
    return response


def language_url(code: str) -> str:
    """URL of this page in another language, with its query."""
    if request.endpoint is None:
        return f"{request.script_root}/?{COOKIE}={code}"
    path = url_for(request.endpoint, **(request.view_args or {}))
    return address_with(path, {**request.args.to_dict(flat=False), COOKIE: [code]})


def address_with(path: str, query: Mapping[str, Sequence[str]]) -> str:
    """An address with a query from outside, of which url_for would read some names as wishes."""
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def translate(complaint: Complaint) -> str:
    """The text of a complaint in the language of the page; labels and dates too."""
    return in_words(complaint, gettext, page_locale())
