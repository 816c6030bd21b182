"""The people of an event whose attendance counts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.registration import Status
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration


def people_to_tick(event: Event, mode: Mode | None = None) -> Sequence[Registration]:
    """The confirmed people by name, with their administrations; of one mode if it is given."""
    wanted = select(Registration).where(
        Registration.event_id == event.id,
        Registration.status == Status.CONFIRMED.value,
        Registration.anonymised_at.is_(None),
    )
    if mode is not None:
        wanted = wanted.where(Registration.mode == mode.value)
    return db.session.scalars(
        wanted.options(joinedload(Registration.organisation))
        .order_by(Registration.name_key, Registration.id)
        .execution_options(populate_existing=True)
    ).all()
