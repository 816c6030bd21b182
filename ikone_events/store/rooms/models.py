"""Tables of attendance and of what is set up for video rooms."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime


class AttendanceRecord(Base):
    """What is known of one person's attendance, from three sources; no row while nothing is.

    `door_at` is the first press on the page before the room. `joined_at`, `left_at` (None while
    the person is in the room), `minutes` (over all visits), `seen_at` (the last poll that saw the
    person) and `provider_user` come from the provider of the room. `stated` is what a person of the
    office said (an Attendance, or ""), by hand or by checking somebody in at the entrance, at
    `stated_at`, `stated_by` name. What follows from all this is read by
    store/rooms/attendance.py alone.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("stated IN ('', 'attended', 'missed')", name="stated"),
        CheckConstraint("minutes IS NULL OR minutes >= 0", name="minutes"),
    )

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    door_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    joined_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minutes: Mapped[int | None]
    provider_user: Mapped[str] = mapped_column(String(100), default="")
    stated: Mapped[str] = mapped_column(String(10), default="")
    stated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stated_by: Mapped[str] = mapped_column(String(200), default="")


class StoredProvider(Base):
    """What administrators have entered about a provider of video rooms, one row per ProviderKind.

    `secret` is sealed (services/sealing.py). `edit_version` rises with each edit.
    """

    __tablename__ = "provider_settings"

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    app_id: Mapped[str] = mapped_column(String(200), default="", server_default="")
    secret: Mapped[str] = mapped_column(Text, default="", server_default="")
    edit_version: Mapped[int] = mapped_column(default=0, server_default="0")
