"""Tables of mails to the office: alarms that were raised, registrations that were listed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime


class OfficeAlarm(Base):
    """An urgent cause that was mailed; deleted once it is settled, so that it can be mailed again.

    `key` is the event and the name of the cause; without an event it is about the installation.
    """

    __tablename__ = "office_alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), index=True
    )
    raised_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ListingProgress(Base):
    """Up to which registration of an event the lists of an account have come.

    Registrations of one event are written one after the other under its lock, so their ids rise in
    the order in which they become visible; those of several events don't.
    """

    __tablename__ = "listing_progress"
    __table_args__ = (UniqueConstraint("organiser_id", "event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    last_id: Mapped[int]
