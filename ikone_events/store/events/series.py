"""Table of what is set for a series, and queries of series and their events.

A series is nothing but the name that its events have; spellings with the same slug are one series.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column, selectinload

from ikone_events.domain.events.series import Rhythm
from ikone_events.domain.words import series_slug
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import Base, UTCDateTime, db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events


class SeriesSettings(Base):
    """What is set for a series, by its slug; a series without a row has the defaults.

    `text` is Markdown for its page. `standing`: people may sign up for all of its dates at once.
    """

    __tablename__ = "series_settings"

    slug: Mapped[str] = mapped_column(String(100), primary_key=True)
    text: Mapped[str] = mapped_column(Text, default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    rhythm: Mapped[str] = mapped_column(String(12), default=Rhythm.MONTHLY.value)
    standing: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by: Mapped[str] = mapped_column(String(200), default="")

    def text_in(self, locale: str) -> str:
        """The description in a language, else in German."""
        return (locale == "en" and self.text_en) or self.text


def settings_of(slug: str) -> SeriesSettings:
    """What is set for a series; the defaults, not stored, if nothing is."""
    found = db.session.get(SeriesSettings, slug, populate_existing=True)
    return found or SeriesSettings(
        slug=slug, text="", text_en="", rhythm=Rhythm.MONTHLY.value, standing=False, changed_by=""
    )


def series_names() -> list[str]:
    """The names of all series, drafts included, the one with the latest event first."""
    latest = func.max(Event.starts_at)
    wanted = select(Event.series).where(Event.series != "").group_by(Event.series)
    return list(db.session.scalars(wanted.order_by(latest.desc(), Event.series)))


def series_of(organiser: Organiser) -> list[str]:
    """The names of the series of which an organiser sees an event, in order."""
    seen = visible_events(organiser).where(Event.series != "")
    wanted = seen.with_only_columns(Event.series).distinct().order_by(Event.series)
    return list(db.session.scalars(wanted))


def spellings_of(slug: str) -> list[str]:
    """How the events of a series spell its name, the latest first; empty for an unknown one."""
    return [name for name in series_names() if series_slug(name) == slug]


def series_name(slug: str) -> str:
    """The name of a series, as at its latest event; the slug for one without events."""
    return next(iter(spellings_of(slug)), slug)


def events_of_series(organiser: Organiser, spellings: Collection[str]) -> list[Event]:
    """The events of a series that an organiser may see, the latest first."""
    wanted = visible_events(organiser).where(Event.series.in_(spellings))
    return list(db.session.scalars(wanted.order_by(Event.starts_at.desc(), Event.id.desc())))


def with_materials(events: Sequence[Event]) -> Sequence[Event]:
    """The events with their materials loaded, in one query."""
    wanted = select(Event).where(Event.id.in_([event.id for event in events]))
    db.session.scalars(wanted.options(selectinload(Event.materials))).all()
    return events


def last_start(spellings: Collection[str]) -> datetime | None:
    """When the latest event of a series begins, drafts and cancelled ones included."""
    return db.session.scalar(select(func.max(Event.starts_at)).where(Event.series.in_(spellings)))
