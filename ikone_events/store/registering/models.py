"""Table of those who come, and of what changed their standing."""

from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.registration import ACTIVE, Status, kept_until
from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.registering.codes import Code

_RESERVED = text(f"status IN ('{Status.PENDING.value}', '{Status.OFFERED.value}')")
_ACTIVE = text(f"status IN ({', '.join(repr(status.value) for status in sorted(ACTIVE))})")


class Registration(Base):
    """One person at one event. A person who withdrew and returns gets a new row.

    `email` is as typed, `email_key` normalised; one active row per event and address.
    `event_lock_version` is the event's `lock_version` when the status last changed.
    `calendar_sequence` is None until an invitation has been promised; the UID is a secret
    between us and the person's calendar; `calendar_method` is what the last object of a mail
    asked for: after CANCEL the next invitation bears another UID. `partstat` is what that calendar
    answered to the date in force, if it did.
    `thread_id` is the Message-ID of the first mail.

    `mode` is how the person takes part, and counts at hybrid events only. `awaits` says what a
    pending registration waits for, `reserved_until` until when its seat or an offer is reserved.
    `waiting_order` is the place in the waiting list (the event's `lock_version` on joining; kept
    on promotion, and by a deputy). `address_confirmed_at`, `approved_at` and `accepted_at` are the
    admission steps that have been passed. `organisation_key` is the normalised form of what was
    typed, compared with the directory. `predecessor_id` is the registration that was handed over
    to this one.
    `note` is for the organisers' eyes. `registered_by` is who filled in the form for a colleague.
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
        Index("ix_registration_event_organisation", "event_id", "organisation_id"),
        Index("ix_registration_organisation_key", "organisation_key"),
        Index("ix_registration_email_key", "email_key"),
        Index(
            "ix_registration_reserved",
            "reserved_until",
            sqlite_where=_RESERVED,
            postgresql_where=_RESERVED,
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
    registered_by: Mapped[str] = mapped_column(String(300), default="")
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
    position: Mapped[str] = mapped_column(String(200), default="")
    question: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    attendance: Mapped[str | None] = mapped_column(String(10))
    attended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    calendar_uid: Mapped[str] = mapped_column(String(100), unique=True)
    calendar_sequence: Mapped[int | None]
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    partstat: Mapped[str] = mapped_column(String(12), default="")
    thread_id: Mapped[str] = mapped_column(String(200), default="")
    anonymised_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    code: Mapped[Code | None] = relationship()

    @property
    def kept_until(self) -> datetime:
        """When this person's details are deleted, as things stand now."""
        return kept_until(
            self.status,
            status_at=self.status_at,
            ends_at=self.event.ends_at,
            retention_days=self.event.retention_days,
        )

    @validates("organisation_text")
    def _note_key(self, _name: str, text: str) -> str:
        """Whoever sets what was typed sets how it is compared."""
        self.organisation_key = key_of(text)
        return text


def _stands(*statuses: Status) -> ColumnElement[bool]:
    """The words of a partial index, in its order: with parameters neither database finds it."""
    words: list[ColumnElement[str]] = [literal_column(repr(each.value)) for each in statuses]
    return Registration.status.in_(words)


IS_ACTIVE = _stands(*sorted(ACTIVE))
IS_RESERVED = _stands(Status.PENDING, Status.OFFERED)


class StatusChange(Base):
    """One change of a registration's standing: who did what, when and why.

    The chain explains why each one stands where. `event_touched` orders changes of one event
    whatever the clocks say; `actor` is an organiser's address, "person", "calendar" or
    "system".
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
