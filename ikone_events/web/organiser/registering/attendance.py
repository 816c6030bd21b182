"""The attendance of an event as a list to tick, saved at once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for

from ikone_events.domain.refusals import Complaint, StatusRefused
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.attendance import is_over
from ikone_events.services.installation import now
from ikone_events.services.rooms.attendance import (
    AttendanceMark,
    SavedAttendance,
    not_recordable_because,
    note_everybody,
    save_attendance,
    state_of_one,
    take_back_everybody,
)
from ikone_events.services.rooms.watching import unseen_minutes
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.queries import people_to_tick
from ikone_events.store.rooms.attendance import attendances
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    flash_at,
    seen_event,
    translate_all,
)
from ikone_events.web.organiser.registering.attendance_words import by_administration, how_known
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
    """Save what the form changed, that everybody was there, or that one word is taken back."""
    event, moment = seen_event(slug), now()
    ticked, undo = _ticked(), None
    if is_shown_again():
        return _page(event, ticked, refused=[AGAIN]), 422
    try:
        with transaction():
            if "all" in request.form:
                number = note_everybody(slug, now=moment, by=actor())
                undo = moment.isoformat() if number else None
                _tell_everybody(number)
            elif back := request.form.get("back"):
                state_of_one(slug, back, None, now=moment, by=actor())
                flash_at("attendance", _("Taken back: what the other sources say counts again."))
            else:
                saved = save_attendance(
                    slug, _marks(ticked or ()), incomplete=_incomplete(), now=moment, by=actor()
                )
                _show(saved)
    except StatusRefused as refusal:
        return _page(seen_event(slug), ticked, refused=refusal.complaints), 409
    return redirect(url_for("organiser.attendance", slug=slug, undo=undo), 303)


@blueprint.post(f"{_PATH}/undo")
@permission(Permission.EDIT_EVENTS)
def undo_everybody(slug: str) -> Answer:
    """Take back that everybody was there, as it was recorded in one press."""
    event, at = seen_event(slug), _moment(request.form.get("at", ""))
    if at is not None:
        try:
            with transaction():
                take_back_everybody(event.slug, at=at, now=now(), by=actor())
        except StatusRefused as refusal:
            return _page(seen_event(slug), None, refused=refusal.complaints), 409
        flash_at("attendance", _("Undone. Everything is as it was before."))
    return redirect(url_for("organiser.attendance", slug=slug), 303)


def _ticked() -> Collection[str] | None:
    """Return who is ticked; None if the form is no list."""
    return set(request.form.getlist("here")) if "shown" in request.form else None


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):  # the year 1 in a zone before UTC
        return None


def _incomplete() -> bool | None:
    """Return what the form changed about the list as a whole; None if nothing."""
    wanted = "incomplete" in request.form
    return None if wanted == (request.form.get("was") == "incomplete") else wanted


def _marks(ticked: Collection[str]) -> Mapping[str, AttendanceMark]:
    """Return what the form showed and says, by public id; values of no form are left out.

    Without a tick an attendance is taken back, and everything else stays.
    """
    marks = {}
    for value in request.form.getlist("shown"):
        public_id, _slash, state = value.partition("/")
        if state not in ("", *Attendance):
            continue
        shown = wanted = Attendance(state) if state else None
        if public_id in ticked:
            wanted = Attendance.ATTENDED
        elif shown is Attendance.ATTENDED:
            wanted = None
        marks[public_id] = AttendanceMark(shown, wanted)
    return marks


def _tell_everybody(number: int) -> None:
    words = ngettext(
        "Saved: one more person recorded as there.",
        "Saved: %(num)d more people recorded as there.",
        number,
    )
    nothing = _("Everybody has been recorded already. Nothing has changed.")
    flash_at("attendance", words if number else nothing, "success" if number else "info")


def _show(saved: SavedAttendance) -> None:
    if saved.changed:
        words = ngettext(
            "Saved: the attendance of one person has changed.",
            "Saved: the attendance of %(num)d people has changed.",
            saved.changed,
        )
        flash_at("attendance", words)
    elif not saved.kept:
        same = _incomplete() is None
        words = _("Nothing has changed.") if same else _("Saved.")
        flash_at("attendance", words, "info" if same else "success")
    if saved.kept:
        names = [each.name for each in saved.kept]
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
) -> str:
    """Show the list; without `ticked`, those who attended are."""
    moment = now()
    known = attendances(event, moment)
    people = [(each, known[each.id]) for each in people_to_tick(event)]
    numbers = Counter(each.attendance for _person, each in people)
    there = {who.public_id for who, each in people if each.attendance is Attendance.ATTENDED}
    closed, undo = not_recordable_because(event, moment), _moment(request.args.get("undo", ""))
    return render_template(
        "organiser/registering/attendance.html",
        event=event,
        people=people,
        bodies=by_administration(people),
        how={person.id: how_known(each, event) for person, each in people},
        ticked=there if ticked is None else ticked,
        incomplete=event.attendance_incomplete if ticked is None else "incomplete" in request.form,
        refused=translate_all(refused),
        closed=translate_all([closed] if closed else []),
        over=is_over(event.state, event.ends_at, moment),
        attended=numbers[Attendance.ATTENDED],
        missed=numbers[Attendance.MISSED],
        unknown=numbers[None],
        unseen=unseen_minutes(event, now=moment),
        undo=undo if undo and any(each.stated_at == undo for _who, each in people) else None,
    )
