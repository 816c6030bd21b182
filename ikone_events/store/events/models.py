"""Tables of events, their versions, materials and transitions."""

import json
import secrets
from collections.abc import Hashable
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.events.facts import ProviderKind
from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.domain.followup.access import Availability, Visibility
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.store.db import Base, UTCDateTime


def new_public_id() -> str:
    """A random public id of 128 bits; row ids are never shown."""
    return secrets.token_urlsafe(16)


class InCalendars:
    """The columns of an event that calendars show or link to."""

    title: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200), default="")
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    zone: Mapped[str] = mapped_column(String(60), default="Europe/Berlin")
    format: Mapped[str] = mapped_column(String(10), default=EventFormat.ONLINE.value)
    place: Mapped[str] = mapped_column(String(500), default="")
    directions: Mapped[str] = mapped_column(Text, default="")
    bring: Mapped[str] = mapped_column(Text, default="")
    room_url: Mapped[str] = mapped_column(String(2000), default="")
    dial_in: Mapped[str] = mapped_column(String(200), default="")


class Event(InCalendars, Base):
    """One event. All moments are UTC; `zone` is the zone in which its times are shown.

    Five versions: `edit_version` rises with every edit of the content (optimistic locking of
    forms). `lock_version` rises with every write about the event, seats included: writing it takes
    the row lock, and its value is the version of the public page. `calendar_version` rises when a
    column of InCalendars changes; former values are rows of EventVersion. `public_version` rises
    when something changes that public calendars show, last at `public_changed_at`.
    `content_version` is another random number after every change of what pages, forms and mails are
    derived from, not after a registration; triggers set it (store/operating/triggers.py), so a
    loaded object may hold an old one.

    `capacity` limits all seats, `capacity_online` and `capacity_on_site` each mode of a hybrid
    event. `seats_kept`… is the number of people with a seat when the capacity was lowered below it:
    they keep their seats. Registration settings are explained at RegistrationSettings. `plan` names
    the plan of the event's steps.

    People are notified of changes at `update_due_at`, after a quiet period; `update_since` is the
    first edit that waits for it, `update_by` who made the last one, `update_reason` what the mails
    say about it.

    `room_url`, `room_pin` and `dial_in` are of a room that is a plain link, `moderator_url` is its
    link for speakers; a provider that makes rooms needs none of them. `directions` is the room in
    the building and the way there, `bring` what to bring. `attendance_incomplete`: the office has
    not noted everybody, so whoever is not recorded is unknown and not absent. `grants_materials`:
    whoever asks for materials after the event gets them without a decision of the office.
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
    public_version: Mapped[int] = mapped_column(default=1)
    content_version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    public_changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    update_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    update_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    update_by: Mapped[str] = mapped_column(String(200), default="")
    update_reason: Mapped[str] = mapped_column(Text, default="")

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
    room_provider: Mapped[str] = mapped_column(String(10), default=ProviderKind.LINK.value)
    room_pin: Mapped[str] = mapped_column(String(50), default="")
    moderator_url: Mapped[str] = mapped_column(String(2000), default="")
    attendance_incomplete: Mapped[bool] = mapped_column(default=False)
    feedback_url: Mapped[str] = mapped_column(String(2000), default="")
    # In the database false: events from before the column wrote to nobody who waited.
    follow_up_to_waiting: Mapped[bool] = mapped_column(default=True, server_default=false())

    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(50), default="")
    retention_days: Mapped[int] = mapped_column(default=90)
    figures: Mapped[str] = mapped_column(Text, default="")
    grants_materials: Mapped[bool] = mapped_column(default=False, server_default=false())

    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)

    # Of snapshots alone (store/events/snapshots.py): their version, and what is derived from it.
    snapshot_of = cast(Any, None)
    derived = cast("dict[Hashable, Any] | None", None)

    # Without what speakers have handed in and nobody has released: no reader can forget that.
    materials: Mapped[list["Material"]] = relationship(
        primaryjoin="and_(Event.id == Material.event_id, Material.released)",
        back_populates="event",
        order_by="(Material.position, Material.id)",
        cascade="all, delete-orphan",
    )

    @property
    def day(self) -> date:
        """The local day of the start, as of which memberships count; in UTC if the zone is unknown.

        Figures of all events are counted together, so one unknown zone must not fail the others.
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
        """The title in a language, else in German."""
        return (locale == "en" and self.title_en) or self.title

    def summary_in(self, locale: str) -> str:
        """The summary in a language, else in German."""
        return (locale == "en" and self.summary_en) or self.summary

    def description_in(self, locale: str) -> str:
        """The Markdown description in a language, else in German."""
        return (locale == "en" and self.description_en) or self.description


class SharedContent(Base):
    """One row with the version of what many events are derived from; no row before any change.

    Triggers set it like `content_version`: directory, edited texts of the installation and series,
    and how the installation presents itself.
    """

    __tablename__ = "shared_content"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)


class EventVersion(InCalendars, Base):
    """A former version of an event; `number` is its calendar_version, `until` when it was replaced.

    The current version is in the event alone. Mails store the version that they contained.
    """

    __tablename__ = "event_version"
    __table_args__ = (UniqueConstraint("event_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    number: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime)


class Material(Base):
    """A file, a link, a contact, or the published answers (kind "answers", one per event at most).

    Files (kind "slides") have `stored_name`, the random name in the uploads folder, and
    `file_name`, the name that people see; links have `url`, contacts `contact_*`.

    `visibility`, `availability` and `available_at` are explained in domain/followup/access.py;
    `scan` is empty once a file may be handed out. `position` is the order by hand, `language` the
    tag of the language it is in ("" for none). `mailed_at` is the `created_at` of the follow-up or
    supplement that contained it; None for what came later.

    A file that a speaker has handed in (`speaker_id`, until the speaker is deleted) is seen by
    nobody else before the office has `released` it; then it takes the place of the file that it
    replaces (`replaces_id`), if any.
    """

    __tablename__ = "material"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    kind: Mapped[str] = mapped_column(String(10))
    visibility: Mapped[str] = mapped_column(String(10), default=Visibility.REGISTERED.value)
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000), default="")
    contact_name: Mapped[str] = mapped_column(String(200), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    stored_name: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    content_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(default=0)
    accessible: Mapped[bool] = mapped_column(default=False)
    availability: Mapped[str] = mapped_column(
        String(10), default=Availability.FOLLOW_UP.value, server_default="follow_up"
    )
    available_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    language: Mapped[str] = mapped_column(String(10), default="", server_default="")
    scan: Mapped[str] = mapped_column(String(10), default="", server_default="")
    mailed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    released: Mapped[bool] = mapped_column(default=True, server_default=true())
    speaker_id: Mapped[int | None] = mapped_column(
        ForeignKey("speaker.id", ondelete="SET NULL"), index=True
    )
    replaces_id: Mapped[int | None] = mapped_column(
        ForeignKey("material.id", ondelete="SET NULL"), index=True
    )

    event: Mapped[Event] = relationship(back_populates="materials")


class StateChange(Base):
    """One transition of an event: who did what, when and why."""

    __tablename__ = "state_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class DismissedTodo(Base):
    """An entry of the to-do list that somebody dismissed; it returns when its `fact` changes."""

    __tablename__ = "dismissed_todo"
    __table_args__ = (UniqueConstraint("event_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    fact: Mapped[str] = mapped_column(String(64))
    dismissed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dismissed_by: Mapped[str] = mapped_column(String(200))
