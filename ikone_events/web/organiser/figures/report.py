"""The report for the funder: a period to choose, the report on the page and as a file."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField

from ikone_events.domain.figures.report import FunderReport
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.documents.pdf import can_make_pdfs
from ikone_events.services.figures.report import make_report
from ikone_events.services.figures.report_tables import ReportWords, report_book, report_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.events.queries import events_of
from ikone_events.web.organiser.exports import MIME_TYPES, limit_exports
from ikone_events.web.organiser.fields import Day
from ikone_events.web.organiser.figures.figure_words import today_in
from ikone_events.web.organiser.frame import Answer, blueprint, download, show_complaints
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.security_events import record

_MIME_TYPES = {**MIME_TYPES, "pdf": "application/pdf", "json": "application/json"}
_WORDS = ("from", "to", "series")


class ReportForm(FlaskForm):
    """The period, and whether all events or those of a series count; it changes nothing."""

    class Meta:
        """No token: the address can be kept and handed on."""

        csrf = False

    first = Day(_l("First day"), name="from")
    last = Day(_l("Last day"), name="to")
    series = SelectField(_l("Series"))


@blueprint.get("/figures/report")
@permission(Permission.SEE_EVENTS)
def report() -> Answer:
    """Show the report of a period; at first of this year until today."""
    return _page(*_asked())


@blueprint.get("/figures/report.<any(xlsx, ods, pdf, json):file_type>")
@permission(Permission.SEE_EVENTS)
@limit_exports
def report_download(file_type: str) -> Answer:
    """Export the report; back to its page where the period is wrong, or there is no typst."""
    form, found = _asked()
    if found is None:
        return _page(form, found)
    if file_type == "pdf" and not can_make_pdfs():
        text = _(
            "There is no PDF at the moment, because typst is not installed."
            " Excel and ODS contain the same."
        )
        flash(text, "info")
        # Nothing else: url_for reads some names as wishes about the address.
        asked: dict[str, Any] = {word: request.args.get(word) for word in _WORDS}
        return redirect(url_for("organiser.report", **asked), 303)
    content = report_file(found, file_type, locale=page_locale(), zone=_zone())
    record(SecurityEvent.EXPORTED, what=f"report.{file_type}", rows=len(found.whole.events))
    name = f"report-{found.first}-{found.last}.{file_type}"
    file: Response = download(content, _MIME_TYPES[file_type], name)
    return file


def _asked() -> tuple[ReportForm, FunderReport | None]:
    """Read the form, and make its report unless something in it is wrong."""
    person = organiser()
    events, today = events_of(person, with_figures=True), today_in(now(), _zone())
    form = ReportForm(request.args)
    names = sorted({event.series for event in events if event.series}, key=str.casefold)
    form.series.choices = [("", _("All series")), *((name, name) for name in names)]
    form.series.data = form.series.data or ""
    first, last = form.first.data or today.replace(month=1, day=1), form.last.data or today
    if not form.validate():
        return form, None
    form.first.data, form.last.data = first, last
    try:
        found = make_report(
            events,
            first,
            last,
            now=now(),
            locale=page_locale(),
            series=form.series.data,
            is_partial=not person.sees_all,
        )
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return form, None
    return form, found


def _page(form: ReportForm, found: FunderReport | None) -> Answer:
    zone, locale = _zone(), page_locale()
    book = report_book(found, locale=locale, zone=zone) if found else None
    page = render_template(
        "organiser/figures/report.html",
        form=form,
        book=book,
        held=len(found.whole.events) if found else 0,
        cell=ReportWords(locale, zone).cell,
        has_pdf=can_make_pdfs(),
    )
    return page if found else (page, 422)


def _zone() -> str:
    return get_installation().settings.timezone
