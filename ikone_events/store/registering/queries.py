"""Queries of registrations: single ones, their lock, confirmed people, questions of the form."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import N_, Complaint, LinkRefused
from ikone_events.domain.registering.registration import Status
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration, StatusChange


def lock_registration(public_id: str) -> Registration:
    """Lock the event of a registration and read the registration; raises LinkRefused."""
    of_event = select(Event.slug).join(Registration, Registration.event_id == Event.id)
    slug = db.session.scalar(of_event.where(Registration.public_id == public_id))
    if slug is not None:
        lock_event(slug)
    wanted = select(Registration).where(Registration.public_id == public_id)
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    return found


def find_registration(public_id: str) -> Registration | None:
    """A registration with its event by public id, or None."""
    wanted = select(Registration).where(Registration.public_id == public_id)
    return db.session.scalar(wanted.options(joinedload(Registration.event)))


def status_history(registration: Registration) -> list[StatusChange]:
    """All status changes of a registration, the first one first."""
    wanted = select(StatusChange).where(StatusChange.registration_id == registration.id)
    return list(db.session.scalars(wanted.order_by(StatusChange.id)))


def last_change(registration: Registration) -> StatusChange | None:
    """The change that led to the present status, or None."""
    wanted = select(StatusChange).where(StatusChange.registration_id == registration.id)
    return db.session.scalar(wanted.order_by(StatusChange.id.desc()).limit(1))


def relatives_of(registration: Registration) -> tuple[Registration | None, Registration | None]:
    """The registration that this one took over, and the one that took this one over."""
    before = db.session.get(Registration, registration.predecessor_id or 0)
    after = db.session.scalar(
        select(Registration).where(Registration.predecessor_id == registration.id).limit(1)
    )
    return before, after


def deputies_of(people: Iterable[Registration]) -> dict[int, Registration]:
    """The registrations that took over those of these people, by the id of the one before."""
    handed_on = [each.id for each in people if each.status == Status.CANCELLED.value]
    if not handed_on:
        return {}
    found = db.session.scalars(
        select(Registration).where(Registration.predecessor_id.in_(handed_on))
    )
    return {each.predecessor_id: each for each in found if each.predecessor_id is not None}


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
