"""The chain of what changed a registration's standing, as it is read."""

from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.registrations import Registration, StandingChange


def chain_of(registration: Registration) -> list[StandingChange]:
    """Every change of one registration, the first one first."""
    wanted = select(StandingChange).where(StandingChange.registration_id == registration.id)
    return list(db.session.scalars(wanted.order_by(StandingChange.id)))


def last_change(registration: Registration) -> StandingChange | None:
    """What led to the present standing."""
    wanted = select(StandingChange).where(StandingChange.registration_id == registration.id)
    return db.session.scalar(wanted.order_by(StandingChange.id.desc()).limit(1))


def relatives_of(registration: Registration) -> tuple[Registration | None, Registration | None]:
    """Whose place this person took over, and who took theirs."""
    before = db.session.get(Registration, registration.predecessor_id or 0)
    after = db.session.scalar(
        select(Registration).where(Registration.predecessor_id == registration.id).limit(1)
    )
    return before, after
