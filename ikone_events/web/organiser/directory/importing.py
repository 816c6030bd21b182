"""Importing a list of administrations: the whole file is checked, then imported or refused."""

from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from ikone_events.domain.directory.administrations import AdministrationKind
from ikone_events.domain.directory.list_file import COLUMNS, MOST_BYTES
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.directory.importing import Imported, check_list, import_list
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.web.organiser.frame import Answer, blueprint
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import takes_file
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, translate


class ListForm(FlaskForm):
    """The file; the pressed button says whether to check or to import it."""

    file = FileField(_l("CSV file"), render_kw={"accept": ".csv,text/csv"})


def _page(
    form: ListForm,
    faults: Sequence[tuple[str, str]] = (),
    found: Imported | None = None,
) -> str:
    return render_template(
        "organiser/directory/administrations_import.html",
        form=form,
        faults=faults,
        found=found,
        columns=list(COLUMNS),
        kinds=[kind.value for kind in AdministrationKind],
    )


@blueprint.get("/contacts/administrations/import")
@permission(Permission.EDIT_ADMINISTRATIONS)
def choose_list() -> str:
    """Show the form for the file, and its columns."""
    return _page(ListForm(formdata=None))


@blueprint.post("/contacts/administrations/import")
@permission(Permission.EDIT_ADMINISTRATIONS)
@takes_file(lambda: MOST_BYTES)
def import_administrations() -> Answer:
    """Check or import the list; one wrong line, and nothing is stored."""
    form = ListForm()
    if not form.validate() or not form.file.data:
        if not form.errors:
            form.file.errors = [_("Please choose a file.")]
        return _page(form), 422
    content = form.file.data.read()
    try:
        if request.form.get("do") == "check":
            return _page(form, found=check_list(content))
        with transaction():
            done = import_list(content, now=now())
    except UnfitInput as refusal:
        faults = [(complaint.about or "", translate(complaint)) for complaint in refusal.complaints]
        return _page(form, faults), 422
    flash(_done_words(done), "success")
    return redirect(url_for("organiser.administrations"), 303)


def _done_words(done: Imported) -> str:
    words = _(
        "The list has been taken over: %(new)d new, %(changed)d changed, %(same)d as before.",
        new=len(done.added),
        changed=len(done.changed),
        same=done.unchanged,
    )
    if not done.matched:
        return words
    more = ngettext(
        "%(num)d registration has found its public body by it.",
        "%(num)d registrations have found their public body by it.",
        done.matched,
    )
    return f"{words} {more}"
