"""The handbook for organisers, which the package carries; its pictures show the trial."""

from pathlib import Path

from flask import Response, abort, current_app, render_template, url_for

from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.documents import read_document


@blueprint.get("/help")
@permission(Permission.OWN_ACCOUNT)
def help() -> str:  # noqa: A001 - named like its address
    """Show the handbook."""
    return render_template(
        "organiser/help.html",
        document=read_document(_documents() / "handbuch.md", _picture_url),
    )


@blueprint.get("/help/<name>.webp")
@permission(Permission.OWN_ACCOUNT)
def help_picture(name: str) -> Response:
    """Send a picture of the handbook."""
    found = {path.stem: path for path in (_documents() / "handbuch").glob("*.webp")}
    if name not in found:
        abort(404)
    return Response(found[name].read_bytes(), mimetype="image/webp")


def _documents() -> Path:
    folder: Path = current_app.extensions["ikone_documents"]
    return folder


def _picture_url(file_name: str) -> str:
    return url_for("organiser.help_picture", name=file_name.removesuffix(".webp"))
