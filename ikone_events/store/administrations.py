"""Tables of the directory of administrations: the bodies and the names they go by."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.store.db import Base, UTCDateTime


class Organisation(Base):
    """An administration or other body. `kind` decides whether it counts as an administration.

    `member` says that it belongs to the network at some time: from `member_since` through
    `member_until`, both local days included, an empty end being open.
    """

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(200), default="")
    official_key: Mapped[str] = mapped_column(String(20), default="")
    member: Mapped[bool] = mapped_column(default=False)
    member_since: Mapped[date | None] = mapped_column(Date)
    member_until: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    names: Mapped[list["OrganisationName"]] = relationship(
        back_populates="organisation", cascade="all, delete-orphan"
    )

    def is_member_on(self, day: date) -> bool:
        """Whether it belongs to the network on a local day."""
        begun = self.member_since is None or self.member_since <= day
        return self.member and begun and (self.member_until is None or day <= self.member_until)


class OrganisationName(Base):
    """One name of a body as typed texts are compared with it (domain/administrations.py).

    `source` says where it comes from: "name", "short", or "alias". Two bodies may share a key:
    then a typed text matches neither, and the organiser decides.
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
