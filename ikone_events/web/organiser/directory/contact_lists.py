"""Importing contacts: upload with source and legal basis, report row by row, then entering."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField

from ikone_events.domain.refusals import UnfitInput, UploadRefused
from ikone_events.services.directory.contact_lists import (
    ContactListReport,
    ReportedRow,
    RowResult,
    enter_list,
    keep_contacts,
    read_contacts,
    report_on,
)
from ikone_events.services.directory.contacts import HAS_OBJECTED
from ikone_events.services.installation import now
from ikone_events.services.registering.lists.people_import import drop_list, get_list
from ikone_events.services.registering.lists.table_reading import MOST_BYTES, MOST_ROWS
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import ImportList
from ikone_events.web.organiser.directory.contact_form import OriginForm, legal_bases
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    refusal_status,
    show_complaints,
    translate_all,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.bodies import takes_file
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.limits import limited

_PATH = "/contacts/people/import"
# What is entered comes last in the report: the other rows have to be looked at.
_TO_LOOK_AT = (RowResult.REFUSED, RowResult.OBJECTED, RowResult.REPEATED)
# How many rows of each result a report shows; it shows all that have to be looked at.
_SHOWN = 200


class ContactListForm(OriginForm):
    """The file, and what holds for everybody in it."""

    file = FileField(
        _l("List (CSV, Excel or OpenDocument)"), render_kw={"accept": ".csv,.txt,.xlsx,.xls,.ods"}
    )


def _form(*, empty: bool = False) -> ContactListForm:
    form = ContactListForm(formdata=None) if empty else ContactListForm()
    form.legal_basis.choices = legal_bases()
    return form


def _upload_page(form: ContactListForm) -> str:
    return render_template(
        "organiser/directory/contacts_import.html", form=form, most_rows=MOST_ROWS
    )


@blueprint.get(_PATH)
@permission(Permission.EDIT_ADMINISTRATIONS)
def choose_contacts() -> str:
    """Show the form for the file, and the headings that are known."""
    return _upload_page(_form(empty=True))


@blueprint.post(_PATH)
@permission(Permission.EDIT_ADMINISTRATIONS)
@limited("60 per hour", key_func=lambda: f"import:{organiser().id}")
@takes_file(lambda: MOST_BYTES)
def read_contact_list() -> Answer:
    """Check the whole file and keep it for a day; nobody is entered yet."""
    form, file = _form(), request.files.get("file")
    fit = form.validate()
    if file is None or not file.filename:
        form.file.errors, fit = [_("Please choose a file.")], False
    if not fit or file is None:
        return _upload_page(form), 422
    try:
        found = read_contacts(
            file.read(), source=form.source.data, legal_basis=form.legal_basis.data
        )
    except (UploadRefused, UnfitInput) as refusal:
        show_complaints(form, refusal.complaints)
        return _upload_page(form), refusal_status(refusal)
    with transaction():
        stored = keep_contacts(found, organiser(), file_name=file.filename or "", now=now())
    return redirect(url_for("organiser.contact_report", public_id=stored.public_id), 303)


@blueprint.get(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_ADMINISTRATIONS)
def contact_report(public_id: str) -> str:
    """Show what entering the list would do, row by row."""
    stored = _stored(public_id)
    report = report_on(stored)
    return render_template(
        "organiser/directory/contacts_report.html",
        stored=stored,
        report=report,
        remarks=translate_all(report.remarks),
        new=report.count(RowResult.NEW),
        changed=report.count(RowResult.CHANGED),
        known=report.count(RowResult.KNOWN),
        left=[(row, _why(row)) for row in report.rows if row.result in _TO_LOOK_AT],
        entered=[(row, _what(row)) for row in report.rows if row.result not in _TO_LOOK_AT],
        shown=_SHOWN,
    )


def _why(row: ReportedRow) -> str:
    """Return why a row is left out."""
    if row.result is RowResult.OBJECTED:
        return _(HAS_OBJECTED)
    if row.result is RowResult.REPEATED:
        return _("This address stands in the file already, in line %(line)d.", line=row.first_line)
    return " ".join(translate_all(row.complaints))


def _what(row: ReportedRow) -> str:
    """Return what happens with a row that is taken."""
    if row.result is RowResult.NEW:
        return _("New")
    return _("Updated") if row.result is RowResult.CHANGED else _("Already known, stays as it is")


@blueprint.post(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_ADMINISTRATIONS)
def enter_contacts(public_id: str) -> Answer:
    """Enter the contacts of the list, by what holds at this moment."""
    with transaction():
        report = enter_list(_stored(public_id), actor=actor(), now=now())
    flash(_entered_words(report), "success")
    return redirect(url_for("organiser.contacts"), 303)


def _entered_words(report: ContactListReport) -> str:
    words = _(
        "The list has been taken over: %(new)d new, %(changed)d changed, %(same)d as before.",
        new=report.count(RowResult.NEW),
        changed=report.count(RowResult.CHANGED),
        same=report.count(RowResult.KNOWN),
    )
    if not (left := report.count(*_TO_LOOK_AT)):
        return words
    more = ngettext("One line was left out.", "%(num)d lines were left out.", left)
    return f"{words} {more}"


@blueprint.post(f"{_PATH}/<public_id>/drop")
@permission(Permission.EDIT_ADMINISTRATIONS)
def drop_contacts(public_id: str) -> Answer:
    """Delete the list; nobody is entered."""
    stored = _stored(public_id)
    with transaction():
        drop_list(stored)
    flash(_("The list has been deleted. Nobody was entered."), "success")
    return redirect(url_for("organiser.contacts"), 303)


def _stored(public_id: str) -> ImportList:
    return get_list(None, organiser(), public_id, now=now())
