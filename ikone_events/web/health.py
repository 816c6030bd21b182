"""Whether the process lives, and whether the whole house works."""

from datetime import timedelta

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.services.office import now, office
from ikone_events.store.db import db
from ikone_events.store.letters import Heartbeat, OutboxMail
from ikone_events.web.access import Permission, permission

blueprint = Blueprint("health", __name__)
STUCK_AFTER = timedelta(minutes=10)


@blueprint.get("/healthz")
@permission(Permission.PUBLIC)
def alive() -> ResponseReturnValue:
    """The process answers; nothing else is asked."""
    return _fresh(Response("ok\n", content_type="text/plain; charset=utf-8"))


@blueprint.get("/readyz")
@permission(Permission.PUBLIC)
def ready() -> ResponseReturnValue:
    """Database, worker and post; 503 when the database or the worker is gone or letters stick.

    Letters that were refused for good are a number to look at, no reason to restart anything.
    """
    try:
        worker, stuck, failed = _worker_is_alive(), _stuck(), _failed()
    except SQLAlchemyError:
        return _fresh(jsonify(ready=False, database=False)), 503
    fit = worker and not stuck
    answer = jsonify(ready=fit, database=True, worker=worker, stuck_mail=stuck, failed_mail=failed)
    return _fresh(answer), 200 if fit else 503


def _worker_is_alive() -> bool:
    last = db.session.scalar(select(func.max(Heartbeat.beat_at)))
    patience = timedelta(seconds=3 * office().settings.tick_seconds + 30)
    return last is not None and last > now() - patience


def _stuck() -> int:
    """Letters overdue while nothing leaves the house; a long mailing that moves is not stuck."""
    limit = now() - STUCK_AFTER
    overdue = select(func.count()).where(OutboxMail.state == "queued", OutboxMail.due_at < limit)
    moving = select(OutboxMail.id).where(OutboxMail.state == "sent", OutboxMail.sent_at > limit)
    number = db.session.scalar(overdue) or 0
    if number and db.session.scalar(moving.limit(1)) is not None:
        return 0
    return number


def _failed() -> int:
    wanted = select(func.count()).where(OutboxMail.state == "failed")
    return db.session.scalar(wanted) or 0


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
