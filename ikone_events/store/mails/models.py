"""Tables of the post: mailings to many, finished mails with their journal, pace, heartbeat."""

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

_QUEUED = text("state = 'queued'")
_WITH_OBJECT = text("calendar_uid <> ''")


# The words of the partial index: with a parameter neither database finds it.
HAS_OBJECT = literal_column("outbox_mail.calendar_uid") != literal_column("''")


class Mailing(Base):
    """A mail owed to many; the worker turns it into outbox rows, chunk by chunk.

    `last_id` is how far it has come (a registration's or a subscriber's number); `finished_at` is
    set when the last chunk is done, `stopped_at` when somebody pressed stop. Only registrations
    whose standing is older than the mailing belong to it, by the event's counter of writes and
    not by clocks: later ones get a mail of their own. `texts` is the edited text as it was when
    the mailing began, JSON {locale: {"subject", "body"}}; empty for the built-in text.
    With `only_changed` who has been told all of it already is left out.
    """

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    audience: Mapped[str] = mapped_column(String(30))
    reason: Mapped[str] = mapped_column(Text, default="")
    only_changed: Mapped[bool] = mapped_column(default=False)
    old_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    old_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    event_lock_version: Mapped[int] = mapped_column(default=0)
    last_id: Mapped[int] = mapped_column(default=0)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.id", ondelete="SET NULL"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    texts: Mapped[str] = mapped_column(Text, default="")
    started_by: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_by: Mapped[str] = mapped_column(String(200), default="")

    event: Mapped[Event] = relationship()
    step: Mapped[Step | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class OutboxMail(Base):
    """One finished mail to one person, and what became of it.

    States: queued, sent, failed, stopped. A live `lease_until` means that a worker is sending it
    now; `tries` is the fence against a worker that wakes up after its lease. `answer` holds the
    mail server's last words. `key` makes a second mail for the same cause impossible. Mails
    to subscribers carry `unsubscribe`, the address of RFC 8058; those to nobody's event have none.
    `calendar_uid` and `calendar_sequence` are those of the object inside, by which answers find
    it. `event_version` is what of the event the mail made known, if it did.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        UniqueConstraint("mailing_id", "registration_id"),
        UniqueConstraint("mailing_id", "subscriber_id"),
        Index(
            "ix_outbox_mail_due",
            "due_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index(
            "ix_outbox_mail_mailing_id_due_at",
            "mailing_id",
            "due_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index("ix_outbox_mail_event_id_id", "event_id", "id"),
        Index(
            "ix_outbox_mail_calendar_uid",
            "calendar_uid",
            sqlite_where=_WITH_OBJECT,
            postgresql_where=_WITH_OBJECT,
        ),
        Index("ix_outbox_mail_message_id", "message_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    subscriber_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriber.id", ondelete="CASCADE"), index=True
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
    calendar_uid: Mapped[str] = mapped_column(String(100), default="")
    calendar_sequence: Mapped[int | None]
    notified_version: Mapped[int | None]
    message_id: Mapped[str] = mapped_column(String(200))
    references: Mapped[str] = mapped_column(String(200), default="")
    unsubscribe: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(10), default="queued")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    tries_before: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer: Mapped[str] = mapped_column(Text, default="")

    event: Mapped[Event | None] = relationship()
    registration: Mapped[Registration | None] = relationship()
    subscriber: Mapped[Subscriber | None] = relationship()


class DeliveryNote(Base):
    """One thing that happened to a mail on its way, beside its creation and its last state.

    `what`: deferred, failed, retried, corrected, stopped, resumed; sent, delayed and bounced where
    a mail came back. `words` are the server's or the system's, `actor` is who pressed a button.
    """

    __tablename__ = "delivery_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    mail_id: Mapped[int] = mapped_column(
        ForeignKey("outbox_mail.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    what: Mapped[str] = mapped_column(String(12))
    words: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(200), default="")


class SendRate(Base):
    """The moment at which the next mail of the whole installation may leave; one row."""

    __tablename__ = "send_rate"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OutboxPause(Base):
    """While this one row exists no mail leaves and no step runs: after a backup came back."""

    __tablename__ = "outbox_pause"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")


class Heartbeat(Base):
    """The last sign of life of a worker, one row a worker.

    `refused_at` is since when the mail server takes nothing from it, with the server's words in
    `refusal`; unset once it takes a mail again.
    """

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(String(100), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UTCDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[str] = mapped_column(Text, default="")
