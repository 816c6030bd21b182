"""Importing a list of registrations: upload, report, and entering it in portions."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from ikone_events.domain.refusals import Busy, UploadRefused
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import not_addable_because
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.lists import people_import as service
from ikone_events.services.registering.lists.people_report import (
    Coming,
    Entered,
    Progress,
    progress_of,
    report_on,
)
from ikone_events.services.registering.lists.table_reading import MOST_BYTES, MOST_ROWS
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import ImportList
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    refusal_status,
    seen_event,
    show_complaints,
    translate_all,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.bodies import takes_file
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate
from ikone_events.web.shell.limits import limited

_PATH = "/events/<slug>/registrations/import"
# How many accepted rows a report shows; it shows all refused ones.
_SHOWN = 200
# Between two portions other requests get the database's write lock; another process tries to take
# it every 0.1 s.
PAUSE_SECONDS = 0.15
WORK_SECONDS = 5.0


class ImportForm(FlaskForm):
    """The file."""

    file = FileField(
        _l("List (CSV, Excel or OpenDocument)"), render_kw={"accept": ".csv,.txt,.xlsx,.xls,.ods"}
    )


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def import_form(slug: str) -> Answer:
    """Show the known columns and the form for the file."""
    return _upload_page(seen_event(slug), ImportForm())


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@limited("60 per hour", key_func=lambda: f"import:{organiser().id}")
@takes_file(lambda: MOST_BYTES)
def read_list(slug: str) -> Answer:
    """Check the whole file and keep it; nobody is registered yet."""
    event, form = seen_event(slug), ImportForm()
    if _closed(event):
        return _upload_page(event, form), 409
    file = request.files.get("file")
    if file is None or not file.filename:
        form.file.errors = [_("Please choose a file.")]
        return _upload_page(event, form), 422
    try:
        rows = service.read_people(event, file.read())
    except UploadRefused as refusal:
        show_complaints(form, refusal.complaints)
        return _upload_page(event, form), refusal_status(refusal)
    with transaction():
        stored = service.keep_list(event, organiser(), rows, file_name=file.filename, now=now())
    return redirect(url_for("organiser.import_report", slug=slug, public_id=stored.public_id), 303)


@blueprint.get(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_EVENTS)
def import_report(slug: str, public_id: str) -> Answer:
    """Show what importing the list would do, or its progress once it has begun."""
    event = seen_event(slug)
    stored = _stored(event, public_id)
    progress = progress_of(event, stored)
    if progress is None:
        return _report_page(event, stored)
    return _progress_page(event, stored, progress)


@blueprint.post(f"{_PATH}/<public_id>")
@permission(Permission.EDIT_EVENTS)
def import_list(slug: str, public_id: str) -> Answer:
    """Register people of the list for a few seconds."""
    _stored(seen_event(slug), public_id)
    enter_list(slug, public_id, seconds=WORK_SECONDS)
    # The anchor shows the script that the work goes on; a page that is opened later waits.
    report = url_for("organiser.import_report", slug=slug, public_id=public_id, _anchor="goes-on")
    return redirect(report, 303)


def enter_list(
    slug: str,
    public_id: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> None:
    """Enter portions of a list, at least one, until it is complete or the time is over.

    Raises Busy only if nothing could be entered.
    """
    end, begun = clock() + seconds, False
    while True:
        try:
            with transaction():
                waits = service.enter_portion(
                    slug, public_id, organiser(), actor=actor(), now=now()
                )
        except Busy:
            if begun:
                return
            raise
        if not waits or clock() >= end:
            return
        begun = True
        rest(PAUSE_SECONDS)


@blueprint.post(f"{_PATH}/<public_id>/drop")
@permission(Permission.EDIT_EVENTS)
def drop_import(slug: str, public_id: str) -> Answer:
    """Delete a list; registrations already entered stay."""
    event = seen_event(slug)
    stored = _stored(event, public_id)
    untouched = progress_of(event, stored) is None
    with transaction():
        service.drop_list(stored)
    if untouched:
        flash(_("The list has been deleted. Nobody was registered by it."), "success")
    else:
        flash(_("The list has been deleted. Whoever was entered stays registered."), "success")
    return redirect(url_for("organiser.registrations", slug=slug), 303)


def _stored(event: Event, public_id: str) -> ImportList:
    return service.get_list(event, organiser(), public_id, now=now())


def _closed(event: Event) -> str:
    """Return why nobody can be entered now; "" if people can."""
    closed = not_addable_because(get_availability(event, now()))
    return translate(closed) if closed else ""


def _upload_page(event: Event, form: ImportForm) -> str:
    return render_template(
        "organiser/registering/list_import.html",
        event=event,
        closed=_closed(event),
        form=form,
        fields=asked_fields(event),
        most_rows=MOST_ROWS,
    )


def _numbers(people: Iterable[Coming | Entered]) -> dict[str, int]:
    """Count the people with a seat, with a reserved one, and on the waiting list."""
    found = Counter(str(person.status) for person in people)
    return {
        "confirmed": found[Status.CONFIRMED],
        "pending": found[Status.PENDING] + found[Status.OFFERED],
        "waiting": found[Status.WAITLISTED],
    }


def _report_page(event: Event, stored: ImportList) -> str:
    report, closed = report_on(event, stored, now=now()), _closed(event)
    return render_template(
        "organiser/registering/import_report.html",
        event=event,
        stored=stored,
        report=report,
        closed=closed,
        **_numbers(report.coming),
        turned_away=[(row, translate_all(row.complaints)) for row in report.refused if not closed],
        remarks=translate_all(report.remarks),
        shown=_SHOWN,
    )


def _progress_page(event: Event, stored: ImportList, progress: Progress) -> str:
    return render_template(
        "organiser/registering/import_progress.html",
        event=event,
        stored=stored,
        progress=progress,
        **_numbers(progress.entered),
        elsewhere=[row for row in progress.entered if row.status != Status.CONFIRMED],
        turned_away=[(row, translate_all(row.complaints)) for row in progress.refused],
    )
