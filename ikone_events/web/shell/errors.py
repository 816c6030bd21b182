"""Refusals and faults as pages: what happened, what was kept, what to do now."""

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from ikone_events.domain.refusals import (
    Busy,
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
from ikone_events.store.outages import DriverFault, is_lock_timeout, is_outage
from ikone_events.web.shell.i18n import translate

RETRY_AFTER_BUSY = 5
_WORDED = (400, 403, 404, 409, 413, 422, 429, 500, 503)
_STATUS: dict[type[Refusal], int] = {
    TransitionRefused: 409,
    SomebodyWasFaster: 409,
    StaleForm: 409,
    RegistrationClosed: 409,
    StatusRefused: 409,
    UnfitInput: 422,
    UploadRefused: 422,
    LinkGone: 410,
    LinkRefused: 404,
    NotFound: 404,
    Busy: 503,
}
_TOKEN = re.compile(r"/(r|subscribe|unsubscribe|feeds)/[^/\s\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorWords:
    """What an error page says beyond the usual text of its status."""

    title: str = ""
    text: str = ""
    complaints: tuple[str, ...] = ()
    outcome: str = ""
    reference: str = ""
    back: str = ""


def init_app(app: Flask) -> None:
    """Answer everything that goes wrong, and keep personal links out of the log."""
    app.logger.addFilter(hide_tokens)
    for kind, status in _STATUS.items():
        app.register_error_handler(kind, _refused(status))
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(CSRFError, _http)
    app.register_error_handler(DriverFault, _database)
    app.register_error_handler(InternalServerError, _fault)
    app.register_error_handler(HTTPException, _http)


def error_page(status: int, words: ErrorWords | None = None) -> Response:
    """The page of an error; texts for the status come with the template."""
    said = words or ErrorWords()
    body = render_template(
        "error.html",
        status=status,
        title=said.title,
        text=said.text,
        complaints=said.complaints,
        outcome=said.outcome,
        reference=said.reference,
        back=said.back,
    )
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:  # noqa: PLR2004 - the number is its name
        response.headers["Retry-After"] = str(RETRY_AFTER_BUSY)
    return response


def _refused(status: int) -> Callable[[Refusal], ResponseReturnValue]:
    def handle(refusal: Refusal) -> ResponseReturnValue:
        return error_page(status, _words_of(refusal))

    return handle


def _words_of(refusal: Refusal) -> ErrorWords:
    said = tuple(translate(complaint) for complaint in refusal.complaints)
    if isinstance(refusal, LinkRefused):
        return ErrorWords(title=_("This link does not work (any more)"), text=" ".join(said))
    if isinstance(refusal, NotFound):
        return ErrorWords(text=" ".join(said))
    if isinstance(refusal, Outage):
        return _out_of_order()
    if isinstance(refusal, RegistrationClosed):
        return ErrorWords(complaints=said, outcome="closed")
    return ErrorWords(complaints=said, back=_own_page())


def _own_page() -> str:
    """Whoever came by a personal link goes back to the page that says how things stand."""
    token = (request.view_args or {}).get("token")
    return url_for("attendee.show", token=token) if token else ""


def _out_of_order() -> ErrorWords:
    return ErrorWords(
        title=_("This does not work right now"),
        text=_("The server can't reach its database or can't store anything. We have to mend it."),
    )


def _http(fault: HTTPException) -> ResponseReturnValue:
    """Answers of the framework; redirects and ready-made responses pass unchanged."""
    status = fault.code or 500
    if fault.response is not None or status < 400:  # noqa: PLR2004
        return fault
    if status not in _WORDED:
        words = ErrorWords(title=_("This can't be done at this address"), text=" ", outcome="")
        response = error_page(status, words)
    else:
        response = error_page(status)
    for name, value in fault.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _foreign_host(_fault: SecurityError) -> ResponseReturnValue:
    """No page: without a host of ours not even an address of a style sheet can be made."""
    return "This host is not served here.\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _database(fault: DriverFault) -> ResponseReturnValue:
    """A lock that was not to be had, or a database that is away, is no fault of the program."""
    if is_lock_timeout(fault):
        return error_page(503)
    if is_outage(fault):
        current_app.logger.error("the database can't be used: %s", fault.orig)
        # The frame names who is signed in, which nobody can tell while the database is away.
        g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login looks first
        return error_page(503, _out_of_order())
    current_app.logger.error("the database failed at %s", request.endpoint, exc_info=fault)
    return _fault(InternalServerError(original_exception=fault))


def _fault(_fault: InternalServerError) -> ResponseReturnValue:
    reference = secrets.token_hex(4)
    current_app.logger.error("fault %s at %s", reference, request.endpoint)
    return error_page(500, ErrorWords(reference=reference))


def hide_tokens(record: logging.LogRecord) -> bool:
    """Replace the secret of personal links in a log line."""
    record.msg = _TOKEN.sub(r"/\1/…", record.getMessage())
    record.args = None
    return True
