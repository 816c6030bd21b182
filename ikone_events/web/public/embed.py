"""The list of coming events inside the pages of other sites.

It needs no cookie and sets none: browsers keep cookies from framed pages, and nobody would have
been asked. So the address alone determines the language, and there is no form.
"""

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from ikone_events.services.installation import get_installation, now
from ikone_events.web.public.events import listed_events
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.headers import policy_for_frames
from ikone_events.web.shell.i18n import speak_by_address
from ikone_events.web.shell.page_cache import revalidated

blueprint = Blueprint("embed", __name__)
blueprint.before_request(speak_by_address)
_USUAL, _MOST = 10, 50


@blueprint.get("/embed/events")
@permission(Permission.PUBLIC)
def events() -> ResponseReturnValue:
    """The next events, at most `limit`; 404 unless a site may show them."""
    origins = get_installation().settings.embed_origins
    if not origins:
        abort(404)
    coming = listed_events(now(), most=_limit())
    response = revalidated(render_template("public/embed.html", coming=coming))
    response.headers["Content-Security-Policy"] = policy_for_frames(origins)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _limit() -> int:
    """The `limit` of the address; the usual one for what is no number above zero."""
    wanted = request.args.get("limit", default=_USUAL, type=int)
    return min(wanted, _MOST) if wanted > 0 else _USUAL
