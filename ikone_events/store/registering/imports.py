"""Table of lists of people that were read and checked, and wait for the organiser's yes."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime
from ikone_events.store.events.models import new_public_id


class ImportList(Base):
    """The checked rows of one file for one event, as JSON; gone after the import or a day."""

    __tablename__ = "import_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    organiser_id: Mapped[int] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(String(200), default="")
    rows: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
