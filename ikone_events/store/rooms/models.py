"""Tables of attendance, presses at the entrance, questions, rooms and their providers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events.models import new_public_id
from ikone_events.store.partial_indexes import partial_index


class AttendanceRecord(Base):
    """What is known of one person's attendance, from three sources; no row while nothing is.

    `door_at` is the first press on the page before the room. `joined_at`, `left_at` (None while
    the person is in the room), `seconds` and `minutes` (over all visits), `seen_at` (the last poll
    that saw the person) and `provider_user` come from the provider of the room. `stated` is what a
    person of the office said (an Attendance, or ""), by hand or by checking somebody in at the
    entrance, at `stated_at`, `stated_by` name. What follows from all this is read by
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
    seconds: Mapped[int | None]
    minutes: Mapped[int | None]
    provider_user: Mapped[str] = mapped_column(String(100), default="")
    stated: Mapped[str] = mapped_column(String(10), default="")
    stated_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stated_by: Mapped[str] = mapped_column(String(200), default="")


class RoomSession(Base):
    """A meeting that a provider has made for an event; an event may have several, one by one.

    `session` is what the provider calls it. `known_at` is when it was last known to exist, None
    after it was not found or found empty. `used`: somebody of ours was seen in it. `report` is what
    the provider reported after its end, seconds by opaque id as JSON; "" before.
    """

    __tablename__ = "room_session"
    __table_args__ = (UniqueConstraint("event_id", "session"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    session: Mapped[str] = mapped_column(String(40))
    provider: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    known_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    used: Mapped[bool] = mapped_column(default=False)
    report: Mapped[str] = mapped_column(Text, default="")


class RoomWatch(Base):
    """How an event's room is watched; no row before the provider was asked for the first time.

    `room_key` is the id by which the provider knows the room. `claimed_at` is when a worker last
    took it on itself to look, `looked_at` the last look that succeeded, or the end of all looks.
    `failed_since` is when looks began to fail, None while they succeed; presses at the door have an
    alarm instead.
    `unseen_seconds` is the time before the last look in which the room could not be seen, so that
    minutes may be missing. `closed`: all is counted.
    """

    __tablename__ = "room_watch"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    room_key: Mapped[str] = mapped_column(String(64), unique=True)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    looked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    unseen_seconds: Mapped[int] = mapped_column(default=0)
    closed: Mapped[bool] = mapped_column(default=False)


class Question(Base):
    """A question that was asked live, or what the office did with the one of a registration form.

    The text of a form's question stays in the registration (`source` "form", `text` empty): its
    row comes into being when the office moves, answers or ticks it off. `place` is the number in
    the office's order, `version` rises with each saved answer. Forgetting a person deletes the row.

    `sent_version` is the answer's version that the person was last sent (0: none), by the mailing
    created at `sent_at`, and `sent_count` how often answers were sent. `published_id` is the text
    for others that was made of it (store/followup/answers.py), which names nobody.
    """

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("source IN ('form', 'live')", name="source"),
        CheckConstraint("(source = 'form') = (text = '')", name="text"),
        partial_index(
            *("uq_question_of_form", "registration_id"),
            where=sql("source = 'form'"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    source: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    place: Mapped[int | None]
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)
    sent_version: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_count: Mapped[int] = mapped_column(default=0, server_default="0")
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_id: Mapped[int | None] = mapped_column(
        ForeignKey("published_answer.id", ondelete="SET NULL"), index=True
    )

    def is_new_in(self, mailing_at: datetime | None) -> bool:
        """Whether an answer is sent by the mailing created at this moment; None: by the next."""
        sent_now = mailing_at is not None and self.sent_at == mailing_at
        return bool(self.answer) and (sent_now or self.version > self.sent_version)

    def is_changed_in(self, mailing_at: datetime | None) -> bool:
        """Whether the answer in a mailing follows another one that was sent before."""
        sent_now = mailing_at is not None and self.sent_at == mailing_at
        return self.is_new_in(mailing_at) and self.sent_count > sent_now


class CheckInPress(Base):
    """One press at the entrance that changed something or found somebody in, each once by its key.

    Presses that were made without a network arrive later, perhaps twice: `at` is the moment of the
    press, `received_at` when it arrived. `by_name` is the helper.
    """

    __tablename__ = "check_in_press"
    __table_args__ = (
        UniqueConstraint("event_id", "key"),
        CheckConstraint("kind IN ('in', 'undo')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    key: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(4))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_name: Mapped[str] = mapped_column(String(200))


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
