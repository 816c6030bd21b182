"""Status and attendance of a registration, with labels, and how long its data are kept."""

from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import N_


class Status(StrEnum):
    """The status of a registration."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


class Awaits(StrEnum):
    """What a pending registration waits for."""

    NOTHING = ""
    ADDRESS = "address"
    APPROVAL = "approval"


class Attendance(StrEnum):
    """The attendance; unset while unknown."""

    ATTENDED = "attended"
    MISSED = "missed"


# Statuses that block a second registration of the same address.
ACTIVE = frozenset({Status.PENDING, Status.CONFIRMED, Status.WAITLISTED, Status.OFFERED})
# Statuses with a seat, also one that is reserved until the address or an offer is confirmed.
SEATED = frozenset({Status.PENDING, Status.CONFIRMED, Status.OFFERED})

# AWAITS_LABELS replace the label of a pending registration.
STATUS_LABELS: dict[Status, str] = {
    Status.PENDING: N_("To be confirmed"),
    Status.CONFIRMED: N_("Confirmed"),
    Status.WAITLISTED: N_("Waiting list"),
    Status.OFFERED: N_("Place offered"),
    Status.CANCELLED: N_("Withdrawn"),
    Status.DECLINED: N_("Declined"),
    Status.EXPIRED: N_("Expired"),
}

ATTENDANCE_LABELS: dict[str, str] = {
    Attendance.ATTENDED: N_("Attended"),
    Attendance.MISSED: N_("Absent"),
    "unknown": N_("Not recorded"),
}

AWAITS_LABELS: dict[Awaits, str] = {
    Awaits.ADDRESS: N_("E-mail not confirmed"),
    Awaits.APPROVAL: N_("To be approved"),
}

MODE_LABELS: dict[Mode, str] = {
    Mode.ONLINE: N_("Online"),
    Mode.ON_SITE: N_("On site"),
}

# Public-sector guide, P8: people without a place, and people who never confirmed their address.
WITHOUT_PLACE = timedelta(days=30)
NEVER_CONFIRMED = timedelta(days=7)


def kept_until(
    status: str, *, status_at: datetime, ends_at: datetime, retention_days: int
) -> datetime:
    """When a person's data are deleted (aware UTC)."""
    whole = ends_at + timedelta(days=retention_days)
    if status == Status.CONFIRMED:
        return whole
    if status == Status.EXPIRED:
        return min(whole, status_at + NEVER_CONFIRMED)
    return min(whole, ends_at + WITHOUT_PLACE)
