"""Reads that deserve a name. `hold_event` is the lock of every write that concerns an event."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import joinedload

from ikone_events.domain.lifecycle import EventFormat, Facts, State
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store import naming
from ikone_events.store.db import db
from ikone_events.store.events import Event, StateChange
from ikone_events.store.people import Organiser, assignment
from ikone_events.store.registrations import Registration

PUBLIC_STATES = tuple(state.value for state in State if state is not State.DRAFT)
# What stays on the public list: archived events keep their page, and so their links, but are old.
LISTED_STATES = tuple(s.value for s in State if s not in (State.DRAFT, State.ARCHIVED))


_HOLD = (
    update(Event)
    .where(Event.slug == bindparam("wanted"))
    .values(touched=Event.touched + 1)
    .returning(Event)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def hold_event(slug: str) -> Event:
    """Lock the event by writing it, then read it; raises NotFound. Only inside a transaction.

    Reading first and writing later oversells: on both databases only the write makes others wait.
    """
    found = db.session.scalars(_HOLD, {"wanted": slug}).one_or_none()
    if found is None:
        raise event_not_found()
    return found


def event_not_found() -> NotFound:
    """The one answer for events that are missing and for those that somebody may not see."""
    return NotFound(Complaint(N_("There is no such event.")))


def find_event(slug: str) -> Event | None:
    """An event by its slug, drafts included."""
    return db.session.scalar(select(Event).where(Event.slug == slug))


def all_events() -> list[Event]:
    """Every event by date, drafts included."""
    return list(db.session.scalars(select(Event).order_by(Event.starts_at, Event.id)))


def get_public_event(slug: str) -> Event:
    """An event that the public may see; raises NotFound."""
    found = db.session.scalar(
        select(Event).where(Event.slug == slug, Event.state.in_(PUBLIC_STATES))
    )
    if found is None:
        raise event_not_found()
    return found


def public_events(
    now: datetime, *, series: Collection[str] | None = None
) -> tuple[list[Event], list[Event]]:
    """Coming events, the next first, and past ones, the latest first (at most a hundred).

    `series` are the spellings of one series.
    """
    listed = select(Event).where(Event.state.in_(LISTED_STATES))
    if series is not None:
        listed = listed.where(Event.series.in_(series))
    coming = listed.where(Event.ends_at > now).order_by(Event.starts_at, Event.id)
    past = listed.where(Event.ends_at <= now).order_by(Event.starts_at.desc(), Event.id).limit(100)
    return list(db.session.scalars(coming)), list(db.session.scalars(past))


def visible_events(organiser: Organiser) -> Select[Event]:
    """The events an organiser may see: the root of every look-up behind the login."""
    if organiser.sees_all:
        return select(Event)
    mine = select(assignment.c.event_id).where(assignment.c.organiser_id == organiser.id)
    return select(Event).where(Event.id.in_(mine))


def get_visible_event(organiser: Organiser, slug: str) -> Event:
    """An event the organiser may see; raises NotFound, the same for foreign and missing ones."""
    found = db.session.scalar(visible_events(organiser).where(Event.slug == slug))
    if found is None:
        raise event_not_found()
    return found


def retention_until(event: Event) -> datetime:
    """When the persons of an event may be anonymised."""
    return event.ends_at + timedelta(days=event.retention_days)


def get_facts(
    event: Event,
    now: datetime,
    *,
    confirmed: int,
    materials: int,
    privacy_contact: bool,
    reason: str | None = None,
    new_starts_at: datetime | None = None,
    new_ends_at: datetime | None = None,
) -> Facts:
    """The event as the lifecycle's needs see it."""
    return Facts(
        now=now,
        state=State(event.state),
        title=event.title,
        summary=event.summary,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        format=EventFormat(event.format),
        place=event.place,
        room_url=event.room_url,
        deadline=event.deadline,
        capacity=event.capacity,
        confirmed=confirmed,
        materials=materials,
        privacy_contact=privacy_contact,
        retention_until=retention_until(event),
        reason=reason,
        new_starts_at=new_starts_at,
        new_ends_at=new_ends_at,
    )


def history_of(event: Event) -> list[StateChange]:
    """Every transition of an event, the first one first."""
    wanted = select(StateChange).where(StateChange.event_id == event.id).order_by(StateChange.id)
    return list(db.session.scalars(wanted))


def organisation_names() -> list[str]:
    """The names that the registration form offers, in order."""
    return naming.organisation_names()


def find_organisation(text: str) -> int | None:
    """The row of the administration that goes by what was typed."""
    found = naming.find_by_name(text)
    return None if found is None else found.id


def find_registration(public_id: str) -> Registration | None:
    """A registration by the name it has outside, with its event."""
    wanted = select(Registration).where(Registration.public_id == public_id)
    return db.session.scalar(wanted.options(joinedload(Registration.event)))
