"""The page on which a speaker hands in slides; whoever has its link can do nothing else."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import SelectField

from ikone_events.domain.refusals import (
    FileTooLarge,
    StatusRefused,
    UnfitInput,
    UploadRefused,
)
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.files import stored_file
from ikone_events.services.followup.handed_in import hand_in, not_taken_because, withdraw_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.events.speakers import Speaker, handed_in_by
from ikone_events.web.attendee.materials import uploaded_file
from ikone_events.web.attendee.speaker import speaker_from_token
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import MEGABYTE, takes_file
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("upload", __name__)


class HandInForm(FlaskForm):
    """A file of a speaker."""

    file = FileField(_l("File"))
    title = LineField(_l("Title"), render_kw={"maxlength": 200, "autocomplete": "off"})
    replaces = SelectField(_l("New file or new version"), choices=[], validate_choice=False)


def _owner(token: str) -> Speaker:
    return speaker_from_token(token, Purpose.UPLOAD)


@blueprint.get("/upload/<token>")
@permission(Permission.PERSONAL_LINK)
def page(token: str) -> ResponseReturnValue:
    """The form, and what has been handed in."""
    return _page(token, _owner(token), HandInForm(formdata=None))


@blueprint.post("/upload/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
@takes_file(
    lambda: get_installation().settings.max_upload_mb * MEGABYTE,
    Purpose.UPLOAD,
    check=_owner,
    streams=True,
)
def hand_in_file(token: str) -> ResponseReturnValue:
    """Store a file, which the office releases."""
    speaker, form = _owner(token), HandInForm()
    if not form.validate():
        return _page(token, speaker, form), 422
    try:
        with stored_file(uploaded_file(form.file)) as stored, transaction():
            material, path = hand_in(
                speaker,
                stored,
                title=form.title.data or "",
                replaces=form.replaces.data or "",
                now=now(),
            )
            title = material.title
    except (UnfitInput, UploadRefused, StatusRefused) as refusal:
        for complaint in refusal.complaints:
            about = form.title if complaint.about == "title" else form.file
            about.errors = [*about.errors, translate(complaint)]
        status = 413 if isinstance(refusal, FileTooLarge) else 422
        return _page(token, _owner(token), form), status
    if path is not None:
        path.unlink(missing_ok=True)
    flash(
        _("“%(title)s” has arrived. We will check and release it.", title=title),
        "success",
    )
    return redirect(url_for("upload.page", token=token), 303)


@blueprint.post("/upload/<token>/<public_id>/remove")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def remove_file(token: str, public_id: str) -> ResponseReturnValue:
    """Take back a file that nobody has released yet."""
    speaker = _owner(token)
    with transaction():
        path = withdraw_file(speaker, public_id)
    path.unlink(missing_ok=True)
    flash(_("The file has been deleted."), "success")
    return redirect(url_for("upload.page", token=token), 303)


def _page(token: str, speaker: Speaker, form: HandInForm) -> str:
    files, refused = handed_in_by(speaker), not_taken_because(speaker.event)
    versions = [
        (each.public_id, _("New version of “%(title)s”", title=each.title)) for each in files
    ]
    form.replaces.choices = [("", _("A new file")), *versions]
    return render_template(
        "speaker/upload.html",
        token=token,
        event=speaker.event,
        form=form,
        files=files,
        refused=translate(refused) if refused else "",
        max_mb=get_installation().settings.max_upload_mb,
    )
