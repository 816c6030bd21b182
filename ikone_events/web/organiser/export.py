"""The list of registrations as a file; taking it away is its own permission and is logged."""

import io
import logging

from flask import Response

from ikone_events.services.exports import REGISTRATION_COLUMNS, registration_rows, write_csv
from ikone_events.web.access import Permission, organiser, permission
from ikone_events.web.limits import limiter
from ikone_events.web.organiser.frame import blueprint, seen_event

log = logging.getLogger(__name__)


@blueprint.get("/events/<slug>/registrations.csv")
@permission(Permission.EXPORT_PEOPLE)
@limiter.limit("60 per hour", key_func=lambda: f"export:{organiser().id}")
def export_registrations(slug: str) -> Response:
    """All registrations of an event as CSV for a German Excel."""
    event = seen_event(slug)
    stream = io.StringIO()
    number = write_csv(stream, REGISTRATION_COLUMNS, registration_rows(event), excel=True)
    log.info("organiser %d exported %d registrations of event %d", organiser().id, number, event.id)
    response = Response(stream.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.csv"'
    return response
