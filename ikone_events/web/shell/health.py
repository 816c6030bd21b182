"""Liveness (/healthz) and readiness (/readyz) of the installation."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from ikone_events.domain.operating.alarms import Alarm
from ikone_events.services.installation import now
from ikone_events.services.operating.health import engine_health
from ikone_events.store.outages import DatabaseFault
from ikone_events.web.shell.access import Permission, permission

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@permission(Permission.PUBLIC)
def alive() -> ResponseReturnValue:
    """200 while the process answers; checks nothing else."""
    return _fresh(Response("ok\n", content_type="text/plain; charset=utf-8"))


@blueprint.get("/readyz")
@permission(Permission.PUBLIC)
def ready() -> ResponseReturnValue:
    """State of database, worker and outbox; 503 with the reasons while no mail can be sent.

    Permanently refused mails and an unreadable mailbox are reported, but don't make it 503:
    mails are sent all the same. The answers of the mail server are shown to organisers only.
    """
    try:
        engine = engine_health(now())
    except DatabaseFault:
        answer = jsonify(ready=False, database=False, reasons=["database"])
        return _fresh(answer), 503
    alarms = engine.alarms
    answer = jsonify(
        ready=not engine.stands,
        database=True,
        worker=not engine.silent,
        mail_server=Alarm.MAIL_SERVER not in alarms,
        mailbox=Alarm.MAILBOX not in alarms,
        held=Alarm.PAUSED in alarms,
        stuck_mail=engine.stuck,
        failed_mail=engine.failed,
        reasons=list(alarms),
    )
    return _fresh(answer), 503 if engine.stands else 200


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
