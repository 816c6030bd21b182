"""Who came and who did not."""

from datetime import datetime

from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration


def mark_attendance(
    public_id: str, attendance: Attendance | None, *, now: datetime
) -> Registration:
    """Note that a confirmed person came or did not; None takes the note back."""
    registration = lock_registration(public_id)
    if registration.status == Status.CONFIRMED.value:
        registration.attendance = attendance.value if attendance else None
        registration.attended_at = now if attendance is Attendance.ATTENDED else None
    return registration
