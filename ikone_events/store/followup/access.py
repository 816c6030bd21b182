"""What a registered person may see of the materials of an event."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, UniqueConstraint, and_, false, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.domain.events.facts import State
from ikone_events.domain.followup.access import Viewer, Visibility, is_available, visible
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
    """What the registered person with this id and status may see now, in the office's order.

    What is for everybody is also for people without a place, and what the office has released to a
    person is for that person whatever became of the registration.
    """
    viewer = _viewer(event, person_id, status, now)
    return visible(event.materials, viewer, State(event.state), now)


def sees_some(event: Event, mailed_at: datetime | None, now: datetime) -> ColumnElement[bool]:
    """Whether a registration may see one of the materials of a supplement, as `materials_for`.

    The materials are those mailed at a moment; None: those that were in no mail yet.
    """
    state = State(event.state)
    new = [m for m in event.materials if m.mailed_at == mailed_at and is_available(m, state, now)]
    kinds = {material.visibility for material in new}
    confirmed = Registration.status == Status.CONFIRMED.value
    given = Registration.status.in_((Status.CONFIRMED.value, Status.WAITLISTED.value))
    released = select(MaterialRelease.id).where(
        MaterialRelease.registration_id == Registration.id,
        MaterialRelease.material_id.in_([m.id for m in new if m.visibility == Visibility.CHOSEN]),
    )
    conditions = {
        Visibility.PUBLIC.value: given,
        Visibility.REGISTERED.value: confirmed,
        Visibility.ATTENDED.value: and_(
            confirmed, attendance_of(now, event.id) == Attendance.ATTENDED.value
        ),
        Visibility.CHOSEN.value: and_(given, released.exists()),
    }
    return or_(false(), *(conditions[kind] for kind in sorted(kinds)))


def _viewer(event: Event, person_id: int, status: str, now: datetime) -> Viewer:
    """The viewer; attendance and releases are only asked for if they matter."""
    confirmed = status == Status.CONFIRMED.value
    kinds = {material.visibility for material in event.materials}
    attended, chosen = False, frozenset[int]()
    if confirmed and Visibility.ATTENDED.value in kinds:
        came = select(attendance_of(now, event.id)).select_from(Registration)
        known = db.session.scalar(came.where(Registration.id == person_id))
        attended = known == Attendance.ATTENDED.value
    if Visibility.CHOSEN.value in kinds:
        own = MaterialRelease.registration_id == person_id
        chosen = frozenset(db.session.scalars(select(MaterialRelease.material_id).where(own)))
    return Viewer(registered=confirmed, attended=attended, chosen=chosen)


def count_releases(event: Event) -> dict[int, int]:
    """To how many people each material of an event is released one by one, by its id."""
    rows = db.session.execute(
        select(MaterialRelease.material_id, func.count())
        .join(Material, MaterialRelease.material_id == Material.id)
        .where(Material.event_id == event.id)
        .group_by(MaterialRelease.material_id)
    )
    return {row[0]: row[1] for row in rows}


def released_people(material: Material) -> frozenset[int]:
    """The ids of the registrations to which a material is released one by one."""
    of_it = MaterialRelease.material_id == material.id
    return frozenset(db.session.scalars(select(MaterialRelease.registration_id).where(of_it)))


def released_titles(person_id: int) -> list[str]:
    """The titles of what is released to a person one by one."""
    own = MaterialRelease.registration_id == person_id
    titles = select(Material.title).join(
        MaterialRelease, MaterialRelease.material_id == Material.id
    )
    return list(db.session.scalars(titles.where(own).order_by(Material.id)))


def people_to_choose(event: Event) -> Sequence[Registration]:
    """Whoever can be chosen, by name: all who are not anonymised, whatever their status."""
    known = Registration.event_id == event.id, Registration.anonymised_at.is_(None)
    people = select(Registration).where(*known).order_by(Registration.name_key, Registration.id)
    return db.session.scalars(people).all()
