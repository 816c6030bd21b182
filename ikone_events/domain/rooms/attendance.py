"""Who came: what is known of a person, from which of three sources, and what follows from it."""

from datetime import datetime
from enum import StrEnum

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.registering.registration import Attendance


class AttendanceSource(StrEnum):
    """Where an attendance is known from; a person's word wins, then the provider's minutes."""

    DOOR = "door"
    PROVIDER = "provider"
    PERSON = "person"


# Events of these states never take place, so nobody is absent.
_NEVER = (State.DRAFT, *CALLED_OFF)


def is_over(state: str, ends_at: datetime, now: datetime) -> bool:
    """Whether an event has taken place, so that those who are not recorded were absent."""
    return state not in _NEVER and now >= ends_at


def attendance_from(
    *, stated: str, at_door: bool, in_room: bool, absence_known: bool
) -> Attendance | None:
    """The attendance of a confirmed person; None is unknown.

    `stated` is what a person of the office said: an Attendance, or "". `absence_known`: the event
    is over, somebody is recorded, and the office has not said that its list is incomplete.
    """
    if stated:
        return Attendance(stated)
    if at_door or in_room:
        return Attendance.ATTENDED
    return Attendance.MISSED if absence_known else None


def statement_for(wanted: Attendance | None, *, at_door: bool, in_room: bool) -> Attendance | None:
    """What the office has to state so that a person gets this attendance; None is nothing.

    Nothing is stated where the other sources say the same. Somebody who came by them can't become
    unknown: taking the tick away states the absence.
    """
    by_itself = Attendance.ATTENDED if at_door or in_room else None
    return None if wanted is by_itself else wanted or Attendance.MISSED


def source_of(*, stated: str, at_door: bool, in_room: bool) -> AttendanceSource | None:
    """The source that decides; None where nothing is recorded, as for an absence that follows."""
    if stated:
        return AttendanceSource.PERSON
    if in_room:
        return AttendanceSource.PROVIDER
    return AttendanceSource.DOOR if at_door else None
