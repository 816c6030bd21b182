"""What a registered person may see of the materials of an event."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.access import Viewer, Visibility, visible
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.store.db import Base, db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of


class MaterialRelease(Base):
    """The release of a material (visibility "chosen") to one person."""

    __tablename__ = "material_release"
    __table_args__ = (UniqueConstraint("material_id", "registration_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    material_id: Mapped[int] = mapped_column(ForeignKey("material.id", ondelete="CASCADE"))
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )


def materials_for(event: Event, person_id: int, status: str, now: datetime) -> list[Material]:
    """What the registered person with this id and status may see now, in the office's order."""
    if status != Status.CONFIRMED.value:
        return []
    return visible(event.materials, _confirmed(event, person_id, now), State(event.state), now)


def _confirmed(event: Event, person_id: int, now: datetime) -> Viewer:
    """The viewer; attendance and releases are only asked for if they matter."""
    kinds = {material.visibility for material in event.materials}
    attended, chosen = False, frozenset[int]()
    if Visibility.ATTENDED.value in kinds:
        came = select(attendance_of(now, event.id)).select_from(Registration)
        known = db.session.scalar(came.where(Registration.id == person_id))
        attended = known == Attendance.ATTENDED.value
    if Visibility.CHOSEN.value in kinds:
        own = MaterialRelease.registration_id == person_id
        chosen = frozenset(db.session.scalars(select(MaterialRelease.material_id).where(own)))
    return Viewer(registered=True, attended=attended, chosen=chosen)
