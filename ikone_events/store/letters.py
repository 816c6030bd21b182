"""Tables of the post: mailings to many, the outbox of finished letters, the worker's heartbeat."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events import Event
from ikone_events.store.registrations import Registration

_QUEUED = text("state = 'queued'")


class Mailing(Base):
    """A letter owed to many; the worker turns it into outbox rows, chunk by chunk.

    `last_registration_id` is how far it has come; `finished_at` is set when the last chunk is
    done. Only registrations whose standing is older than the mailing belong to it, by
    the event's counter of writes and not by clocks: later ones get a letter of their own.
    """

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    audience: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(Text, default="")
    old_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    old_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    event_touched: Mapped[int] = mapped_column(default=0)
    last_registration_id: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()


class OutboxMail(Base):
    """One finished letter to one person, and what became of it.

    States: queued, sent, failed. A live `lease_until` means that a worker is sending it now;
    `tries` is the fence against a worker that wakes up after its lease. `answer` holds the
    mail server's last words. `key` makes a second letter for the same cause impossible.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        UniqueConstraint("mailing_id", "registration_id"),
        Index(
            "ix_outbox_mail_due",
            "due_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index("ix_outbox_mail_event_id_id", "event_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey("mailing.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    locale: Mapped[str] = mapped_column(String(2))
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    calendar: Mapped[bytes | None] = mapped_column(LargeBinary)
    calendar_method: Mapped[str | None] = mapped_column(String(10))
    message_id: Mapped[str] = mapped_column(String(200))
    references: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(10), default="queued")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    tries_before: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")

    event: Mapped[Event] = relationship()
    registration: Mapped[Registration | None] = relationship()


class Heartbeat(Base):
    """The last sign of life of a worker, one row a worker."""

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(String(100), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UTCDateTime)
