"""Pages of the trial alone: the caught letters, and the clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.demo.catcher import Catcher
from ikone_events.demo.clock import TrialClock
from ikone_events.domain.calendar_words import calendar_words
from ikone_events.domain.refusals import N_
from ikone_events.domain.times import BERLIN, moment_page, to_local
from ikone_events.web.access import Permission, permission
from ikone_events.web.i18n import page_locale

# How far a press of a button puts the clock forward; days keep the time on the wall.
STEPS: dict[str, str] = {
    "hour": N_("One hour later"),
    "day": N_("Tomorrow, 9:45"),
    "week": N_("In one week"),
    "quarter": N_("In 100 days"),
}


def register_trial_pages(clock: TrialClock, catcher: Catcher) -> Callable[[Flask], None]:
    """What create_app calls to add the trial's pages and its bar."""

    def register(app: Flask) -> None:
        app.register_blueprint(_blueprint(clock, catcher), url_prefix="/demo")
        app.extensions["ikone_demo"] = lambda locale: _bar(clock, locale)

    return register


def _bar(clock: TrialClock, locale: str) -> dict[str, object]:
    links = [(_("Caught mail and clock"), url_for("demo.index"))]
    return {"now": moment_page(clock(), locale=locale, zone=BERLIN), "links": links}


def _blueprint(clock: TrialClock, catcher: Catcher) -> Blueprint:
    pages = Blueprint("demo", __name__)

    @pages.get("/")
    @permission(Permission.PUBLIC)
    def index() -> str:
        return render_template(
            "demo/index.html", letters=catcher.letters(), present=clock(), steps=STEPS
        )

    @pages.post("/clock")
    @permission(Permission.PUBLIC)
    def forward() -> ResponseReturnValue:
        if request.form.get("step") not in STEPS:
            abort(400)
        clock.forward_to(_later(clock(), request.form["step"]))
        return redirect(url_for("demo.index"), 303)

    @pages.get("/letters/<int:number>")
    @permission(Permission.PUBLIC)
    def letter(number: int) -> str:
        caught = catcher.find(number) or abort(404)
        calendar = caught.part("text/calendar")
        return render_template(
            "demo/letter.html",
            letter=caught,
            text=caught.part("text/plain"),
            calendar=calendar,
            entry=_words(calendar) if calendar else None,
        )

    @pages.get("/letters/<int:number>/html")
    @permission(Permission.PUBLIC)
    def letter_html(number: int) -> Response:
        """The HTML part as it came, in a sandbox, with the inline styles that mail needs."""
        caught = catcher.find(number) or abort(404)
        response = make_response(caught.part("text/html"))
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups "
            "allow-top-navigation-by-user-activation"
        )
        return response

    @pages.get("/letters/<int:number>/invite.ics")
    @permission(Permission.PUBLIC)
    def letter_calendar(number: int) -> Response:
        caught = catcher.find(number) or abort(404)
        response = make_response(caught.part("text/calendar"))
        response.headers["Content-Type"] = "text/calendar; charset=utf-8"
        response.headers["Content-Disposition"] = "attachment; filename=invite.ics"
        return response

    return pages


def _words(calendar: str) -> list[tuple[str, str]]:
    return calendar_words(calendar.encode(), locale=page_locale(), zone=BERLIN)


def _later(present: datetime, step: str) -> datetime:
    if step == "hour":
        return present + timedelta(hours=1)
    local = to_local(present, BERLIN).replace(tzinfo=None)
    if step == "day":
        local = (local + timedelta(days=1)).replace(hour=9, minute=45, second=0)
    else:
        local += timedelta(days=7 if step == "week" else 100)
    return local.replace(tzinfo=to_local(present, BERLIN).tzinfo).astimezone(UTC)
