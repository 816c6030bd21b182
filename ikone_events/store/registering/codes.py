"""Table of the codes with which people register for events by invitation."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime


class Code(Base):
    """An invitation: one for many (`uses` None or high) or single ones (`uses` 1).

    `text` is stored as it is compared: upper case, without spaces and hyphens. How often it has
    been used is counted from the active registrations that came by it.
    """

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("event_id", "text"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(200), default="")
    uses: Mapped[int | None]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
