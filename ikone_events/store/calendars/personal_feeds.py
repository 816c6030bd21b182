"""Table of private calendar feeds, and their events."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, delete, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, contains_eager, mapped_column

from ikone_events.domain.calendars.feeds import CALLED_OFF_STAYS, MOST_EVENTS, PAST_STAYS
from ikone_events.store.db import Base, UTCDateTime, db, insert_into, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.registering.models import Registration, StatusChange


class PersonalFeed(Base):
    """The private feed of an address over all events; raising `link_epoch` revokes its link."""

    __tablename__ = "personal_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OwnEvent(NamedTuple):
    """One registration of the person, and when its status changed last."""

    registration: Registration
    changed_at: datetime


def find_feed(public_id: str) -> PersonalFeed | None:
    """A private feed by public id, or None."""
    return db.session.scalar(select(PersonalFeed).where(PersonalFeed.public_id == public_id))


def find_feed_of(email_key: str) -> PersonalFeed | None:
    """The private feed of an address, or None."""
    return db.session.scalar(select(PersonalFeed).where(PersonalFeed.email_key == email_key))


def lock_feed(email_key: str, *, now: datetime) -> PersonalFeed:
    """Get or create the feed of an address, and lock it for the transaction."""
    row = insert_into(PersonalFeed).values(
        public_id=new_public_id(), link_epoch=1, email_key=email_key, created_at=now
    )
    upsert = row.on_conflict_do_update(
        index_elements=["email_key"], set_={"email_key": row.excluded.email_key}
    )
    found = db.session.scalars(
        upsert.returning(PersonalFeed), execution_options={"populate_existing": True}
    )
    return found.one()


def revoke_feed(email_key: str) -> None:
    """Revoke the link of the feed of an address, if there is one."""
    mine = update(PersonalFeed).where(PersonalFeed.email_key == email_key)
    rows_written(mine.values(link_epoch=PersonalFeed.link_epoch + 1))


def drop_unused_feeds() -> None:
    """Delete the feeds of addresses without registrations."""
    used = exists().where(Registration.email_key == PersonalFeed.email_key)
    rows_written(delete(PersonalFeed).where(~used))


def own_events(email_key: str, *, now: datetime) -> list[OwnEvent]:
    """The registrations of an address by date: past ones for a year, ended ones for some weeks."""
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
