"""Tables of an event: the event itself, its materials, and the history of its transitions."""

import json
import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.store.db import Base, UTCDateTime


def new_public_id() -> str:
    """128 random bits as the outside knows a record; row numbers stay inside."""
    return secrets.token_urlsafe(16)


class InCalendars:
    """Columns of all that a calendar shows of an event or leads to from there."""

    title: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Berlin")
    format: Mapped[str] = mapped_column(String(10), default=EventFormat.ONLINE.value)
    place: Mapped[str] = mapped_column(String(500), default="")
    room_url: Mapped[str] = mapped_column(String(2000), default="")
    dial_in: Mapped[str] = mapped_column(String(200), default="")


class Event(InCalendars, Base):
    """One workshop. All moments are UTC; `zone` is the zone its times are meant and shown in.

    `revision` rises with every edit of the content (optimistic locking of forms); `touched`
    rises with every write that concerns the event, seats included: writing it is the lock,
    and its value is the version of everything that the public page shows. `plan` names the plan
    that the event's steps were laid from. `seats_kept` is how many people held seats when the
    capacity was lowered below that: they stay, and nobody joins them; of a hybrid event for each
    mode as well.

    `capacity` limits all seats together; of a hybrid event each mode may have a limit of its own.
    Before `members_until` only members get seats. `confirm_hours` asks people to confirm their
    address and says how long their seat is held, `offer_hours` how long a freed seat is offered to
    the first in line; None: not asked, and given at once.

    `calendar_version` rises when something changes that calendars show; former values are rows of
    `EventVersion`. The people concerned are notified at `update_due_at`, after a quiet period;
    `update_since` is the first edit that waits for it and `update_by` who made the last.
    `decline_frees`: whose calendar declines, by an answer that is proved, gives the seat back.
    """

    __tablename__ = "event"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="order_of_times"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),
        Index("ix_event_starts_at", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    state: Mapped[str] = mapped_column(String(20), default=State.DRAFT.value)
    edit_version: Mapped[int] = mapped_column(default=1)
    lock_version: Mapped[int] = mapped_column(default=0)
    calendar_version: Mapped[int] = mapped_column(default=1)
    update_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    update_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    update_by: Mapped[str] = mapped_column(String(200), default="")

    summary: Mapped[str] = mapped_column(Text, default="")
    summary_en: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    series: Mapped[str] = mapped_column(String(200), default="")
    programme: Mapped[str] = mapped_column(Text, default="[]")
    speakers: Mapped[str] = mapped_column(Text, default="")
    question_label: Mapped[str] = mapped_column(String(200), default="")
    question_label_en: Mapped[str] = mapped_column(String(200), default="")

    deadline: Mapped[datetime | None] = mapped_column(UTCDateTime)
    capacity: Mapped[int | None]
    capacity_online: Mapped[int | None]
    capacity_on_site: Mapped[int | None]
    seats_kept: Mapped[int | None]
    seats_kept_online: Mapped[int | None]
    seats_kept_on_site: Mapped[int | None]
    per_administration: Mapped[int | None]
    members_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    by_code: Mapped[bool] = mapped_column(default=False)
    approval: Mapped[bool] = mapped_column(default=False)
    confirm_hours: Mapped[int | None]
    offer_hours: Mapped[int | None]
    colleagues: Mapped[bool] = mapped_column(default=True)
    waiting_list: Mapped[bool] = mapped_column(default=True)
    accepts_late: Mapped[bool] = mapped_column(default=True)
    decline_frees: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[str] = mapped_column(String(20), default="")
    feedback_url: Mapped[str] = mapped_column(String(2000), default="")

    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(50), default="")
    retention_days: Mapped[int] = mapped_column(default=90)
    figures: Mapped[str] = mapped_column(Text, default="")

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    materials: Mapped[list["Material"]] = relationship(
        back_populates="event", order_by="Material.id", cascade="all, delete-orphan"
    )

    @property
    def day(self) -> date:
        """The local day on which it begins; memberships count as of it.

        Where this machine does not know the zone it is the day in UTC: the figures of all events
        are counted together, and one of them must not stop the others.
        """
        try:
            return to_local(self.starts_at, self.zone).date()
        except UnfitInput:
            return self.starts_at.date()

    @property
    def programme_items(self) -> list[dict[str, Any]]:
        """The programme as a list of {time, title}, in order."""
        items: list[dict[str, Any]] = json.loads(self.programme or "[]")
        return items

    def title_in(self, locale: str) -> str:
        """The title in a language, German when there is no other."""
        return (locale == "en" and self.title_en) or self.title

    def summary_in(self, locale: str) -> str:
        """The summary in a language, German when there is no other."""
        return (locale == "en" and self.summary_en) or self.summary

    def description_in(self, locale: str) -> str:
        """The Markdown description in a language, German when there is no other."""
        return (locale == "en" and self.description_en) or self.description


class EventVersion(InCalendars, Base):
    """What stood in calendars before an edit; `number` is the event's version, `until` the edit.

    The version in force lies in the event alone. Mails remember the version that they told.
    """

    __tablename__ = "event_version"
    __table_args__ = (UniqueConstraint("event_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    number: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class Material(Base):
    """Slides, a link or a contact that is handed out after the event.

    For slides `stored_name` is the random name below the uploads folder and `file_name` the
    name people see; `url` belongs to links; `contact_*` to contacts.
    """

    __tablename__ = "material"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    kind: Mapped[str] = mapped_column(String(10))
    visibility: Mapped[str] = mapped_column(String(10), default="registered")
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000), default="")
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    stored_name: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    content_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(default=0)
    accessible: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship(back_populates="materials")


class StateChange(Base):
    """One transition: who did what, when and why. The chain explains the event's state."""

    __tablename__ = "state_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)
