"""The application factory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from ikone_events.commands import register_commands
from ikone_events.config import Settings, settings_from_environment
from ikone_events.domain.tokens import LinkSigner
from ikone_events.services.installation import Clock, Installation, system_clock
from ikone_events.store import erasing
from ikone_events.store.db import engine_options
from ikone_events.store.db import init_app as init_database
from ikone_events.web import register_pages
from ikone_events.worker.engine import Engine

PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """A folder that the wheel carries inside the package and a checkout beside it."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


class Application(Flask):
    """Flask without coroutines: views are plain functions, and each call need not ask for it."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(
    settings: Settings | None = None,
    *,
    clock: Clock = system_clock,
    session_clock: Clock = system_clock,
    more_pages: Callable[[Flask], None] | None = None,
) -> Flask:
    """Build the application; raises SettingsError when the environment is not fit.

    `more_pages` may add pages before the check that every route names its permission.
    """
    settings = settings or settings_from_environment()
    app = Application(
        "ikone_events",
        root_path=str(PACKAGE),
        template_folder=str(resource("templates")),
        static_folder=None,  # web/shell/static_files.py
    )
    app.config.update(_flask_settings(settings))
    app.extensions["ikone_installation"] = Installation(
        settings, LinkSigner(settings.secret_key), clock, session_clock
    )
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # names and addresses
    app.extensions["ikone_data_dir"] = settings.data_dir
    init_database(app)
    erasing.init_app(app, clock)
    app.extensions.update(ikone_migrations=resource("migrations"), ikone_documents=resource("docs"))
    engine = Engine(app, settings)
    app.extensions["ikone_engine"] = engine
    app.extensions["ikone_wake"] = engine.wake
    if more_pages is not None:
        more_pages(app)
    register_pages(app)
    register_commands(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way
            app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_prefix=0
        )
    return app


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.sqlalchemy_url),
        "SESSION_COOKIE_NAME": "__Host-session" if settings.https else "session",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 3600,
        "PREFERRED_URL_SCHEME": "https" if settings.https else "http",
    }
