"""Tables of standing sign-ups: people who want to be registered for every date of a series."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, Text, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, mapped_column, validates

from ikone_events.domain.address import email_key
from ikone_events.domain.folding import search_key
from ikone_events.store.db import Base, UTCDateTime, db
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.registering.models import Registration


class StandingSignUp(Base):
    """A standing sign-up to the series with this slug; an address has one of a series.

    Only confirmed ones count (double opt-in). Links of a former epoch are dead. `attended_at` is
    the start of the last date that the person attended, of those whose people are anonymised;
    `entered_by` the organiser who entered the person, empty for those who did so themselves.
    `search_key` and `email_key` follow the texts.
    """

    __tablename__ = "standing_sign_up"
    __table_args__ = (UniqueConstraint("series_slug", "email_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    series_slug: Mapped[str] = mapped_column(String(100))
    salutation: Mapped[str] = mapped_column(String(10), default="")
    title: Mapped[str] = mapped_column(String(50), default="")
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    position: Mapped[str] = mapped_column(String(200), default="")
    search_key: Mapped[str] = mapped_column(Text, default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    entered_by: Mapped[str] = mapped_column(String(200), default="")

    @validates("first_name", "last_name", "email", "organisation_text")
    def _note_keys(self, name: str, text: str) -> str:
        """Update the keys that follow this text."""
        names = ("first_name", "last_name", "email", "organisation_text")
        texts = {each: getattr(self, each) or "" for each in names} | {name: text}
        self.search_key = search_key(*texts.values())
        if name == "email":
            self.email_key = email_key(text)
        return text


class StandingDate(Base):
    """A date that a standing sign-up has been applied to: no second time, whatever came of it.

    Whoever withdraws from one date, or was registered for it before, is not registered again.
    """

    __tablename__ = "standing_date"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True
    )
    standing_id: Mapped[int] = mapped_column(
        ForeignKey("standing_sign_up.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    applied_at: Mapped[datetime] = mapped_column(UTCDateTime)


def is_applied(event_id: int) -> ColumnElement[bool]:
    """Whether a standing sign-up has been applied to an event."""
    return exists().where(
        StandingDate.event_id == event_id, StandingDate.standing_id == StandingSignUp.id
    )


def find_standing(public_id: str) -> StandingSignUp | None:
    """A standing sign-up by its public id."""
    wanted = select(StandingSignUp).where(StandingSignUp.public_id == public_id)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def standing_of(key_of_address: str) -> Sequence[StandingSignUp]:
    """The standing sign-ups of an address (`email_key`), to all series."""
    mine = StandingSignUp.email_key == key_of_address
    return db.session.scalars(select(StandingSignUp).where(mine).order_by(StandingSignUp.id)).all()


def registrations_from(standing: StandingSignUp) -> Sequence[Registration]:
    """The registrations that a standing sign-up has led to and that name the person, by date."""
    wanted = (
        select(Registration)
        .join(Event, Registration.event_id == Event.id)
        .where(Registration.standing_id == standing.id, Registration.anonymised_at.is_(None))
    )
    return db.session.scalars(wanted.order_by(Event.starts_at, Registration.id)).all()
