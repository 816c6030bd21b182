"""Pages: events, personal and for organisers. No rule is decided here."""

from flask import Flask
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from ikone_events.services.installation import Installation
from ikone_events.store.running import running_app
from ikone_events.web import attendee, organiser
from ikone_events.web.attendee import materials, requested_materials, room, speaker, upload
from ikone_events.web.organiser.calendars import office_feed
from ikone_events.web.public import (
    atom,
    certificates,
    embed,
    events,
    feeds,
    identity,
    material_requests,
    pages,
    qr,
    room_reports,
    search_engines,
    standing,
    subscriptions,
)
from ikone_events.web.registering import signup
from ikone_events.web.shell import (
    bodies,
    compression,
    errors,
    filters,
    headers,
    health,
    i18n,
    limits,
    login,
    password_reset,
    security_events,
    static_files,
)
from ikone_events.web.shell.access import check_routes
from ikone_events.web.shell.present import this_request

BLUEPRINTS = (
    events.blueprint,
    signup.blueprint,
    feeds.blueprint,
    atom.blueprint,
    qr.blueprint,
    embed.blueprint,
    feeds.personal_blueprint,
    office_feed.blueprint,
    pages.blueprint,
    identity.blueprint,
    search_engines.blueprint,
    room_reports.blueprint,
    certificates.blueprint,
    health.blueprint,
    password_reset.blueprint,
    attendee.blueprint,
    room.blueprint,
    materials.blueprint,
    material_requests.blueprint,
    requested_materials.blueprint,
    speaker.blueprint,
    upload.blueprint,
    subscriptions.blueprint,
    standing.blueprint,
    organiser.shared_blueprint,
)

csrf = CSRFProtect()
_CHECKED_BY_VIEW = frozenset(
    {
        # An expired form keeps its input.
        signup.register,
        subscriptions.subscribe,
        subscriptions.notify,
        standing.sign_up,
        material_requests.request_materials,
        attendee.details.change,
        attendee.details.hand_over,
        attendee.questions.ask_question,
        attendee.feedback.send_feedback,
        # A mail provider posts without page, cookie or token (RFC 8058). The signed link alone
        # decides whose row is deleted, and the view can do nothing else.
        subscriptions.unsubscribe,
        # A video server posts without page, cookie or token of ours; it signs with the shared
        # secret.
        room_reports.take,
    }
)


def register_pages(app: Flask) -> None:
    """Attach everything that answers requests; raises RuntimeError for an unguarded route."""
    app.jinja_env.undefined = StrictUndefined
    app.config.update(
        # A token lives as long as its session: forms stay open over lunch.
        WTF_CSRF_TIME_LIMIT=None,
        # Personal pages send no referrer, so its absence must not refuse their forms.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below, without a look at every GET
    )
    installation: Installation = app.extensions["ikone_installation"]
    compression.init_app(app)
    headers.init_app(app, installation.settings)
    static_files.init_app(app)
    limits.init_app(app, installation.settings)
    bodies.init_app(app)
    app.before_request(login.keep_input_of_ended_session)  # before the check of CSRF tokens
    csrf.init_app(app)
    app.before_request(_check_csrf)
    i18n.init_app(app)
    search_engines.init_app(app)
    filters.init_app(app)
    errors.init_app(app)
    security_events.init_app(app)
    login.init_login(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(organiser.blueprint, url_prefix="/organise")
    check_routes(app)


def _check_csrf() -> None:
    """Check the token of every form, but for views that check what they need themselves."""
    asked, app = this_request(), running_app()
    if asked.method == "GET" or not app.config["WTF_CSRF_ENABLED"] or asked.endpoint is None:
        return
    if app.view_functions.get(asked.endpoint) not in _CHECKED_BY_VIEW:
        csrf.protect()
