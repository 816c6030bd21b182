"""Readers without an account cost nothing but their page: no session is opened for them.

A mailing sends hundreds of people to one page within a minute, so hooks that ask every request for
its session or its user, and find none, are taken out. Flask-Security offers no setting for it.
"""

from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import current_user
from flask_login.utils import _user_context_processor
from flask_security import Security


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions; without a cookie no key is derived to read it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def spare_visitors(app: Flask) -> None:
    """Take out what only costs time; called when all extensions have been set up.

    Raises RuntimeError when a hook is not where the known versions of its extension put it.
    """
    app.session_interface = Sessions()
    security: Security = app.extensions["security"]
    # Loads the user of each request: web/access.py asks for the user where it needs one.
    _drop(app.before_request_funcs[None], security.principal._on_before_request)  # noqa: SLF001
    # Renews the cookie of "remember me", which we do not offer.
    _drop(app.after_request_funcs[None], security.login_manager._update_remember_cookie)  # noqa: SLF001
    # Templates get the name, not the person: who is behind it is looked up when one asks.
    _drop(app.template_context_processors[None], _user_context_processor)
    app.jinja_env.globals["current_user"] = current_user


def _drop(hooks: list[Any], hook: object) -> None:
    if hook not in hooks:
        raise RuntimeError(f"{hook!r} is no hook of this application any more")
    hooks.remove(hook)
