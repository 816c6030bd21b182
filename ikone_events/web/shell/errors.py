"""Error pages: what happened, what was kept, what to do now."""

import logging
import re
import secrets
from collections.abc import Callable
from math import ceil
from typing import Any, cast

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    RequestEntityTooLarge,
    SecurityError,
    TooManyRequests,
)

from ikone_events.domain.refusals import (
    AccountRefused,
    Busy,
    FileTooLarge,
    LinkGone,
    LinkRefused,
    NotFound,
    Outage,
    Refusal,
    RegistrationClosed,
    SomebodyWasFaster,
    StaleForm,
    StatusRefused,
    TransitionRefused,
    UnfitInput,
    UploadRefused,
)
from ikone_events.domain.tokens import PERSONAL_PATHS
from ikone_events.store.outages import (
    DriverFault,
    is_lock_timeout,
    is_outage,
    is_refused_by_driver,
    report,
)
from ikone_events.web.shell.bodies import most_megabytes, takes_upload
from ikone_events.web.shell.forms import sends_no_cookie
from ikone_events.web.shell.i18n import gettext, ngettext, translate

RETRY_AFTER_BUSY = 5
_WORDED = (400, 403, 404, 409, 413, 415, 422, 429, 500, 503)
_STATUS: dict[type[Refusal], int] = {
    TransitionRefused: 409,
    SomebodyWasFaster: 409,
    StaleForm: 409,
    RegistrationClosed: 409,
    StatusRefused: 409,
    AccountRefused: 409,
    UnfitInput: 422,
    UploadRefused: 422,
    FileTooLarge: 413,
    LinkGone: 410,
    LinkRefused: 404,
    NotFound: 404,
    Busy: 503,
}
_TOKEN = re.compile(rf"/({'|'.join(PERSONAL_PATHS)})/[^/\s\]]+")


_NO_WORDS = {
    "title": "",
    "text": "",
    "advice": "",
    "complaints": (),
    "outcome": "",
    "reference": "",
    "back": "",
}


def init_app(app: Flask) -> None:
    """Register the error handlers and keep personal links out of the log."""
    app.logger.addFilter(hide_tokens)
    for kind, status in _STATUS.items():
        app.register_error_handler(kind, _refused(status))
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(CSRFError, _http)
    app.register_error_handler(DriverFault, _database)
    app.register_error_handler(InternalServerError, _fault)
    app.register_error_handler(HTTPException, _http)


def _error_page(status: int, **words: Any) -> Response:
    """The page of an error; `words` replace the template's texts for the status."""
    body = render_template("error.html", status=status, **{**_NO_WORDS, **words})
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:  # noqa: PLR2004 - the number is its name
        response.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    return response


def _refused(status: int) -> Callable[[Refusal], ResponseReturnValue]:
    def handle(refusal: Refusal) -> ResponseReturnValue:
        return _error_page(status, **_words_of(refusal))

    return handle


def _words_of(refusal: Refusal) -> dict[str, Any]:
    texts = tuple(translate(complaint) for complaint in refusal.complaints)
    if isinstance(refusal, LinkRefused):
        return {"title": _("This link does not work (any more)"), "text": " ".join(texts)}
    if isinstance(refusal, NotFound):
        return {"text": " ".join(texts)}
    if isinstance(refusal, Outage):
        return _outage()
    if isinstance(refusal, RegistrationClosed):
        return {"complaints": texts, "outcome": "closed"}
    token = (request.view_args or {}).get("token")
    own = bool(token) and request.path.startswith("/r/")  # elsewhere it is another page's token
    back = url_for("attendee.show", token=token) if own else ""
    return {"complaints": texts, "back": back}


def _outage() -> dict[str, Any]:
    # base.html shows the organiser's name, which can't be loaded now.
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login looks first
    text = _("The server can't reach its database or can't store anything. We have to mend it.")
    return {"title": _("This does not work right now"), "text": text}


def _http(fault: HTTPException) -> ResponseReturnValue:
    """Page of an error that Flask raised; redirects and finished responses pass unchanged."""
    status = fault.code or 500
    if fault.response is not None or status < 400:  # noqa: PLR2004
        return fault
    if isinstance(fault, CSRFError):
        g.refusal_reason = "csrf"
    response = _error_page(status, **_words_of_http(fault))
    for name, value in fault.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _words_of_http(fault: HTTPException) -> dict[str, Any]:
    if isinstance(fault, TooManyRequests):
        text = "" if fault.description == TooManyRequests.description else fault.description
        back = url_for("security.login") if request.endpoint == "security.login" else ""
        wait = int(cast(int, fault.retry_after) or 60)
        return {"text": text, "advice": wait_words(wait), "back": back}
    if isinstance(fault, RequestEntityTooLarge):
        return _words_of_size()
    if isinstance(fault, CSRFError) and sends_no_cookie():
        text = _(
            "Your browser did not return the cookie that buttons on this page need for security."
            " Please allow cookies for this page, open it again and press the button once more."
        )
        return {"title": _("The cookie is missing"), "text": text}
    if fault.code in _WORDED:
        return {}
    return {"title": _("This can't be done at this address"), "text": " "}


def _words_of_size() -> dict[str, Any]:
    most = most_megabytes()
    if takes_upload():
        return {"text": _("A file may have up to %(number)d MB here.", number=most)}
    title = _("This is too much for one form")
    return {"title": title, "text": _("A form may have up to %(number)d MB here.", number=most)}


def wait_words(seconds: int) -> str:
    """How long to wait before the next attempt, rounded up to minutes beyond two of them."""
    if seconds <= 2 * 60:
        return ngettext(
            "Please wait %(num)d second, then try again.",
            "Please wait %(num)d seconds, then try again.",
            seconds,
        )
    return gettext("Please wait %(num)d minutes, then try again.", num=ceil(seconds / 60))


def _foreign_host(_fault: SecurityError) -> ResponseReturnValue:
    """Plain text: without a trusted host no URL of a style sheet can be built."""
    g.refusal_reason = "host"
    return "This host is not served here.\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _database(fault: DriverFault) -> ResponseReturnValue:
    """503 for a lock timeout or an unreachable database, 500 for any other database error.

    400 for NUL bytes where only ids of ours are expected; fields to type in are checked before.
    """
    if is_lock_timeout(fault):
        return _error_page(503)
    if is_refused_by_driver(fault):
        return _error_page(400)
    if is_outage(fault):
        report(str(fault.orig))
        return _error_page(503, **_outage())
    current_app.logger.error("database error at %s", request.endpoint, exc_info=fault)
    return _fault(InternalServerError(original_exception=fault))


def _fault(_fault: InternalServerError) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    current_app.logger.error("fault %s at %s", reference, request.endpoint)
    return _error_page(500, reference=reference)


def hide_tokens(record: logging.LogRecord) -> bool:
    """Logging filter: replace the tokens of personal links."""
    record.msg = _TOKEN.sub(r"/\1/…", record.getMessage())
    record.args = None
    return True
