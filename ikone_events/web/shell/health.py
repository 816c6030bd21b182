"""Liveness (/healthz) and readiness (/readyz) of the installation."""

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from ikone_events.domain.operating.alarms import Alarm
from ikone_events.services.installation import get_installation, now
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
    """State of database, worker and outbox; 503 while nothing can be stored or no mail be sent.

    Permanently refused mails, an unreadable mailbox and an old backup are reported, but don't make
    it 503: mails are sent all the same. Strangers get `ready` alone; the answers of the mail server
    are shown to organisers only.
    """
    try:
        engine = engine_health(now())
    except DatabaseFault:
        return _answer(ready=False, database=False, reasons=["database"])
    alarms = engine.alarms
    return _answer(
        ready=not engine.stands,
        database=Alarm.DATABASE not in alarms,
        worker=not engine.silent,
        mail_server=Alarm.MAIL_SERVER not in alarms,
        mailbox=Alarm.MAILBOX not in alarms,
        held=Alarm.PAUSED in alarms,
        stuck_mail=engine.stuck,
        failed_mail=engine.failed,
        reasons=list(alarms),
    )


def _answer(*, ready: bool, **details: object) -> ResponseReturnValue:
    shown = details if _may_see_details() else {}
    return _fresh(jsonify(ready=ready, **shown)), 200 if ready else 503


def _may_see_details() -> bool:
    """Whether the request carries IKONE_HEALTH_TOKEN or comes from this machine."""
    settings, given = get_installation().settings, request.authorization
    if settings.health_token and given is not None and given.type == "bearer":
        token = (given.token or "").encode()
        if hmac.compare_digest(token, settings.health_token.encode()):
            return True
    # A proxy that is not declared would make everybody local.
    if "X-Forwarded-For" in request.headers and not settings.trusted_proxies:
        return False
    try:
        address = ip_address(request.remote_addr or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
