"""How many people of an event came, and of how many administrations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.figures.event_figures import COUNTED_KINDS
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import is_over
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, member_on
from ikone_events.store.events.models import Event
from ikone_events.store.events.public_history import was_cancelled
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of


@dataclass(frozen=True, slots=True)
class AttendanceCounts:
    """The confirmed people by attendance; before the end nobody is unknown.

    `members` and `non_members` are the distinct administrations of those who attended, as of the
    event's day.
    """

    attended: int
    missed: int
    unknown: int
    members: int
    non_members: int

    @property
    def is_known(self) -> bool:
        """Whether anything is known; else nobody noted who came, and no number is 0."""
        return bool(self.attended or not self.unknown)


def attendance_counts(event: Event, now: datetime) -> AttendanceCounts:
    """The attendance of an event in numbers; in two queries, or three once it is archived."""
    came = attendance_of(now, event.id).label("came")
    people = (
        select(came, Registration.organisation_id)
        .where(
            Registration.event_id == event.id,
            Registration.status == Status.CONFIRMED.value,
        )
        .subquery()
    )
    rows = db.session.execute(select(people.c.came, func.count()).group_by(people.c.came))
    numbers: dict[str | None, int] = {attendance: number for attendance, number in rows}  # noqa: C416
    took_place = is_over(event.state, event.ends_at, now) and not was_cancelled(event)
    bodies = (
        select(Organisation.id, member_on(event.day).label("member"))
        .join(people, people.c.organisation_id == Organisation.id)
        .where(people.c.came == Attendance.ATTENDED.value, Organisation.kind.in_(COUNTED_KINDS))
        .distinct()
        .subquery()
    )
    found = db.session.execute(select(bodies.c.member, func.count()).group_by(bodies.c.member))
    by_membership = {bool(member): number for member, number in found}
    return AttendanceCounts(
        attended=numbers.get(Attendance.ATTENDED.value, 0),
        missed=numbers.get(Attendance.MISSED.value, 0),
        unknown=numbers.get(None, 0) if took_place else 0,
        members=by_membership.get(True, 0),
        non_members=by_membership.get(False, 0),
    )
