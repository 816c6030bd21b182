"""Table of speakers and co-organisers, their queries, and the files that they hand in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Select, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from ikone_events.domain.events.speakers import SpeakerRole
from ikone_events.domain.mails.kinds import CANCEL
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.db import Base, UTCDateTime, db, for_update
from ikone_events.store.events.models import Event, Material, new_public_id


class Speaker(Base):
    """A speaker or co-organiser of one event, who is no attendee and takes no seat.

    Links of a former epoch are dead. `calendar_…`, `partstat` and `thread_id` mean what they mean
    for a Registration: `calendar_sequence` is None before the first briefing, `calendar_method` is
    that of the last object in a mail, and after a CANCEL the next invitation gets a new UID.
    """

    __tablename__ = "speaker"
    __table_args__ = (UniqueConstraint("event_id", "email_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    edit_version: Mapped[int] = mapped_column(default=1)
    role: Mapped[str] = mapped_column(String(12), default=SpeakerRole.SPEAKER.value)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    calendar_uid: Mapped[str] = mapped_column(String(100), unique=True)
    calendar_sequence: Mapped[int | None]
    calendar_stamp: Mapped[datetime | None] = mapped_column(UTCDateTime)
    calendar_method: Mapped[str] = mapped_column(String(10), default="")
    partstat: Mapped[str] = mapped_column(String(12), default="")
    thread_id: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()

    @property
    def is_invited(self) -> bool:
        """Whether a briefing was written, and the date not withdrawn since."""
        return self.calendar_sequence is not None and self.calendar_method != CANCEL


def of_event(event_id: int) -> Select[Speaker]:
    """The query of the speakers of an event, in the order in which they were entered."""
    return select(Speaker).where(Speaker.event_id == event_id).order_by(Speaker.id)


def speakers_of(event: Event) -> Sequence[Speaker]:
    """The speakers and co-organisers of an event."""
    return db.session.scalars(of_event(event.id)).all()


def briefed(event_id: int) -> Select[Speaker]:
    """The query of those who have got a briefing, and so have the date in their calendars."""
    return of_event(event_id).where(Speaker.calendar_sequence.is_not(None))


def find_speaker(public_id: str) -> Speaker | None:
    """The speaker with this public id, with the event."""
    return db.session.scalar(select(Speaker).where(Speaker.public_id == public_id))


def get_speaker(event: Event, public_id: str) -> Speaker:
    """A speaker of this event, locked in a transaction; raises NotFound."""
    wanted = of_event(event.id).where(Speaker.public_id == public_id)
    found = db.session.scalar(for_update(wanted, Speaker))
    if found is None:
        raise NotFound(Complaint(N_("There is no such person at this event.")))
    return found


def find_speaker_by_uid(uid: str) -> Speaker | None:
    """The speaker whose invitation has this UID now, or None."""
    if not uid:
        return None
    wanted = select(Speaker).where(Speaker.calendar_uid == uid)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def waiting_materials(event: Event) -> list[tuple[Material, str, str]]:
    """What waits, the oldest first: file, name of the speaker, title of what it replaces."""
    replaced = aliased(Material)
    rows = db.session.execute(
        select(Material, Speaker.name, replaced.title)
        .outerjoin(Speaker, Material.speaker_id == Speaker.id)
        .outerjoin(replaced, Material.replaces_id == replaced.id)
        .where(Material.event_id == event.id, ~Material.released)
        .order_by(Material.id)
    )
    return [(material, name or "", title or "") for material, name, title in rows]


def handed_in_by(speaker: Speaker) -> Sequence[Material]:
    """What a speaker has handed in, the oldest first."""
    mine = select(Material).where(Material.speaker_id == speaker.id).order_by(Material.id)
    return db.session.scalars(mine).all()


def count_waiting(speaker: Speaker) -> int:
    """How many files of a speaker wait."""
    mine = Material.speaker_id == speaker.id, ~Material.released
    return db.session.scalar(select(func.count()).where(*mine)) or 0
