"""After a change of the directory: matching unmatched texts, filling seats of members."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from ikone_events.domain.directory.administrations import pick
from ikone_events.domain.events.lifecycle import State
from ikone_events.services.registering.expirations import slugs_to_promote
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact, Organisation, OrganisationName
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration


def is_unmatched() -> ColumnElement[bool]:
    """A condition: a text was typed and no administration was found for it."""
    return and_(Registration.organisation_id.is_(None), Registration.organisation_key != "")


def rematch(*, now: datetime) -> int:
    """Match unmatched registrations and contacts again; returns how many registrations were.

    Members get seats before others, so new members may be promoted.
    """
    open_keys = (
        select(Registration.organisation_key)
        .join(Event, Registration.event_id == Event.id)
        .where(is_unmatched(), Event.state != State.ARCHIVED.value)
    )
    of_contacts = select(Contact.organisation_key).where(is_unmatched_contact())
    waits = or_(OrganisationName.key.in_(open_keys), OrganisationName.key.in_(of_contacts))
    rows = db.session.execute(
        select(OrganisationName.key, OrganisationName.organisation_id, OrganisationName.source)
        .where(waits)
        .order_by(OrganisationName.key)
    )
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for key, number, source in rows:
        found[key].append((number, source))
    picked = {key: pick(organisations) for key, organisations in found.items()}
    unique = {key: number for key, number in picked.items() if number is not None}
    assign_contacts(unique)
    matched = assign(unique, now=now)
    _fill_seats_of_members(now=now)
    return matched


def is_unmatched_contact() -> ColumnElement[bool]:
    """The same for a contact."""
    return and_(Contact.organisation_id.is_(None), Contact.organisation_key != "")


def assign_contacts(organisations: Mapping[str, int]) -> int:
    """Assign administrations to the unmatched contacts with these keys; returns how many."""
    wanted = select(Contact).where(
        is_unmatched_contact(), Contact.organisation_key.in_(organisations)
    )
    contacts = db.session.scalars(wanted).all() if organisations else ()
    for contact in contacts:
        contact.organisation_id = organisations[contact.organisation_key]
    db.session.flush()
    return len(contacts)


def _fill_seats_of_members(*, now: datetime) -> None:
    for slug in slugs_to_promote(Event.members_until > now, now=now):
        promote_waiting(lock_event(slug), now=now)


def assign(
    organisations: Mapping[str, int], *, now: datetime, only: Collection[int] | None = None
) -> int:
    """Assign administrations to the unmatched registrations with these keys.

    `only` limits it to registration ids. Events are locked in the order of their ids, so that two
    callers don't deadlock. An administration may give a right to a seat: the waiting list is
    processed.
    """
    if not organisations:
        return 0
    whose = [
        is_unmatched(),
        Registration.organisation_key.in_(organisations),
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
    return sum(_assign_at(slug, organisations, whose, now=now) for slug in slugs)


def _assign_at(
    slug: str, organisations: Mapping[str, int], whose: list[ColumnElement[bool]], *, now: datetime
) -> int:
    event = lock_event(slug)
    registrations = db.session.scalars(
        select(Registration)
        .where(Registration.event_id == event.id, *whose)
        .execution_options(populate_existing=True)
    ).all()
    for registration in registrations:
        number = organisations[registration.organisation_key]
        registration.organisation = db.session.get_one(Organisation, number)
        registration.organisation_id = number
    db.session.flush()
    promote_waiting(event, now=now)
    return len(registrations)
