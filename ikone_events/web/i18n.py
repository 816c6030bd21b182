"""Languages: which one a page speaks, and how moments, states and complaints become words."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, cast

from babel.dates import format_date
from flask import Flask, Response, g, has_request_context, request, url_for
from flask_babel import Babel, force_locale, gettext
from markupsafe import Markup

from ikone_events.domain import times
from ikone_events.domain.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registration import STATUS_LABELS, Status
from ikone_events.services.office import Office
from ikone_events.web.headers import fingerprint
from ikone_events.web.markdown import to_html

LOCALES = ("de", "en")
COOKIE = "lang"
FORMAT_LABELS = {
    "online": N_("Online (video conference)"),
    "on_site": N_("On site"),
    "hybrid": N_("On site and online"),
}
SALUTATION_LABELS = {
    "": N_("Not stated"),
    "frau": N_("Ms"),
    "herr": N_("Mr"),
    "divers": N_("Diverse"),
}


class Spanning(Protocol):
    """Anything that takes place from one moment to another in a zone."""

    starts_at: datetime
    ends_at: datetime
    zone: str


def init_app(app: Flask) -> None:
    """Speak German and English in pages; everything a template may rely on is set here."""
    app.config["BABEL_DEFAULT_LOCALE"] = "de"
    Babel(app, locale_selector=page_locale)
    app.jinja_env.filters.update(_FILTERS)
    app.after_request(_remember_language)
    desk = cast(Office, app.extensions["ikone_office"])
    version = fingerprint(Path(app.root_path, "static"))

    @app.context_processor
    def frame() -> dict[str, object]:
        demo = app.extensions.get("ikone_demo")
        return {
            "locale": page_locale(),
            "organisation": desk.settings.organisation,
            "settings": desk.settings,
            "asset_version": version,
            "language_url": language_url,
            "area": "",
            "active": "",
            "organiser_name": "",
            "demo": demo(page_locale()) if demo else None,
        }


def page_locale() -> str:
    """The language of this page: asked for in the address, remembered, or the browser's."""
    if not has_request_context():
        return "de"
    if "page_locale" not in g:
        g.page_locale = _choose()
    return cast(str, g.page_locale)


def _choose() -> str:
    for wish in (_asked_for(), request.cookies.get(COOKIE)):
        if wish in LOCALES:
            return wish
    if "Accept-Language" not in request.headers:
        return "de"
    return request.accept_languages.best_match(LOCALES, "de") or "de"


def _asked_for() -> str | None:
    return request.args.get(COOKIE) if request.query_string else None


def _remember_language(response: Response) -> Response:
    """A choice made by hand holds for the visit; no cookie for anybody who made none."""
    wish = _asked_for()
    if wish in LOCALES and wish != request.cookies.get(COOKIE):
        secure = request.is_secure
        response.set_cookie(COOKIE, wish, httponly=True, secure=secure, samesite="Lax")
    return response


def language_url(code: str) -> str:
    """This very page with its query in another language; the page of a refused form is its GET."""
    if request.endpoint is None:
        return f"{request.script_root}/?{COOKIE}={code}"
    query: dict[str, Any] = request.args.to_dict(flat=False)
    query[COOKIE] = code
    return url_for(request.endpoint, **{**query, **(request.view_args or {})})


def say(complaint: Complaint) -> str:
    """A complaint in the language of the page; values that are labels are translated too."""
    values = {
        key: gettext(value) if isinstance(value, str) and value else value
        for key, value in complaint.values.items()
    }
    text = cast(str, gettext(complaint.text))
    return text % values if values else text


def speak(locale: str) -> Any:
    """A context in which texts are in another language than the page's."""
    return force_locale(locale)


def _span(event: Spanning) -> str:
    return times.span_page(event.starts_at, event.ends_at, locale=page_locale(), zone=event.zone)


def _moment(value: datetime, zone: str = times.BERLIN) -> str:
    return times.moment_page(value, locale=page_locale(), zone=zone)


def _day(value: date, zone: str = times.BERLIN) -> str:
    return times.date_medium(value, locale=page_locale(), zone=zone)


def _day_short(value: date, zone: str = times.BERLIN) -> str:
    return times.date_numeric(value, locale=page_locale(), zone=zone)


def _clock(value: datetime, zone: str = times.BERLIN) -> str:
    hour = times.clock(value, zone=zone)
    return f"{hour}{times.NBSP}Uhr" if page_locale() == "de" else hour


def _tile_day(value: datetime, zone: str) -> int:
    return times.to_local(value, zone).day


def _tile_month(value: datetime, zone: str) -> str:
    return format_date(times.to_local(value, zone), "MMM", locale=page_locale())


def _iso(value: datetime, zone: str = times.BERLIN) -> str:
    return times.to_local(value, zone).isoformat(timespec="minutes")


def _size(number: int) -> str:
    """A file's size as people compare it: kilobytes, from a megabyte on megabytes."""
    if number < 1024 * 1024:
        return f"{max(1, round(number / 1024))}{times.NBSP}kB"
    megabytes = f"{number / 1024 / 1024:.1f}"
    return f"{megabytes.replace('.', ',') if page_locale() == 'de' else megabytes}{times.NBSP}MB"


def _state(value: str) -> str:
    return cast(str, gettext(STATE_LABELS[State(value)]))


def _status(value: str) -> str:
    return cast(str, gettext(STATUS_LABELS[Status(value)]))


def _format(value: str) -> str:
    return cast(str, gettext(FORMAT_LABELS[value]))


def _salutation(value: str) -> str:
    return cast(str, gettext(SALUTATION_LABELS.get(value, "Not stated")))


def _markdown(text: str) -> Markup:
    return to_html(text)


_FILTERS: dict[str, Callable[..., object]] = {
    "span": _span,
    "moment": _moment,
    "day": _day,
    "day_short": _day_short,
    "clock": _clock,
    "tile_day": _tile_day,
    "tile_month": _tile_month,
    "iso": _iso,
    "file_size": _size,
    "state_label": _state,
    "status_label": _status,
    "format_label": _format,
    "salutation_label": _salutation,
    "say": say,
    "markdown": _markdown,
}
