"""The team's door: password login by Flask-Security, brakes on guessing, sessions that end."""

import hashlib
import hmac
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Flask,
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_security import (
    LoginForm,
    Security,
    SQLAlchemyUserDatastore,
    current_user,
    logout_user,
    user_authenticated,
)

from ikone_events.domain.address import email_key
from ikone_events.services.accounts.organisers import MIN_PASSWORD_LENGTH, end_sessions
from ikone_events.services.installation import session_now
from ikone_events.store.accounts.models import Organiser, Role
from ikone_events.store.db import db, transaction
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.limits import LOGIN, limited

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
# Below this a request does not refresh the cookie, so most pages send none.
_NOTE_EVERY = timedelta(minutes=1)
PER_ADDRESS = "10 per 15 minutes"

log = logging.getLogger(__name__)


class TeamLoginForm(LoginForm):
    """Address and password; nothing is remembered beyond the session."""

    remember = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_path_here(self.next.data or ""):
            self.next.data = ""


def init_login(app: Flask) -> None:
    """Set up Flask-Security with only /login and /logout, and guard the organisers' pages."""
    app.config.update(_settings(app.config["SECRET_KEY"]))
    datastore = SQLAlchemyUserDatastore(db, Organiser, Role)
    security = Security(app, datastore, login_form=TeamLoginForm)
    # A token in the address would be a second way in, past the rules for sessions.
    security.login_manager.request_loader(lambda _request: None)
    views = app.view_functions
    app.extensions["ikone_login"] = views["security.login"]
    views["security.login"] = _login
    views["security.logout"] = _leave_for_good(views["security.logout"])
    app.before_request(_end_old_session)
    user_authenticated.connect(_note_login, app)


def _settings(secret_key: str) -> dict[str, object]:
    def derived(purpose: str) -> str:
        return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    return {
        "SECURITY_PASSWORD_SALT": derived("ikone-events.password"),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": MIN_PASSWORD_LENGTH,
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_API_ENABLED_METHODS": ["session"],
        "SECURITY_LOGIN_URL": "/login",
        "SECURITY_LOGOUT_URL": "/logout",
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_POST_LOGIN_VIEW": "organiser.dashboard",
        "SECURITY_POST_LOGOUT_VIEW": "security.login",
        "SECURITY_FRESHNESS": timedelta(days=-1),  # leaves out /verify, nothing asks for it
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_DEFAULT_REMEMBER_ME": False,
    }


View = Callable[[], Any]


def is_path_here(target: str) -> bool:
    """Whether a redirect stays on this site: one slash, no trick that browsers straighten out."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    odd = any(c == "\\" or not c.isprintable() or c.isspace() for c in target)
    return not (odd or parts.scheme or parts.netloc or target[:2] == "//") and target[:1] == "/"


def _failed(response: Response) -> bool:
    return response.status_code != 303  # noqa: PLR2004 - the redirect of a success


def _address_tried() -> str:
    """The address as a digest: what lies in the counters names nobody."""
    tried = email_key(request.form.get("email", "")[:254])
    return hashlib.sha256(tried.encode("utf-8", "replace")).hexdigest()


@limited(LOGIN, methods=["POST"], deduct_when=_failed)
@limited(PER_ADDRESS, key_func=_address_tried, methods=["POST"], deduct_when=_failed)
def _login() -> Response:
    """Flask-Security's login with brakes on guessing; only failures count."""
    view: View = current_app.extensions["ikone_login"]
    response = no_store(make_response(view()))
    if response.status_code == 302:  # noqa: PLR2004
        response.status_code = 303
        if not is_path_here(response.location or ""):
            response.location = url_for("organiser.dashboard")
    elif request.method == "POST":
        log.info("a login was refused")
    return response


def _leave_for_good(view: View) -> View:
    """Sessions live in signed cookies: leaving ends every copy by a new identifier."""

    def logout() -> Response:
        leaving = current_user.id if current_user.is_authenticated else None
        response = make_response(view())
        if leaving is not None:
            with transaction():
                end_sessions(leaving)
            session.clear()
            flash(_("You have been logged out."), "success")
            log.info("organiser %d logged out", leaving)
        response.status_code = 303
        return response

    return logout


def _note_login(_app: Flask, user: Organiser, **_more: object) -> None:
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    session["signed_in_at"] = session["seen_at"] = int(session_now().timestamp())
    log.info("organiser %d signed in", user.id)


def _end_old_session() -> Response | None:
    """End a session after an hour of rest or half a day of work; only behind the login."""
    if not request.path.startswith("/organise") or not current_user.is_authenticated:
        return None
    if _is_worn_out(session_now()):
        logout_user()
        flash(_("You have been logged out because the session had ended."), "info")
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        answer = redirect(url_for("security.login", next=target), 303)
        return make_response(answer)
    return None


def _is_worn_out(moment: datetime) -> bool:
    present = int(moment.timestamp())
    signed_in, seen = session.get("signed_in_at"), session.get("seen_at")
    if not isinstance(signed_in, int) or not isinstance(seen, int):
        return True
    rested, worked = present - seen, present - signed_in
    if rested > IDLE.total_seconds() or worked > ABSOLUTE.total_seconds():
        return True
    if rested >= _NOTE_EVERY.total_seconds():
        session["seen_at"] = present
    return False
