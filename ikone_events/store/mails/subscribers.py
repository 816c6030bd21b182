"""Table of those who asked to be told: of new events, or of the opening of one event."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events.models import Event, new_public_id

NETWORK = "network"


class Subscriber(Base):
    """An address that asked for news; only confirmed ones are written to (double opt-in).

    `topic` is "network" for announcements, or "event:<number>" for the opening of one event, whose
    row `event_id` then names.
    """

    __tablename__ = "subscriber"
    __table_args__ = (UniqueConstraint("email_key", "topic"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    topic: Mapped[str] = mapped_column(String(40), default=NETWORK)
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(2), default="de")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event | None] = relationship()
