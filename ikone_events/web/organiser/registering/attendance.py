"""The attendance of an event as a list to tick, saved at once."""

from collections.abc import Collection, Mapping, Sequence

from flask import redirect, render_template, request, url_for

from ikone_events.domain.refusals import Complaint, StatusRefused
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.salutation import full_name
from ikone_events.services.installation import now
from ikone_events.services.rooms.attendance import (
    AttendanceMark,
    SavedAttendance,
    not_recordable_because,
    save_attendance,
)
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.attendance import people_to_tick
from ikone_events.store.rooms.attendance import attendances
from ikone_events.web.organiser.frame import Answer, actor, blueprint, flash_at, say_all, seen_event
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import AGAIN, is_shown_again, keeps_input

_PATH = "/events/<slug>/attendance"
# How many names a message lists.
_MOST_NAMES = 10


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def attendance(slug: str) -> str:
    """Show all confirmed people by name, those who attended ticked."""
    return _page(seen_event(slug), None)


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_ticks(slug: str) -> Answer:
    """Save what the form changed; “All were there” only ticks everybody."""
    event = seen_event(slug)
    ticked = set(request.form.getlist("here"))
    if "all" in request.form:
        people = people_to_tick(event)
        return _page(event, {each.public_id for each in people}, all_ticked=True)
    if is_shown_again():
        return _page(event, ticked, refused=[AGAIN]), 422
    try:
        with transaction():
            saved = save_attendance(slug, _marks(ticked), now=now(), by=actor())
    except StatusRefused as refusal:
        return _page(seen_event(slug), ticked, refused=refusal.complaints), 409
    _tell(saved)
    return redirect(url_for("organiser.attendance", slug=slug), 303)


def _marks(ticked: Collection[str]) -> Mapping[str, AttendanceMark]:
    """Return what the form showed and says, by public id; values of no form are left out.

    Whoever is not ticked is absent if the office says so. Else an attendance is taken back, and
    everything else stays.
    """
    others_missed = request.form.get("others") == "missed"
    marks = {}
    for value in request.form.getlist("shown"):
        public_id, _slash, state = value.partition("/")
        if state not in ("", *Attendance):
            continue
        shown = wanted = Attendance(state) if state else None
        if public_id in ticked:
            wanted = Attendance.ATTENDED
        elif others_missed:
            wanted = Attendance.MISSED
        elif shown is Attendance.ATTENDED:
            wanted = None
        marks[public_id] = AttendanceMark(shown, wanted)
    return marks


def _tell(saved: SavedAttendance) -> None:
    if saved.changed:
        words = ngettext(
            "Saved: the attendance of one person has changed.",
            "Saved: the attendance of %(num)d people has changed.",
            saved.changed,
        )
        flash_at("attendance", words)
    elif not saved.kept:
        flash_at("attendance", _("Nothing has changed."), "info")
    if saved.kept:
        names = [full_name(each.title, each.first_name, each.last_name) for each in saved.kept]
        more = len(names) - _MOST_NAMES
        listed = ", ".join(names[:_MOST_NAMES]) + (f" (+{more})" if more > 0 else "")
        words = _(
            "Somebody else has recorded these people meanwhile, and that is kept: %(names)s.",
            names=listed,
        )
        flash_at("attendance", words, "warning")


def _page(
    event: Event,
    ticked: Collection[str] | None,
    *,
    refused: Sequence[Complaint] = (),
    all_ticked: bool = False,
) -> str:
    """Show the list; without `ticked`, those who attended are."""
    moment = now()
    people, known = people_to_tick(event), attendances(event, moment)
    attended = {
        each.public_id for each in people if known[each.id].attendance is Attendance.ATTENDED
    }
    closed = not_recordable_because(event, moment)
    return render_template(
        "organiser/registering/attendance.html",
        event=event,
        people=people,
        known=known,
        ticked=attended if ticked is None else ticked,
        refused=say_all(refused),
        all_ticked=all_ticked,
        closed=say_all([closed] if closed else []),
        recorded=sum(1 for each in people if known[each.id].attendance),
        attended=len(attended),
    )
