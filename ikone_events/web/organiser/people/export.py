"""The list of registrations as a file; taking it away is its own permission and is logged."""

import io
import logging

from flask import Response

from ikone_events.services.lists.exports import registration_columns, registration_rows, write_json
from ikone_events.services.lists.spreadsheets import write_csv, write_xlsx
from ikone_events.store.events import Event
from ikone_events.web.access import Permission, asker_role, organiser, permission
from ikone_events.web.limits import limiter
from ikone_events.web.organiser.frame import blueprint, seen_event

log = logging.getLogger(__name__)

_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


@blueprint.get("/events/<slug>/registrations.<any(csv, xlsx, json):file_type>")
@permission(Permission.EXPORT_PEOPLE)
@limiter.limit("60 per hour", key_func=lambda: f"export:{organiser().id}")
def export_registrations(slug: str, file_type: str) -> Response:
    """All registrations of an event: CSV for a German Excel, a workbook, or JSON for programs."""
    event = seen_event(slug)
    number, content = _file(event, file_type, asker_role())
    who = organiser().id
    log.info(
        "organiser %d exported %d registrations of event %d: %s", who, number, event.id, file_type
    )
    response = Response(content, mimetype=_TYPES[file_type])
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.{file_type}"'
    return response


def _file(event: Event, kind: str, role: str) -> tuple[int, bytes]:
    columns, rows = registration_columns(event, role), registration_rows(event, role)
    if kind == "xlsx":
        binary = io.BytesIO()
        number = write_xlsx(binary, columns, rows, title=event.slug)
        return number, binary.getvalue()
    stream = io.StringIO(newline="")
    if kind == "json":
        number = write_json(stream, rows)
    else:
        number = write_csv(stream, columns, rows, excel=True)
    return number, stream.getvalue().encode()
