"""Readers without an account cost nothing but their page: no session is opened for them.

A mailing sends hundreds of people to one page within a minute, so hooks that ask every request for
its session, its user or its limits, and find none, are taken out.
"""

from typing import Any

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_limiter import Limiter
from flask_login import LoginManager, current_user
from flask_principal import Principal

# Principal loads the user of each request: web/access.py asks for the user where it needs one.
# Limiter looks for limits of whole blueprints: ours stand at views, which check them themselves.
# LoginManager renews the cookie of "remember me", which we do not offer.
_IDLE_BEFORE = (Principal, Limiter)
_IDLE_AFTER = (LoginManager,)


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions; without a cookie no key is derived to read it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def spare_visitors(app: Flask) -> None:
    """Take out what only costs time; called when all extensions have been set up."""
    app.session_interface = Sessions()
    _drop(app.before_request_funcs.get(None, []), _IDLE_BEFORE)
    _drop(app.after_request_funcs.get(None, []), _IDLE_AFTER)
    # Templates get the name, not the person: who is behind it is looked up when one asks.
    processors = app.template_context_processors[None]
    processors[:] = [each for each in processors if each.__name__ != "_user_context_processor"]
    app.jinja_env.globals["current_user"] = current_user


def _drop(hooks: list[Any], owners: tuple[type, ...]) -> None:
    hooks[:] = [hook for hook in hooks if not isinstance(getattr(hook, "__self__", None), owners)]
