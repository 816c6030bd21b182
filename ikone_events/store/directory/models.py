"""Tables of the directory of administrations and their names."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, ForeignKey, Index, String, Text, and_, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from ikone_events.domain.directory.administrations import NameSource, key_of
from ikone_events.domain.folding import search_key, sort_key
from ikone_events.domain.salutation import full_name
from ikone_events.store.db import Base, SortKey, UTCDateTime
from ikone_events.store.events.models import new_public_id


class Organisation(Base):
    """An administration or other body; `kind` decides whether it counts as an administration.

    A `member` belongs to the network from `member_since` through `member_until` (local days; None:
    open). `name_key` follows the name and sorts it. `edit_version` rises with every edit
    (optimistic locking of the form).
    """

    __tablename__ = "organisation"
    # Covers the version of the list of names (naming.py).
    __table_args__ = (Index("ix_organisation_version", "edit_version", "changed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    edit_version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(SortKey, default="")
    short_name: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(200), default="")
    official_key: Mapped[str] = mapped_column(String(20), default="")
    member: Mapped[bool] = mapped_column(default=False)
    member_since: Mapped[date | None] = mapped_column(Date)
    member_until: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    names: Mapped[list["OrganisationName"]] = relationship(
        back_populates="organisation", cascade="all, delete-orphan", order_by="OrganisationName.id"
    )

    @validates("name")
    def _note_name_key(self, _name: str, text: str) -> str:
        """Update `name_key`."""
        self.name_key = sort_key(text)
        return text

    def is_member_on(self, day: date) -> bool:
        """Whether it is a member on a local day."""
        begun = self.member_since is None or self.member_since <= day
        return self.member and begun and (self.member_until is None or day <= self.member_until)

    @property
    def aliases(self) -> list[str]:
        """The other names that organisers entered."""
        texts = (name.text for name in self.names if name.source == NameSource.ALIAS)
        return list(dict.fromkeys(texts))


def member_on(day: date | ColumnElement[date]) -> ColumnElement[bool]:
    """`is_member_on` as an SQL condition; the day may be a column."""
    return and_(
        Organisation.member,
        or_(Organisation.member_since.is_(None), Organisation.member_since <= day),
        or_(Organisation.member_until.is_(None), Organisation.member_until >= day),
    )


class OrganisationName(Base):
    """One name of a body with its key (domain/directory/administrations.py).

    `source` is a NameSource. If two bodies share a key, a typed text matches neither.
    """

    __tablename__ = "organisation_name"
    __table_args__ = (Index("ix_organisation_name_key", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(
        ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    text: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(10))

    organisation: Mapped[Organisation] = relationship(back_populates="names")


class LeftText(Base):
    """A typed text that an organiser marked as no administration."""

    __tablename__ = "left_text"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    left_by: Mapped[str] = mapped_column(String(200))
    left_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Contact(Base):
    """A contact person of the office, who gets announcements without having subscribed to them.

    `organisation_text` is as typed, `organisation_key` its normal form; without `organisation_id`
    it fits no administration. `source` and `legal_basis` (a LegalBasis) are sent to the person,
    `entered_by` is an organiser. `checked_at` is when somebody last entered, edited or checked it.
    `address_hash` is what an objection is found by. `edit_version` rises with every edit.
    """

    __tablename__ = "contact"
    __table_args__ = (Index("ix_contact_name", "name_key", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    edit_version: Mapped[int] = mapped_column(default=1)
    salutation: Mapped[str] = mapped_column(String(10), default="")
    title: Mapped[str] = mapped_column(String(50), default="")
    first_name: Mapped[str] = mapped_column(String(100), default="")
    last_name: Mapped[str] = mapped_column(String(100), default="")
    name_key: Mapped[str] = mapped_column(SortKey, default="")
    search_key: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id", ondelete="SET NULL"), index=True
    )
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    organisation_key: Mapped[str] = mapped_column(String(200), default="", index=True)
    locale: Mapped[str] = mapped_column(String(2), default="de")
    source: Mapped[str] = mapped_column(String(200))
    legal_basis: Mapped[str] = mapped_column(String(30))
    note: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime)

    organisation: Mapped[Organisation | None] = relationship()

    @property
    def name(self) -> str:
        """The full name, or the address of a mailbox without one."""
        return full_name(self.title, self.first_name, self.last_name) or self.email

    @property
    def organisation_name(self) -> str:
        """The name of the administration, or what was typed."""
        return self.organisation.name if self.organisation else self.organisation_text

    def note_keys(self) -> None:
        """Update the columns that follow the texts."""
        names = self.last_name, self.first_name
        self.name_key = sort_key(*names) or sort_key(self.email)
        self.search_key = search_key(*names, self.email, self.position, self.organisation_text)
        self.organisation_key = key_of(self.organisation_text)
