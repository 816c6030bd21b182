"""Tables of incoming mails, undeliverable addresses and mailboxes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration


class IncomingMail(Base):
    """One automatic incoming mail, read once: an answer, a bounce or an absence.

    `digest` (SHA-256) identifies the mail. `kind` and `outcome` are IncomingKind and
    IncomingOutcome. Of an answer: `partstat`, `sequence` and `stamp` (SEQUENCE and DTSTAMP, which
    order answers), `attendee` (according to the object), `proposed_starts_at` and
    `proposed_ends_at` (of a COUNTER), `authenticated` (our mail server has verified the sender). Of
    a bounce: `code`, the enhanced status (RFC 3463), `lost` (otherwise late) and `cause`
    (BounceCause). `words` are the person's comment or the server's diagnosis, text of strangers.
    `seen_at` is when an organiser ticked it
    off. Mails about no event have no `event_id`.
    """

    __tablename__ = "incoming_mail"
    __table_args__ = (Index("ix_incoming_mail_event_id_id", "event_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    outcome: Mapped[str] = mapped_column(String(16))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    speaker_id: Mapped[int | None] = mapped_column(
        ForeignKey("speaker.id", ondelete="CASCADE"), index=True
    )
    mail_id: Mapped[int | None] = mapped_column(
        ForeignKey("outbox_mail.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[str] = mapped_column(String(250), default="")
    sender: Mapped[str] = mapped_column(String(254), default="")
    attendee: Mapped[str] = mapped_column(String(254), default="")
    partstat: Mapped[str] = mapped_column(String(14), default="")
    sequence: Mapped[int | None]
    stamp: Mapped[datetime | None] = mapped_column(UTCDateTime)
    proposed_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    proposed_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    authenticated: Mapped[bool] = mapped_column(default=False)
    code: Mapped[str] = mapped_column(String(12), default="")
    lost: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[str] = mapped_column(String(8), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_by: Mapped[str] = mapped_column(String(200), default="")

    event: Mapped[Event | None] = relationship()
    registration: Mapped[Registration | None] = relationship()
    speaker: Mapped[Speaker | None] = relationship()
    mail: Mapped[OutboxMail | None] = relationship()


class UndeliverableAddress(Base):
    """An address at which nobody reads mails; `words` are the server's answer."""

    __tablename__ = "undeliverable_address"

    email_key: Mapped[str] = mapped_column(String(254), primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    code: Mapped[str] = mapped_column(String(12), default="")
    words: Mapped[str] = mapped_column(Text, default="")


class Mailbox(Base):
    """The reading state of a mailbox.

    `name` is user, host and folder. UIDs above `last_uid` are new while `uidvalidity` is the same
    (RFC 3501 section 2.3.1.1). A worker reads the mailbox until `lease_until`. `read_at` is the
    last success, `failed_at` the first failure since then, `failure` its error. `asked_at`: since
    when somebody waits for a reading.
    """

    __tablename__ = "mailbox"

    name: Mapped[str] = mapped_column(String(250), primary_key=True)
    uidvalidity: Mapped[int] = mapped_column(BigInteger, default=0)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failure: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
