"""Materials that are released to people one by one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import or_, select

from ikone_events.store.db import db
from ikone_events.store.events.models import Material
from ikone_events.store.followup.access import MaterialRelease
from ikone_events.store.registering.models import Registration


def to_others(_now: datetime) -> Iterator[str]:
    """Whoever a material is released to is registered for its event, and known."""
    elsewhere = Material.event_id != Registration.event_id
    rows = db.session.execute(
        select(MaterialRelease.material_id, Registration.id, elsewhere.label("elsewhere"))
        .join(Material, MaterialRelease.material_id == Material.id)
        .join(Registration, MaterialRelease.registration_id == Registration.id)
        .where(or_(elsewhere, Registration.anonymised_at.is_not(None)))
        .order_by(MaterialRelease.id)
    )
    for material, person, of_another in rows:
        whom = "of another event" if of_another else "whose data are deleted"
        yield f"materials: material {material} is released to registration {person} {whom}"
