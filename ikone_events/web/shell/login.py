"""Login of organisers: Flask-Security, rate limits on failures, sessions that expire."""

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
    after_this_request,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_login.utils import _user_context_processor
from flask_security import (
    LoginForm,
    Security,
    SQLAlchemyUserDatastore,
    current_user,
    logout_user,
    user_authenticated,
)
from wtforms import HiddenField

from ikone_events.domain.passwords import MIN_LENGTH
from ikone_events.domain.refusals import Busy
from ikone_events.services.accounts.organisers import end_sessions, note_sign_in
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import session_now
from ikone_events.store.accounts.models import Organiser, Role
from ikone_events.store.db import db, transaction
from ikone_events.web.shell.access import is_unattended
from ikone_events.web.shell.hashing import bound_hashing
from ikone_events.web.shell.headers import no_store
from ikone_events.web.shell.i18n import speak
from ikone_events.web.shell.interrupted import (
    is_kept,
    page_of_earlier_session,
    resume_page,
    seal_input,
)
from ikone_events.web.shell.limits import network
from ikone_events.web.shell.login_attempts import count_failure, refuse_too_many, remember_browser
from ikone_events.web.shell.present import this_request
from ikone_events.web.shell.security_events import record_refusal
from ikone_events.web.shell.sessions import Sessions

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
# A request refreshes the cookie only after this time, so most responses send none.
_NOTE_EVERY = timedelta(minutes=1)
# Pages that show more to people who are signed in: those of organisers, and check-in codes.
_FOR_TEAM = ("/organise", "/c/", "/C/")


class TeamLoginForm(LoginForm):
    """Address and password; nothing is remembered beyond the session."""

    remember = None
    # What was typed when the session ended, sealed.
    kept = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_path_here(self.next.data or ""):
            self.next.data = ""


def init_login(app: Flask) -> None:
    """Set up Flask-Security with only /login and /logout; end old sessions of organisers."""
    app.config.update(_settings(app.config["SECRET_KEY"]))
    datastore = SQLAlchemyUserDatastore(db, Organiser, Role)
    security = Security(app, datastore, login_form=TeamLoginForm)
    security.want_json(lambda _request: False)  # pages only, whatever the client prefers
    bound_hashing(security)
    # A token in the URL would log in past the rules for sessions.
    security.login_manager.request_loader(lambda _request: None)
    views = app.view_functions
    app.extensions["ikone_login"] = views["security.login"]
    views["security.login"] = _login
    views["security.logout"] = _logout_everywhere(views["security.logout"])
    app.before_request(_end_old_session)
    user_authenticated.connect(_note_login, app)
    app.session_interface = Sessions()
    drop_unused_hooks(app)


def _settings(secret_key: str) -> dict[str, object]:
    def derived(purpose: str) -> str:
        return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    return {
        "SECURITY_PASSWORD_SALT": derived("ikone-events.password"),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_PASSWORD_LENGTH_MIN": MIN_LENGTH,
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
        # Its own header would say "no-store=True", which no browser knows.
        "SECURITY_CACHE_CONTROL": {},
    }


View = Callable[[], Any]

log = logging.getLogger(__name__)


def is_path_here(target: str) -> bool:
    """Whether a redirect stays on this site: it begins with exactly one slash."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    odd = any(c == "\\" or not c.isprintable() or c.isspace() for c in target)
    return not (odd or parts.scheme or parts.netloc or target[:2] == "//") and target[:1] == "/"


def _login() -> Response:
    """Flask-Security's login with rate limits; only failures count."""
    if request.method == "POST":
        refuse_too_many()
    view: View = current_app.extensions["ikone_login"]
    response = no_store(make_response(view()))
    if response.status_code == 302:  # noqa: PLR2004
        response.status_code = 303
        if request.method == "POST":
            _remember_sign_in()
        if not is_path_here(response.location or ""):
            response.location = url_for("organiser.dashboard")
        if request.method == "POST":
            response = _resume(request.form.get("kept", "")) or response
            remember_browser(response, current_user)
    elif request.method == "POST":
        count_failure()
        record_refusal(SecurityEvent.SIGN_IN_REFUSED, response.status_code)
    return response


def keep_input_of_ended_session() -> Response | None:
    """Show the login in place of an error if the session has ended while a form was filled in.

    Must come before the check of the CSRF token, whose secret ends with the session.
    """
    if not is_kept():
        return None
    if _is_signed_in():
        page = page_of_earlier_session(session.get("csrf_token"))
        return no_store(make_response(page)) if page else None
    kept = seal_input()
    if not kept:
        return None
    if current_user.is_authenticated:
        logout_user()
    form = TeamLoginForm(formdata=None, kept=kept)
    # The frame of the pages for the team is for people who are logged in.
    frame = {"area": "", "organiser_name": ""}
    page = render_template("security/login_user.html", login_user_form=form, **frame)
    return no_store(make_response(page, 403))


def _is_signed_in() -> bool:
    return current_user.is_authenticated and not _is_expired(session_now())


def _resume(kept: str) -> Response | None:
    if not kept:
        return None
    if page := resume_page(kept, current_user.id):
        return no_store(make_response(page))
    flash(_("What was typed before belongs to another account and was discarded."), "warning")
    return None


def _remember_sign_in() -> None:
    """Speak the language that the person has chosen; store the time of the login afterwards.

    Flask-Security may have renewed the hash, and commits at the end of the request.
    """
    person = current_user.id
    if current_user.locale:
        speak(current_user.locale)

    @after_this_request
    def note(response: Response) -> Response:
        try:
            with transaction():
                note_sign_in(person, now=session_now())
        except Busy:
            log.warning("the time of a login could not be stored")
        return response


def stay_signed_in(account: Organiser) -> None:
    """Keep this session after all sessions of the account were ended."""
    session["_user_id"] = account.fs_uniquifier


def _logout_everywhere(view: View) -> View:
    """Log out everywhere: sessions are signed cookies, so the account gets a new identifier."""

    def logout() -> Response:
        leaving = current_user.id if current_user.is_authenticated else None
        response = make_response(view())
        if leaving is not None:
            with transaction():
                end_sessions(leaving)
            session.clear()
            flash(_("You have been logged out."), "success")
            log_security(SecurityEvent.SIGNED_OUT, account=leaving, network=network())
        response.status_code = 303
        return response

    return logout


def _note_login(_app: Flask, user: Organiser, **_more: object) -> None:
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    session["account"] = user.id
    session["signed_in_at"] = session["seen_at"] = int(session_now().timestamp())
    log_security(SecurityEvent.SIGNED_IN, account=user.id, network=network())


def _end_old_session() -> Response | None:
    """Log out after an hour without a request or twelve hours in all; on the team's pages."""
    if not this_request().path.startswith(_FOR_TEAM) or not current_user.is_authenticated:
        return None
    if _is_expired(session_now()):
        logout_user()
        flash(_("You have been logged out because the session had ended."), "info")
        target = request.full_path.rstrip("?") if request.method == "GET" else None
        answer = redirect(url_for("security.login", next=target), 303)
        return make_response(answer)
    return None


def session_seconds() -> int:
    """How long this session lasts if nothing is opened any more."""
    age = timedelta(seconds=session_now().timestamp() - session.get("signed_in_at", 0))
    return max(0, int(min(IDLE, ABSOLUTE - age).total_seconds()))


def _is_expired(moment: datetime) -> bool:
    present = int(moment.timestamp())
    signed_in, seen = session.get("signed_in_at"), session.get("seen_at")
    if not isinstance(signed_in, int) or not isinstance(seen, int):
        return True
    idle, age = present - seen, present - signed_in
    if idle > IDLE.total_seconds() or age > ABSOLUTE.total_seconds():
        return True
    if idle >= _NOTE_EVERY.total_seconds() and not is_unattended():
        session["seen_at"] = present
    return False


def drop_unused_hooks(app: Flask) -> None:
    """Remove hooks that open the session or load the user on every request.

    A mailing sends hundreds of people without an account to one page within a minute, and
    Flask-Security has no setting for this. Raises RuntimeError when a hook is not where the known
    versions of its extension put it.
    """
    security: Security = app.extensions["security"]
    # Loads the user of each request: web/shell/access.py loads the user where it needs one.
    _drop(app.before_request_funcs[None], security.principal._on_before_request)  # noqa: SLF001
    # Renews the cookie of "remember me", which we do not offer.
    _drop(app.after_request_funcs[None], security.login_manager._update_remember_cookie)  # noqa: SLF001
    # Hands the loaded user to every template; the global below is loaded when a template uses it.
    _drop(app.template_context_processors[None], _user_context_processor)
    app.jinja_env.globals["current_user"] = current_user


def _drop(hooks: list[Any], hook: object) -> None:
    if hook not in hooks:
        raise RuntimeError(f"{hook!r} is no hook of this application any more")
    hooks.remove(hook)
