"""The dossier of an event as a file to save."""

import tempfile
from contextlib import ExitStack

from flask import Response, send_file

from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.events.dossier_file import write_dossier
from ikone_events.services.followup.files import disk_fault
from ikone_events.services.installation import get_installation, now
from ikone_events.web.organiser.frame import blueprint, seen_event
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import limited
from ikone_events.web.shell.security_events import record


@blueprint.get("/events/<slug>/dossier.zip")
@permission(Permission.EDIT_EVENTS)
@limited("30 per hour", key_func=lambda: f"dossier:{organiser().id}")
def dossier(slug: str) -> Response:
    """Send the dossier in the language of the page."""
    event = seen_event(slug)
    folder = get_installation().settings.data_dir
    try:
        # Without a name, so that nothing is left of it; on the disk that also has the materials.
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder))
            write_dossier(event, file, locale=page_locale(), now=now())
            file.seek(0)
            stack.pop_all()  # the answer closes it
    except OSError as fault:  # closing the file fails once more on a full disk
        raise disk_fault(fault) from fault
    record(SecurityEvent.EXPORTED, what="dossier", slug=slug)
    name = f"{slug}-dossier.zip"
    return send_file(file, "application/zip", as_attachment=True, download_name=name)
