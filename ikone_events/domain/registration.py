"""Who may register, and whether the next person gets a seat or a place in the line."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ikone_events.domain.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, RegistrationClosed


class Status(StrEnum):
    """The standing of one registration."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


class Attendance(StrEnum):
    """What is known after the event; unset while nothing is."""

    ATTENDED = "attended"
    MISSED = "missed"


# Standings that block a second registration of the same address.
ACTIVE = frozenset({Status.PENDING, Status.CONFIRMED, Status.WAITLISTED, Status.OFFERED})
# Standings that hold a seat: whoever is asked to confirm an address or an offer finds it kept.
SEATED = frozenset({Status.PENDING, Status.CONFIRMED, Status.OFFERED})

STATUS_LABELS: dict[Status, str] = {
    Status.PENDING: N_("E-mail not confirmed"),
    Status.CONFIRMED: N_("Confirmed"),
    Status.WAITLISTED: N_("Waiting list"),
    Status.OFFERED: N_("Place offered"),
    Status.CANCELLED: N_("Withdrawn"),
    Status.DECLINED: N_("Declined"),
    Status.EXPIRED: N_("Expired"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What decides about registration for one event at one moment. Times are aware UTC."""

    now: datetime
    state: State
    starts_at: datetime
    ends_at: datetime
    deadline: datetime | None
    capacity: int | None
    waiting_list: bool
    accepts_late: bool
    seated: int
    somebody_waits: bool

    @property
    def free(self) -> int | None:
        """Seats that nobody holds; None when there is no limit."""
        return None if self.capacity is None else max(self.capacity - self.seated, 0)


def closed_because(sitting: Sitting) -> Complaint | None:
    """Why nobody can register now, or None when the form is open."""
    if sitting.state in (State.DRAFT, State.ANNOUNCED, State.POSTPONED):
        return Complaint(N_("Registration is not open yet."))
    if sitting.state is State.CANCELLED:
        return Complaint(N_("The event has been cancelled."))
    if sitting.state is State.DISPATCHED:
        return _late_because(sitting)
    if sitting.state is not State.OPEN or sitting.now >= (sitting.deadline or sitting.starts_at):
        return Complaint(N_("Registration is closed."))
    if sitting.free == 0 and not sitting.waiting_list:
        return Complaint(N_("All places are taken."))
    return None


def _late_because(sitting: Sitting) -> Complaint | None:
    if not sitting.accepts_late or sitting.now >= sitting.ends_at:
        return Complaint(N_("Registration is closed."))
    if sitting.free == 0 and not sitting.waiting_list:
        return Complaint(N_("All places are taken."))
    return None


def admit(sitting: Sitting) -> Status:
    """Confirmed or on the waiting list; raises RegistrationClosed when neither is possible.

    Nobody overtakes: while somebody waits, a new person joins the end of the line even if a
    seat has just become free.
    """
    if complaint := closed_because(sitting):
        raise RegistrationClosed(complaint)
    if sitting.free is None or (sitting.free > 0 and not sitting.somebody_waits):
        return Status.CONFIRMED
    if sitting.waiting_list:
        return Status.WAITLISTED
    raise RegistrationClosed(Complaint(N_("All places are taken.")))


def seats_for_the_line(sitting: Sitting) -> int | None:
    """How many of those who wait may move up now; None when there is no limit.

    The line moves until the event ends, also after registration has closed, but not for an
    event that is postponed, called off or over.
    """
    moving = sitting.state in (State.OPEN, State.CLOSED, State.DISPATCHED)
    if not moving or sitting.now >= sitting.ends_at or not sitting.somebody_waits:
        return 0
    return sitting.free
