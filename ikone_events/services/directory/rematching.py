"""What follows from a change of the directory: typed texts find their body, lines are served."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from ikone_events.domain.directory.administrations import pick
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import MOVING
from ikone_events.services.registering.seating import promote_waiting, somebody_could_move_up
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, OrganisationName
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration


def is_unmatched() -> ColumnElement[bool]:
    """Somebody typed something, and no administration has been found for it."""
    return and_(Registration.organisation_id.is_(None), Registration.organisation_key != "")


def rematch(*, now: datetime) -> int:
    """Match again what nobody was found for, after the directory changed; returns how many.

    Where members come first, who has become a member has waited for a seat that is theirs now.
    """
    open_keys = (
        select(Registration.organisation_key)
        .join(Event, Registration.event_id == Event.id)
        .where(is_unmatched(), Event.state != State.ARCHIVED.value)
    )
    rows = db.session.execute(
        select(OrganisationName.key, OrganisationName.organisation_id, OrganisationName.source)
        .where(OrganisationName.key.in_(open_keys))
        .order_by(OrganisationName.key)
    )
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, number, source in rows:
        found[key].append((number, source))
    picked = {key: pick(bodies) for key, bodies in found.items()}
    matched = assign({key: body for key, body in picked.items() if body is not None}, now=now)
    _fill_seats_of_members(now=now)
    return matched


def _fill_seats_of_members(*, now: datetime) -> None:
    waits = select(Registration.id).where(
        Registration.event_id == Event.id, Registration.status == Status.WAITLISTED.value
    )
    events = db.session.scalars(
        select(Event)
        .where(
            Event.members_until > now,
            Event.ends_at > now,
            Event.state.in_([state.value for state in MOVING]),
            waits.exists(),
        )
        .order_by(Event.id)
    ).all()
    for slug in [event.slug for event in events if somebody_could_move_up(event, now=now)]:
        promote_waiting(lock_event(slug), now=now)


def assign(bodies: Mapping[str, int], *, now: datetime, only: Collection[int] | None = None) -> int:
    """Give the unmatched registrations with these keys their bodies; `only` limits it to rows.

    Every event is held, in the order of their rows, so that two who do this don't wait for each
    other. An administration changes who may have a seat: the line is served.
    """
    if not bodies:
        return 0
    whose = [
        is_unmatched(),
        Registration.organisation_key.in_(bodies),
        *(() if only is None else (Registration.id.in_(only),)),
    ]
    slugs = db.session.scalars(
        select(Event.slug)
        .where(
            Event.id.in_(select(Registration.event_id).where(*whose)),
            Event.state != State.ARCHIVED.value,
        )
        .order_by(Event.id)
    ).all()
    return sum(_assign_at(slug, bodies, whose, now=now) for slug in slugs)


def _assign_at(
    slug: str, bodies: Mapping[str, int], whose: list[ColumnElement[bool]], *, now: datetime
) -> int:
    event = lock_event(slug)
    registrations = db.session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id, *whose)
        .execution_options(populate_existing=True)
    ).all()
    for registration in registrations:
        number = bodies[registration.organisation_key]
        registration.organisation = db.session.get_one(Organisation, number)
        registration.organisation_id = number
    db.session.flush()
    promote_waiting(event, now=now)
    return len(registrations)
