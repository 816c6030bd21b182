"""Table of the mails' texts that organisers have written in place of the built-in ones."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime


class MailText(Base):
    """One text in one language: subject and Markdown body with placeholders.

    `scope` is "installation", "series:<name>" or "event:<number>" (whose row `event_id` names);
    the nearest one counts. `kind` is a kind of mail, or the name of an organiser's own step.
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
