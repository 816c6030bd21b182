"""Pages of the trial: the caught mails, and a clock that can be put forward."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.demo.catcher import Catcher, Caught
from ikone_events.demo.replies import answer_to, can_be_answered, uid_of
from ikone_events.demo.rooms import rooms
from ikone_events.domain.calendars.preview import calendar_words
from ikone_events.domain.incoming.mails import IncomingOutcome
from ikone_events.domain.refusals import N_
from ikone_events.domain.times import BERLIN, moment_page, to_local
from ikone_events.services.incoming.ingest import ingest
from ikone_events.store.db import transaction
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale
from ikone_events.worker.engine import Engine

# How far a press of a button puts the clock forward; days keep the time on the wall.
STEPS: dict[str, str] = {
    "hour": N_("One hour later"),
    "day": N_("Tomorrow, 9:45"),
    "week": N_("In one week"),
    "quarter": N_("In 100 days"),
}


# The buttons that calendar programs show below an invitation.
REPLIES: dict[str, str] = {
    "ACCEPTED": N_("Accept in the calendar"),
    "TENTATIVE": N_("Maybe"),
    "DECLINED": N_("Decline in the calendar"),
}
_TAKEN = {
    IncomingOutcome.TAKEN: N_(
        "The calendar’s answer has been noted. Organisers see it under “Attendees”."
    ),
    IncomingOutcome.TRIAL: N_("The answer to the test invitation has arrived."),
    IncomingOutcome.OLD_DATE: N_(
        "The answer is to a date that has changed since. Nothing was noted."
    ),
}
_IN_VAIN = N_("This invitation no longer holds. Nothing was noted.")

pages = Blueprint("demo", __name__, url_prefix="/demo")


class TrialClock:
    """Real time plus an offset that only grows."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The trial's present moment, aware UTC."""
        return datetime.now(UTC) + self._offset

    def forward_to(self, moment: datetime) -> bool:
        """Put the clock to a later moment; False when it is in the past."""
        with self._lock:
            ahead = moment - self()
            if ahead <= timedelta(0):
                return False
            self._offset += ahead
            return True


@dataclass(frozen=True, slots=True)
class Trial:
    """Clock and caught mails for the trial's pages."""

    clock: TrialClock
    catcher: Catcher

    def register(self, app: Flask) -> None:
        """Add the trial's pages and its bar; create_app calls it."""
        app.extensions["ikone_trial"] = self
        app.extensions["ikone_demo"] = self.bar
        app.register_blueprint(pages)
        app.register_blueprint(rooms)

    def bar(self, locale: str) -> dict[str, object]:
        """The content of the bar above every page."""
        links = [(_("Caught e-mails and clock"), url_for("demo.index"))]
        return {"now": moment_page(self.clock(), locale=locale, zone=BERLIN), "links": links}


def _trial() -> Trial:
    return cast(Trial, current_app.extensions["ikone_trial"])


def _caught(number: int) -> Caught:
    return _trial().catcher.find(number) or abort(404)


@pages.get("/")
@permission(Permission.PUBLIC)
def index() -> str:
    """The caught mails, and buttons that put the clock forward."""
    trial = _trial()
    return render_template(
        "demo/index.html", mails=trial.catcher.mails(), present=trial.clock(), steps=STEPS
    )


@pages.post("/clock")
@permission(Permission.PUBLIC)
def forward() -> ResponseReturnValue:
    """Put the clock forward by a step."""
    if request.form.get("step") not in STEPS:
        abort(400)
    clock = _trial().clock
    clock.forward_to(_later(clock(), request.form["step"]))
    engine: Engine = current_app.extensions["ikone_engine"]
    engine.beat()  # to the new time the last sign of life would be long ago
    engine.wake()
    return redirect(url_for("demo.index"), 303)


@pages.get("/mails/<int:number>")
@permission(Permission.PUBLIC)
def mail(number: int) -> str:
    """One mail with its calendar part in plain words."""
    caught = _caught(number)
    calendar = caught.part("text/calendar")
    return render_template(
        "demo/mail.html",
        mail=caught,
        text=caught.part("text/plain"),
        calendar=calendar,
        entry=_words(calendar, updates=_updates(caught)) if calendar else None,
        replies=REPLIES if can_be_answered(caught) else {},
    )


@pages.post("/mails/<int:number>/reply")
@permission(Permission.PUBLIC)
def reply(number: int) -> ResponseReturnValue:
    """Answer an invitation as a calendar program would."""
    caught, present = _caught(number), _trial().clock()
    answer = answer_to(caught, request.form.get("answer", ""), now=present)
    if answer is None:
        abort(400)
    with transaction():
        outcome = ingest(answer, now=present)
    flash(_(_TAKEN.get(outcome, _IN_VAIN)), "success")
    return redirect(url_for("demo.mail", number=number), 303)


@pages.get("/mails/<int:number>/html")
@permission(Permission.PUBLIC)
def mail_html(number: int) -> Response:
    """The HTML part as received, in a sandbox that allows inline styles."""
    response = make_response(_caught(number).part("text/html"))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups "
        "allow-top-navigation-by-user-activation"
    )
    return response


@pages.get("/mails/<int:number>/invite.ics")
@permission(Permission.PUBLIC)
def mail_calendar(number: int) -> Response:
    """The calendar part as received."""
    response = make_response(_caught(number).part("text/calendar"))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = "attachment; filename=invite.ics"
    return response


def _updates(caught: Caught) -> bool:
    """Whether an earlier mail brought the entry."""
    uid = uid_of(caught)
    before = (mail for mail in _trial().catcher.mails() if mail.number < caught.number)
    return any(uid_of(mail) == uid for mail in before)


def _words(calendar: str, *, updates: bool) -> list[tuple[str, str]]:
    words = calendar_words(calendar.encode(), updates=updates, locale=page_locale(), zone=BERLIN)
    return [(_(label), _(value) if label == "Effect" else value) for label, value in words]


def _later(present: datetime, step: str) -> datetime:
    if step == "hour":
        return present + timedelta(hours=1)
    local = to_local(present, BERLIN).replace(tzinfo=None)
    if step == "day":
        local = (local + timedelta(days=1)).replace(hour=9, minute=45, second=0)
    else:
        local += timedelta(days=7 if step == "week" else 100)
    return local.replace(tzinfo=to_local(present, BERLIN).tzinfo).astimezone(UTC)
