"""In place of a video service: a page that checks the token of whoever enters, as Jitsi would."""

from flask import Blueprint, abort, render_template, request

from ikone_events.services.installation import get_installation
from ikone_events.web.shell.access import Permission, permission

ROOMS = "/demo/rooms"

rooms = Blueprint("demo_rooms", __name__, url_prefix=ROOMS)


@rooms.get("/")
@permission(Permission.PUBLIC)
def index() -> str:
    """What *Check connection* asks for."""
    return render_template("demo/room.html", visitor=None)


@rooms.get("/<key>")
@permission(Permission.PUBLIC)
def room(key: str) -> str:
    """The room, for a token of this room whose time has not passed."""
    from joserfc import jwt  # noqa: PLC0415 - as services/rooms/providers/jitsi.py
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import OctKey  # noqa: PLC0415

    installation = get_installation()
    secret = OctKey.import_key(installation.settings.jitsi_secret.encode())
    try:
        claims = jwt.decode(request.args.get("jwt", ""), secret, algorithms=["HS256"]).claims
    except (JoseError, ValueError):
        abort(403)
    now = installation.clock().timestamp()
    if claims["room"] != key or not claims["nbf"] <= now < claims["exp"]:
        abort(403)
    return render_template("demo/room.html", visitor=claims["context"]["user"])
