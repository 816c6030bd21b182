"""Tables of those who come: administrations and registrations."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.registration import ACTIVE
from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events import Event, new_public_id

_ACTIVE = text(f"status IN ({', '.join(repr(status.value) for status in sorted(ACTIVE))})")


class Organisation(Base):
    """An administration or other body. `kind` decides whether it counts as an administration."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(40))
    official_key: Mapped[str] = mapped_column(String(20), default="")
    member: Mapped[bool] = mapped_column(default=False)


class Registration(Base):
    """One person at one event. A person who withdrew and returns gets a new row.

    `email` is as typed, `email_key` normalised; one active row per event and address.
    `event_touched` is the event's counter of writes when the standing last changed.
    `calendar_sequence` is None until an invitation has been promised; the UID is a secret
    between us and the person's calendar; `partstat` is what that calendar answered, if it did.
    `thread_id` is the Message-ID of the first letter.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index(
            "uq_registration_active_address",
            "event_id",
            "email_key",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_registration_event_status", "event_id", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12))
    status_at: Mapped[datetime] = mapped_column(UTCDateTime)
    event_touched: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime] = mapped_column(UTCDateTime)

    salutation: Mapped[str] = mapped_column(String(10), default="")
    title: Mapped[str] = mapped_column(String(50), default="")
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    position: Mapped[str] = mapped_column(String(200), default="")
    question: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    attendance: Mapped[str | None] = mapped_column(String(10))
    attended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    calendar_uid: Mapped[str] = mapped_column(String(100), unique=True)
    calendar_sequence: Mapped[int | None]
    partstat: Mapped[str] = mapped_column(String(12), default="")
    thread_id: Mapped[str] = mapped_column(String(200), default="")
    anonymised_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
