"""Where a provider of video rooms reports after a meeting."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ikone_events.services.installation import now
from ikone_events.services.rooms.reports import ReportOutcome, is_from_provider, take_report
from ikone_events.store.db import transaction
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import content_types
from ikone_events.web.shell.limits import limited

blueprint = Blueprint("room_reports", __name__)
# One report a meeting, repeated until it is taken.
_LIMIT = "60 per minute"
_BEARER = "Bearer "
# A server stops repeating its report at these two (BigBlueButton: 2xx and 410).
_TAKEN, _IN_VAIN = 204, 410
_STATUS = {
    ReportOutcome.TAKEN: _TAKEN,
    ReportOutcome.KNOWN: _TAKEN,
    ReportOutcome.UNKNOWN_MEETING: _IN_VAIN,
    ReportOutcome.UNREADABLE: _IN_VAIN,
}


@blueprint.post("/rooms/<key>/report")
@permission(Permission.PUBLIC)
@limited(_LIMIT)
@content_types("application/json")
def take(key: str) -> ResponseReturnValue:
    """Take a meeting's report from a server that has the shared secret; 401 for anybody else."""
    header = request.headers.get("Authorization", "")
    moment = now()
    if not header.startswith(_BEARER) or not is_from_provider(header[len(_BEARER) :], moment):
        return "", 401, {"WWW-Authenticate": "Bearer"}
    body = request.get_data(cache=False)
    with transaction():
        outcome = take_report(key, body, now=moment)
    return "", _STATUS[outcome]
