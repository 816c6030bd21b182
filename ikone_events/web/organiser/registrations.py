"""The people of an event: find them, note who came, take somebody off the list by hand."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ikone_events.domain.refusals import N_, Complaint, NotFound, StandingRefused
from ikone_events.domain.registration import ACTIVE, STATUS_LABELS, Attendance, Status
from ikone_events.services.attendance import mark_attendance
from ikone_events.services.exports import waiting_positions
from ikone_events.services.office import now
from ikone_events.services.standings import withdraw
from ikone_events.store.administrations import Organisation
from ikone_events.store.counts import counts_for
from ikone_events.store.db import db, transaction
from ikone_events.store.events import Event
from ikone_events.store.queries import search_registrations
from ikone_events.store.registrations import Registration
from ikone_events.web.access import Permission, permission
from ikone_events.web.i18n import say
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    page_number,
    page_url,
    pager,
    seen_event,
)
from ikone_events.web.organiser.words import gettext as _


@blueprint.get("/events/<slug>/registrations")
@permission(Permission.SEE_EVENTS)
def registrations(slug: str) -> str:
    """The list, by name or administration and by standing, fifty at a time."""
    event = seen_event(slug)
    words, status = request.args.get("q", "")[:200], request.args.get("status", "")
    status = status if status in list(Status) else ""
    page = search_registrations(event, words=words, status=status, number=page_number())
    query = {key: value for key, value in (("q", words), ("status", status)) if value}
    return render_template(
        "organiser/registrations.html",
        event=event,
        counts=counts_for([event.id])[event.id],
        page=page,
        pager=pager(page),
        page_url=page_url("organiser.registrations", slug=slug, **query),
        organisations=_organisations(page.rows),
        positions=waiting_positions(event),
        statuses=STATUS_LABELS,
        words=words,
        status=status,
        query=query,
        active_statuses=[status.value for status in ACTIVE],
        begun=now() >= event.starts_at,
        over=now() >= event.ends_at,
    )


def _organisations(rows: list[Registration]) -> dict[int, Organisation]:
    """The administrations of one page of people, in one query."""
    wanted = {row.organisation_id for row in rows if row.organisation_id is not None}
    found = db.session.scalars(select(Organisation).where(Organisation.id.in_(wanted)))
    return {organisation.id: organisation for organisation in found}


@blueprint.post("/events/<slug>/registrations/<public_id>/attendance")
@permission(Permission.EDIT_EVENTS)
def set_attendance(slug: str, public_id: str) -> Answer:
    """Note that somebody came, did not come, or that nobody knows."""
    person = get_person(seen_event(slug), public_id)
    wish = request.form.get("attendance", "")
    if wish not in ("", *Attendance):
        abort(422)
    with transaction():
        mark_attendance(person.public_id, Attendance(wish) if wish else None, now=now())
    return _back(slug, public_id)


@blueprint.get("/events/<slug>/registrations/<public_id>/withdraw")
@permission(Permission.EDIT_EVENTS)
def ask_withdrawal(slug: str, public_id: str) -> str:
    """Ask before a person is taken off the list."""
    event = seen_event(slug)
    return render_template(
        "organiser/withdraw.html",
        event=event,
        counts=counts_for([event.id])[event.id],
        person=get_person(event, public_id),
    )


@blueprint.post("/events/<slug>/registrations/<public_id>/withdraw")
@permission(Permission.EDIT_EVENTS)
def withdraw_person(slug: str, public_id: str) -> Answer:
    """Take a person off the list; the seat goes to the next in line."""
    person = get_person(seen_event(slug), public_id)
    try:
        with transaction():
            withdraw(person.public_id, now=now())
    except StandingRefused as refusal:
        for complaint in refusal.complaints:
            flash(say(complaint), "danger")
    else:
        flash(_("The registration has been withdrawn. The person gets a letter."), "success")
    return redirect(url_for("organiser.registrations", slug=slug), 303)


def get_person(event: Event, public_id: str) -> Registration:
    """A registration of this very event; raises NotFound."""
    found = db.session.scalar(
        select(Registration).where(
            Registration.event_id == event.id, Registration.public_id == public_id
        )
    )
    if found is None:
        raise NotFound(Complaint(N_("There is no such registration.")))
    return found


def _back(slug: str, public_id: str) -> Response:
    """To the same place of the same list: the form carries its query along."""
    kept: dict[str, Any] = {
        key: request.form[key] for key in ("q", "status", "page") if request.form.get(key)
    }
    url = url_for("organiser.registrations", slug=slug, **kept, _anchor=f"p-{public_id}")
    return redirect(url, 303)
