"""Logo and colour of the installation, each under an address with its version."""

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from ikone_events.domain.colours import for_dark_ground
from ikone_events.services.installation import get_identity
from ikone_events.store.operating.identity import stored_logo
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.headers import FILE_POLICY
from ikone_events.web.shell.static_files import by_version

blueprint = Blueprint("identity", __name__)
# KERN's tokens of buttons and links, from which ours are derived (app.css). KERN sets them by
# theme, too, with the same weight: the later style sheet counts.
_STYLE = """\
:root{{--kern-color-action-default:{light};--kern-color-action-on-default:#fff}}
@media (prefers-color-scheme:dark){{\
:root{{--kern-color-action-default:{dark};--kern-color-action-on-default:#000}}}}
"""


@blueprint.get("/accent.css")
@permission(Permission.PUBLIC)
def accent() -> ResponseReturnValue:
    """The colour of links and buttons; 404 without one of our own."""
    colour = get_identity().accent
    if not colour:
        abort(404)
    style = _STYLE.format(light=colour, dark=for_dark_ground(colour))
    return _kept(style.encode(), "text/css; charset=utf-8", colour[1:])


@blueprint.get("/logo")
@permission(Permission.PUBLIC)
def logo() -> ResponseReturnValue:
    """The logo, as it was uploaded; 404 without one."""
    found = stored_logo()
    if found is None:
        abort(404)
    content, content_type, digest = found
    response = _kept(content, content_type, digest)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _kept(body: bytes, content_type: str, version: str) -> Response:
    headers = {"Cache-Control": by_version(version), "ETag": f'"{version}"'}
    response = Response(body, headers=headers, content_type=content_type)
    response.make_conditional(request)
    return response
