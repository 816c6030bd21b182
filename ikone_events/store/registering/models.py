"""Tables of registrations, their status changes, invitation codes and imports."""

from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.folding import search_key, sort_key
from ikone_events.domain.registering.registration import ACTIVE, Status, kept_until
from ikone_events.domain.salutation import full_name
from ikone_events.store.db import Base, SortKey, UTCDateTime
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.partial_indexes import partial_index

# In the order of the arguments of `search_key`.
SEARCHED = ("first_name", "last_name", "email", "organisation_text")
_RESERVED = text(f"status IN ('{Status.PENDING.value}', '{Status.OFFERED.value}')")
_ACTIVE = text(f"status IN ({', '.join(repr(status.value) for status in sorted(ACTIVE))})")
_WAITING = text(f"status = '{Status.WAITLISTED.value}'")


class Code(Base):
    """An invitation code for many people (`uses` None or high) or for one (`uses` 1).

    `text` is normalised: upper case, without spaces and hyphens. Uses are counted from the active
    registrations with the code.
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


class Registration(Base):
    """One person at one event. A person who withdrew and returns gets a new row.

    `email_key` is the normalised address, of which an event has one active row. `status_at` and
    `event_lock_version` (the event's `lock_version`) are of the last change of status. `awaits` is
    what a pending registration waits for, `reserved_until` how long a seat or an offer is reserved.
    `waiting_order` is the order on the waiting list (the event's `lock_version` on joining, 0 for
    people from a file); whoever waits has one.
    `address_confirmed_at`, `approved_at` and `accepted_at` are passed admission steps. `mode`
    counts at hybrid events only.

    `organisation_key` is the normalised `organisation_text`. `predecessor_id` is the registration
    that was handed over to this one, `standing_id` the standing sign-up to the series that led to
    this one. `note` is for organisers. `registered_by` is the colleague who filled in the form,
    `via` the name in the link that led to it (domain/figures/channels.py). `wants_supplement`: asks
    for a mail when materials are added after the follow-up. `search_key` and `name_key` are the
    names, address and office folded for searching, and the names for sorting (domain/folding.py);
    both follow the texts.

    `calendar_uid` is secret. `calendar_sequence` is None before the first invitation;
    `calendar_method` and `calendar_stamp` (DTSTAMP) are those of the last object in a mail: after
    CANCEL the next invitation gets a new UID. `partstat` is the calendar's answer to the current
    date. `thread_id` is the Message-ID of the first mail.
    """

    __tablename__ = "registration"
    __table_args__ = (
        partial_index(
            "uq_registration_active_address", "event_id", "email_key", where=_ACTIVE, unique=True
        ),
        Index("ix_registration_event_status", "event_id", "status"),
        Index("ix_registration_event_organisation", "event_id", "organisation_id"),
        Index("ix_registration_event_name", "event_id", "name_key"),
        Index("ix_registration_organisation_key", "organisation_key"),
        Index("ix_registration_email_key", "email_key"),
        partial_index("ix_registration_reserved", "reserved_until", where=_RESERVED),
        partial_index(
            *("ix_registration_waiting", "event_id", "waiting_order", "id"), where=_WAITING
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(String(12))
    status_at: Mapped[datetime] = mapped_column(UTCDateTime)
    event_lock_version: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime] = mapped_column(UTCDateTime)

    mode: Mapped[str] = mapped_column(String(10), default=Mode.ONLINE.value)
    awaits: Mapped[str] = mapped_column(String(10), default="")
    reserved_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    waiting_order: Mapped[int | None]
    address_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    code_id: Mapped[int | None] = mapped_column(ForeignKey("code.id"), index=True)
    predecessor_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"), index=True)
    standing_id: Mapped[int | None] = mapped_column(
        ForeignKey("standing_sign_up.id", ondelete="SET NULL"), index=True
    )
    registered_by: Mapped[str] = mapped_column(String(300), default="")
    via: Mapped[str] = mapped_column(String(20), default="", server_default="")
    note: Mapped[str] = mapped_column(Text, default="")

    salutation: Mapped[str] = mapped_column(String(10), default="")
    title: Mapped[str] = mapped_column(String(50), default="")
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    organisation_key: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    search_key: Mapped[str] = mapped_column(Text, default="")
    name_key: Mapped[str] = mapped_column(SortKey, default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    question: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    wants_supplement: Mapped[bool] = mapped_column(default=False, server_default=false())

    calendar_uid: Mapped[str] = mapped_column(String(100), unique=True)
    calendar_sequence: Mapped[int | None]
    calendar_stamp: Mapped[datetime | None] = mapped_column(UTCDateTime)
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    partstat: Mapped[str] = mapped_column(String(12), default="")
    thread_id: Mapped[str] = mapped_column(String(200), default="")
    anonymised_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    code: Mapped[Code | None] = relationship()

    @property
    def name(self) -> str:
        """The full name."""
        return full_name(self.title, self.first_name, self.last_name)

    @property
    def organisation_name(self) -> str:
        """The name of the administration, or what was typed."""
        return self.organisation.name if self.organisation else self.organisation_text

    @property
    def kept_until(self) -> datetime:
        """When this person's data are deleted, with the present status."""
        return kept_until(
            self.status,
            status_at=self.status_at,
            ends_at=self.event.ends_at,
            retention_days=self.event.retention_days,
        )

    @validates("first_name", "last_name", "email", "organisation_text")
    def _note_keys(self, name: str, text: str) -> str:
        """Update the keys that follow this text."""
        texts = {each: getattr(self, each) or "" for each in SEARCHED} | {name: text}
        for key, value in keys_of(**texts).items():
            setattr(self, key, value)
        return text


def keys_of(first_name: str, last_name: str, email: str, organisation_text: str) -> dict[str, str]:
    """The columns of a registration that follow its texts."""
    return {
        "organisation_key": key_of(organisation_text),
        "search_key": search_key(first_name, last_name, email, organisation_text),
        "name_key": sort_key(last_name, first_name),
    }


def _has_status(*statuses: Status) -> ColumnElement[bool]:
    """The literal condition of a partial index: databases do not match bound parameters."""
    words: list[ColumnElement[str]] = [literal_column(repr(each.value)) for each in statuses]
    return Registration.status.in_(words)


IS_ACTIVE = _has_status(*sorted(ACTIVE))
IS_RESERVED = _has_status(Status.PENDING, Status.OFFERED)
IS_WAITING = Registration.status == literal_column(f"'{Status.WAITLISTED.value}'")


class SeatCount(Base):
    """How many people have a seat at an event in a mode, and how many wait for one.

    Triggers write it (store/operating/triggers.py), nobody else. There is no row before the first
    person.
    """

    __tablename__ = "seat_count"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True
    )
    mode: Mapped[str] = mapped_column(String(10), primary_key=True)
    seated: Mapped[int]
    waiting: Mapped[int]


class StatusChange(Base):
    """One change of a registration's status: who did what, when and why.

    `event_lock_version` orders the changes of one event independently of clocks; `actor` is an
    organiser's address, "person", "calendar" or "system".
    """

    __tablename__ = "status_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    action: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    actor: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    event_lock_version: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    registration: Mapped[Registration] = relationship()


class ImportList(Base):
    """The checked rows of an imported file as JSON; deleted after the import or a day.

    A list without an event holds contacts.
    """

    __tablename__ = "import_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    event_id: Mapped[int | None] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), index=True
    )
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    rows: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
