"""Table of the records that prove what retention has deleted; they name nobody."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, Text, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime, db


class RetentionRecord(Base):
    """One run of retention. `content` is its JSON, which contains the `hash` of the one before."""

    __tablename__ = "retention_record"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    content: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))


def lock_last_record() -> RetentionRecord | None:
    """The newest record, inside a transaction: nobody else adds one until it ends."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("LOCK TABLE retention_record IN SHARE ROW EXCLUSIVE MODE"))
    return db.session.scalar(_NEWEST_FIRST.limit(1))


def newest_records(most: int) -> Sequence[RetentionRecord]:
    """The newest records."""
    return db.session.scalars(_NEWEST_FIRST.limit(most)).all()


def newest_number() -> int:
    """The number of the newest record, or 0."""
    return db.session.scalar(select(func.max(RetentionRecord.number))) or 0


def records_after(number: int) -> list[RetentionRecord]:
    """The records after a number, the oldest first."""
    later = select(RetentionRecord).where(RetentionRecord.number > number)
    return list(db.session.scalars(later.order_by(RetentionRecord.number)))


def find_record(number: int) -> RetentionRecord | None:
    """A record by its number."""
    return db.session.get(RetentionRecord, number)


_NEWEST_FIRST = select(RetentionRecord).order_by(RetentionRecord.number.desc())
