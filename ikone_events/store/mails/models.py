"""Tables of mails: subscribers, edited texts, mailings, the outbox, its log and its state."""

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
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ikone_events.domain.folding import search_key
from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.partial_indexes import partial_index
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

_QUEUED = text("state = 'queued'")
_WITH_OBJECT = text("calendar_uid <> ''")
# The literal condition of the partial index: databases do not match bound parameters.
HAS_OBJECT = literal_column("outbox_mail.calendar_uid") != literal_column("''")


NETWORK = "network"
# In the order of the arguments of `mail_key`.
SEARCHED = ("recipient", "recipient_name", "subject")
# PostgreSQL refuses entries of an index above 2,704 bytes; a character has up to four.
_LONGEST_KEY = 640


class Subscriber(Base):
    """A subscribed address; only confirmed ones get mails (double opt-in).

    `topic` is "network" for announcements, or "event:<number>" for the opening of the event
    `event_id`.
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


class MailText(Base):
    """An edited text in one language: subject and Markdown body with placeholders.

    `scope` is "installation", "series:<name>" or "event:<number>" (of the event `event_id`); the
    most specific one counts. `kind` is a kind of mail, or the name of an organiser's own step.
    """

    __tablename__ = "mail_text"
    __table_args__ = (UniqueConstraint("scope", "kind", "locale"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(220))
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(40))
    locale: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by: Mapped[str] = mapped_column(String(200), default="")


class Mailing(Base):
    """A mail to many people; the worker turns it into outbox rows, chunk by chunk.

    `last_id` is the last registration, subscriber or contact done; `finished_at` is set after the
    last chunk, `stopped_at` when somebody stopped it. It goes to registrations whose status is
    older than the mailing, by `event_lock_version`: later ones get their own mail. It begins at
    `due_at` (None: at once), until when the transition `state_change_id` that it is about can be
    undone. `texts` is the edited text at the start of the mailing, JSON {locale: {"subject",
    "body"}}; empty for the built-in text. `only_changed` excludes people who have been notified of
    all changes. `contact_choice` limits contacts to some (domain/mails/recipients.py).
    """

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    audience: Mapped[str] = mapped_column(String(30))
    contact_choice: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    only_changed: Mapped[bool] = mapped_column(default=False)
    old_starts_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    old_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    event_lock_version: Mapped[int] = mapped_column(default=0)
    last_id: Mapped[int] = mapped_column(default=0)
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.id", ondelete="SET NULL"))
    state_change_id: Mapped[int | None] = mapped_column(
        ForeignKey("state_change.id", ondelete="SET NULL")
    )
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    texts: Mapped[str] = mapped_column(Text, default="")
    started_by: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stopped_by: Mapped[str] = mapped_column(String(200), default="")

    event: Mapped[Event] = relationship()
    step: Mapped[Step | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class OutboxMail(Base):
    """One finished mail to one person, with its state: queued, sent, failed or stopped.

    A worker is sending it until `lease_until`, which with `tries` is the fence against a worker
    whose lease has ended. `tries` counts attempts at this mail, not those that never got as far,
    because the mail server could not be reached; `tries_before` are those before the last retry by
    hand. `answer` is the last answer of the mail server. The unique `key` prevents a second
    mail for the same cause. Mails to subscribers and contacts have `unsubscribe`, the address of
    RFC 8058. `calendar_uid`, `calendar_sequence` and `calendar_stamp` (DTSTAMP) are those of the
    calendar object. `notified_version` is the calendar_version of the event that the mail
    contained, if any. `link_epoch` is the epoch of the personal links in it, None without; once the
    person has others, it is not sent.
    `search_key` is recipient and subject folded for searching; it follows them, and is empty once
    the person has been forgotten.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        UniqueConstraint("mailing_id", "registration_id"),
        UniqueConstraint("mailing_id", "subscriber_id"),
        UniqueConstraint("mailing_id", "contact_id"),
        UniqueConstraint("mailing_id", "speaker_id"),
        partial_index("ix_outbox_mail_due", "due_at", where=_QUEUED),
        partial_index("ix_outbox_mail_mailing_id_due_at", "mailing_id", "due_at", where=_QUEUED),
        Index("ix_outbox_mail_event_id_id", "event_id", "id"),
        partial_index("ix_outbox_mail_calendar_uid", "calendar_uid", where=_WITH_OBJECT),
        Index("ix_outbox_mail_message_id", "message_id"),
        # Covers the search for mails (search.py).
        Index("ix_outbox_mail_search", "search_key", "event_id", "subscriber_id", "id"),
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
    contact_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    # The mail that takes the date out of a deleted speaker's calendar still leaves.
    speaker_id: Mapped[int | None] = mapped_column(
        ForeignKey("speaker.id", ondelete="SET NULL"), index=True
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
    calendar_stamp: Mapped[datetime | None] = mapped_column(UTCDateTime)
    notified_version: Mapped[int | None]
    link_epoch: Mapped[int | None]
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
    search_key: Mapped[str] = mapped_column(Text, default="")

    event: Mapped[Event | None] = relationship()
    registration: Mapped[Registration | None] = relationship()
    speaker: Mapped[Speaker | None] = relationship()

    @property
    def is_news(self) -> bool:
        """Whether it is to a subscriber or a contact of the office."""
        return self.subscriber_id is not None or self.contact_id is not None

    @validates(*SEARCHED)
    def _note_key(self, name: str, text: str) -> str:
        """Update `search_key`, which follows this text."""
        texts = {each: getattr(self, each) or "" for each in SEARCHED} | {name: text}
        self.search_key = mail_key(*texts.values())
        return text


def mail_key(recipient: str, recipient_name: str, subject: str) -> str:
    """The `search_key` of a mail; it begins with the address."""
    return search_key(recipient, recipient_name, subject)[:_LONGEST_KEY]


# The keys of mails that organisers sent to themselves begin with this.
TEST_KEY = "test:"
IS_TEST = OutboxMail.key.startswith(TEST_KEY, autoescape=True)


class DeliveryNote(Base):
    """One entry in the delivery log of a mail.

    `what`: deferred, failed, damaged, retried, corrected, stopped, resumed; sent, delayed and
    bounced for a bounced mail. `words` are the server's or the system's, `actor` is the user, if
    any.
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
    """When the installation may send its next mail; one row."""

    __tablename__ = "send_rate"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)


class OutboxPause(Base):
    """While this row exists no mail is sent and no step runs, as after a restore."""

    __tablename__ = "outbox_pause"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")


class Heartbeat(Base):
    """The last heartbeat of a worker.

    `refused_at` is since when the mail server accepts no mail from it, `refusal` the server's
    answer; None once a mail is accepted. `refusals` counts its attempts in a row at a server that
    can't be reached, and before `retry_at` it makes no other one. `trouble` is what it could not do
    at its last look at the database, one line each.
    """

    __tablename__ = "heartbeat"

    worker: Mapped[str] = mapped_column(String(100), primary_key=True)
    beat_at: Mapped[datetime] = mapped_column(UTCDateTime)
    refused_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    refusal: Mapped[str] = mapped_column(Text, default="")
    refusals: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    trouble: Mapped[str] = mapped_column(Text, default="")
