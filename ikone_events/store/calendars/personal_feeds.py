"""The private calendars that people subscribe to, and what stands in them."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, contains_eager, mapped_column

from ikone_events.domain.calendars.feeds import CALLED_OFF_STAYS, MOST_EVENTS, PAST_STAYS
from ikone_events.store.db import Base, UTCDateTime, ask_for_erasure, db, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.registering.models import Registration, StatusChange


class PersonalFeed(Base):
    """The private calendar of one address, over all events; its link is signed over the epoch."""

    __tablename__ = "personal_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OwnEvent(NamedTuple):
    """One registration of the person, and when it changed last."""

    registration: Registration
    changed_at: datetime


def find_feed(public_id: str) -> PersonalFeed | None:
    """A private calendar by the name it has outside."""
    return db.session.scalar(select(PersonalFeed).where(PersonalFeed.public_id == public_id))


def find_feed_of(email_key: str) -> PersonalFeed | None:
    """The private calendar of an address, if somebody has asked for it."""
    return db.session.scalar(select(PersonalFeed).where(PersonalFeed.email_key == email_key))


def lock_feed(email_key: str, *, now: datetime) -> PersonalFeed:
    """The one calendar of an address, new or old, locked until the transaction ends."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(PersonalFeed).values(
        public_id=new_public_id(), link_epoch=1, email_key=email_key, created_at=now
    )
    held = row.on_conflict_do_update(
        index_elements=["email_key"], set_={"email_key": row.excluded.email_key}
    )
    found = db.session.scalars(
        held.returning(PersonalFeed), execution_options={"populate_existing": True}
    )
    return found.one()


def drop_unused_feeds() -> None:
    """Delete the calendars of addresses that are registered for nothing any more."""
    used = exists().where(Registration.email_key == PersonalFeed.email_key)
    if rows_written(delete(PersonalFeed).where(~used)):
        ask_for_erasure()


def own_events(email_key: str, *, now: datetime) -> list[OwnEvent]:
    """What the address is registered for, by date: the past for a year, endings for some weeks.

    Drafts need not be left out: nobody registers for them.
    """
    last = (
        select(func.max(StatusChange.at))
        .where(StatusChange.registration_id == Registration.id)
        .scalar_subquery()
    )
    weeks_ago = now - CALLED_OFF_STAYS
    stays = or_(
        Event.ends_at > now - PAST_STAYS,
        Registration.status_at > weeks_ago,
        Event.changed_at > weeks_ago,
    )
    wanted = (
        select(Registration, last)
        .join(Registration.event)
        .options(contains_eager(Registration.event))
        .where(Registration.email_key == email_key, Registration.anonymised_at.is_(None), stays)
        .order_by(Event.starts_at.desc(), Registration.id.desc())
        .limit(MOST_EVENTS)
    )
    rows = db.session.execute(wanted).all()[::-1]
    return [OwnEvent(person, max(person.status_at, at or person.status_at)) for person, at in rows]
