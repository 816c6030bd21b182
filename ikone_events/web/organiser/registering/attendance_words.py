"""How the attendance of a person is known, in words."""

from datetime import datetime
from typing import NamedTuple

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.times import clock, to_local
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import KnownAttendance
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext


def how_known(known: KnownAttendance, event: Event) -> str:
    """Return what each source says, the word of the office first; "" where nothing is known.

    That the person is absent is said beside it, by a badge.
    """
    said = [_statement(known, event), _in_room(known, event)]
    if known.door_at is not None:
        said.append(_("door %(time)s", time=_at(known.door_at, event)))
    if known.attendance is Attendance.MISSED and known.source is None:
        said.append(_("not recorded"))
    return " · ".join(filter(None, said))


def _statement(known: KnownAttendance, event: Event) -> str:
    if known.stated is None or known.stated_at is None:
        return ""
    if known.stated is Attendance.ATTENDED and _is_meanwhile(known.stated_at, event):
        time = _at(known.stated_at, event)
        if known.stated_by:
            return _("checked in %(time)s by %(name)s", time=time, name=known.stated_by)
        return _("checked in %(time)s", time=time)
    if known.stated is Attendance.ATTENDED:
        name = known.stated_by
        return _("there as %(name)s says", name=name) if name else _("noted as there")
    name = known.stated_by
    return _("as %(name)s says", name=name) if name else _("noted")


def _is_meanwhile(moment: datetime, event: Event) -> bool:
    """Whether it was noted at an entrance, or on the day and before the end as there."""
    on_the_day = to_local(moment, event.zone).date() == event.day and moment < event.ends_at
    return on_the_day and event.format != EventFormat.ONLINE.value


def _in_room(known: KnownAttendance, event: Event) -> str:
    if known.minutes is not None and (known.left_at or known.minutes):
        return ngettext("one minute in the room", "%(num)d minutes in the room", known.minutes)
    if known.joined_at is None:
        return ""
    return _("in the room from %(time)s", time=_at(known.joined_at, event))


def _at(moment: datetime, event: Event) -> str:
    return clock(moment, zone=event.zone)


class BodyRow(NamedTuple):
    """The people of one administration, and the minutes of those who were in the room."""

    name: str
    there: int
    people: int
    minutes: int | None


def by_administration(
    people: list[tuple[Registration, KnownAttendance]],
) -> list[BodyRow]:
    """Return the attendance of each administration, most people first, then by name."""
    rows: dict[str, BodyRow] = {}
    for person, known in people:
        name = person.organisation_name
        row = rows.get(name, BodyRow(name, 0, 0, None))
        there = known.attendance is Attendance.ATTENDED
        minutes = row.minutes
        if there and known.minutes is not None:
            minutes = (minutes or 0) + known.minutes
        rows[name] = BodyRow(name, row.there + there, row.people + 1, minutes)
    return sorted(rows.values(), key=lambda row: (-row.there, -row.people, row.name))
