"""The public address of an event as a QR code, for slides and notices."""

from io import BytesIO
from typing import Any

from flask import Blueprint, Response

from ikone_events.services.installation import get_installation
from ikone_events.store.events.queries import get_public_event
from ikone_events.web.shell.access import Permission, permission

blueprint = Blueprint("qr", __name__)

_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
# The PNG has 16 pixels per module: sharp on a slide.
_LOOK: dict[str, dict[str, Any]] = {
    "svg": {"xmldecl": False, "omitsize": True},
    "png": {"scale": 16},
}
_MAX_AGE = 86_400


@blueprint.get("/events/<slug>/qr.<any(svg, png):file_type>")
@permission(Permission.PUBLIC)
def code(slug: str, file_type: str) -> Response:
    """The code of an event that is public; a quarter of it may be covered and it still reads."""
    import segno  # noqa: PLC0415 - few codes are asked for, and every start would wait for it

    event = get_public_event(slug)
    made = segno.make_qr(get_installation().page(f"/events/{event.slug}"), error="q")
    stream = BytesIO()
    made.save(stream, kind=file_type, light="#fff", **_LOOK[file_type])
    response = Response(stream.getvalue(), mimetype=_TYPES[file_type])
    response.cache_control.public = True
    response.cache_control.max_age = _MAX_AGE
    return response
