"""Checking people in at the entrance: when, whom, and which press counts."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import TAKES_PLACE, EventFormat, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import Attendance, Status

# How long a press may wait in a page without a network.
LONGEST_WAIT = timedelta(days=7)
# Presses that took no longer than this are made when they arrive: of two helpers at once the one
# whose press comes second reads that, however long both were on the way.
ON_THE_WAY = timedelta(seconds=10)


class PressKind(StrEnum):
    """What a press at the entrance does."""

    IN = "in"
    UNDO = "undo"


class EntryOutcome(StrEnum):
    """What a press led to. Only ENTERED changes anything."""

    ENTERED = "entered"
    ALREADY_IN = "already_in"
    TAKEN_BACK = "taken_back"
    MARKED_ABSENT = "marked_absent"


_WITHOUT_PLACE: Mapping[str, str] = {
    Status.PENDING: N_("This registration has not been confirmed yet."),
    Status.WAITLISTED: N_("This person is on the waiting list and has no place."),
    Status.OFFERED: N_("This person was offered a place and has not accepted it yet."),
    Status.CANCELLED: N_("This registration was withdrawn."),
    Status.DECLINED: N_("This registration was declined."),
    Status.EXPIRED: N_("This registration has expired."),
}


def closed_because(
    *, state: str, event_format: str, first_day: date, last_day: date, day: date
) -> Complaint | None:
    """Why nobody can be checked in on a day, or None; all days are those of the event's place."""
    if state == State.ARCHIVED:
        return Complaint(N_("The names have been deleted; the figures are kept."))
    if state not in (*TAKES_PLACE, State.FOLLOWED_UP):
        return Complaint(N_("The event does not take place."))
    if event_format == EventFormat.ONLINE:
        return Complaint(N_("This event takes place online only, so it has no entrance."))
    if day < first_day:
        return Complaint(N_("This event is on a later day. Check-in opens on the day itself."))
    if day > last_day:
        text = N_("This event was on an earlier day. Attendance can be corrected in its list.")
        return Complaint(text)
    return None


def without_place_because(status: str) -> Complaint | None:
    """Why a person with this status is not let in, or None."""
    return None if status == Status.CONFIRMED else Complaint(_WITHOUT_PLACE[status])


def moment_of_press(now: datetime, *, seconds_ago: float) -> datetime:
    """When a press was made that a page reports later; never in the future.

    The page says how long ago by its own clock, so it does not matter whether that clock is right.
    """
    if seconds_ago <= ON_THE_WAY.total_seconds():
        return now
    return now - timedelta(seconds=min(seconds_ago, LONGEST_WAIT.total_seconds()))


def entry_outcome(
    at: datetime, *, stated: str, stated_at: datetime | None, undone_at: datetime | None
) -> EntryOutcome:
    """What a press of a moment leads to, which may arrive after later ones.

    `stated` at `stated_at` is what is recorded, `undone_at` the last time that an entry was taken
    back. Of two presses the earlier one counts; an absence that was recorded before the press is
    replaced, and what somebody said after the press stays.
    """
    if undone_at is not None and undone_at > at:
        later = stated == Attendance.ATTENDED
        return EntryOutcome.ALREADY_IN if later else EntryOutcome.TAKEN_BACK
    if stated_at is None or not stated:
        return EntryOutcome.ENTERED
    if stated == Attendance.MISSED:
        return EntryOutcome.ENTERED if stated_at <= at else EntryOutcome.MARKED_ABSENT
    return EntryOutcome.ENTERED if at < stated_at else EntryOutcome.ALREADY_IN
