"""Table of requests for materials by people who were not registered, and its queries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.followup.access import Viewer, visible
from ikone_events.domain.followup.requests import (
    KEPT_AFTER,
    UNDECIDED_KEPT,
    RequestState,
    is_link_valid,
    not_asked_because,
)
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.db import Base, UTCDateTime, db, for_update
from ikone_events.store.events.models import Event, Material, new_public_id
from ikone_events.store.mails.models import OutboxMail

# Their mails are found by their keys: materials:<public id>:…
MAIL_KEY = "materials"
_LIKE_REGISTERED = Viewer(registered=True)
_CONTACT = "contact"


class MaterialRequest(Base):
    """Somebody's request for the materials of an event; one per event and address.

    Once the person is forgotten `asked_at` is None and `email_key` the public id; event, state and
    the day remain for the figures. Links of a former `link_epoch` are dead.
    """

    __tablename__ = "material_request"
    __table_args__ = (
        UniqueConstraint("event_id", "email_key"),
        CheckConstraint("state IN ('open', 'granted', 'refused')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    link_epoch: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(10), default=RequestState.OPEN.value)
    name: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), index=True)
    organisation_text: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(2), default="de")
    thread_id: Mapped[str] = mapped_column(String(200), default="")
    asked_on: Mapped[date]
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[str] = mapped_column(String(200), default="")
    granted_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    event: Mapped[Event] = relationship()

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing is left of the person."""
        return self.asked_at is None


IS_KNOWN = MaterialRequest.asked_at.is_not(None)
IS_UNDECIDED = and_(IS_KNOWN, MaterialRequest.state == RequestState.OPEN.value)


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """How many people asked for the materials of an event, and what became of it."""

    asked: int = 0
    granted: int = 0
    refused: int = 0


def granted_materials(event: Event, now: datetime) -> list[Material]:
    """What people see whose request was granted: what registered people see, in its order."""
    if State(event.state) in CALLED_OFF:
        return []
    return visible(event.materials, _LIKE_REGISTERED, State(event.state), now)


def no_request_because(event: Event, now: datetime) -> Complaint | None:
    """Why nobody can ask for materials of this event, or None."""
    public = visible(event.materials, Viewer(), State(event.state), now)
    more = [m for m in granted_materials(event, now) if m not in public and m.kind != _CONTACT]
    over = event.ends_at <= now
    return not_asked_because(State(event.state), over=over, on_request=bool(more))


def requests_of(event: Event) -> RequestCounts:
    """The counts of an event, the same before and after the people are forgotten."""
    mine = MaterialRequest.event_id == event.id
    state = MaterialRequest.state
    found = db.session.execute(
        select(
            func.count(),
            func.count().filter(state == RequestState.GRANTED.value),
            func.count().filter(state == RequestState.REFUSED.value),
        )
        .select_from(MaterialRequest)
        .where(mine)
    ).one()
    return RequestCounts(*found)


def requested_by_event(event_ids: Collection[int]) -> dict[int, int]:
    """How many people asked for the materials of each of these events; one query."""
    rows = db.session.execute(
        select(MaterialRequest.event_id, func.count())
        .where(MaterialRequest.event_id.in_(event_ids))
        .group_by(MaterialRequest.event_id)
    )
    return {number: people for number, people in rows}  # noqa: C416 - rows are no pairs for mypy


def known_requests(event: Event) -> Sequence[MaterialRequest]:
    """The requests of people who are not forgotten, the oldest first."""
    mine = select(MaterialRequest).where(MaterialRequest.event_id == event.id, IS_KNOWN)
    return db.session.scalars(mine.order_by(MaterialRequest.asked_at, MaterialRequest.id)).all()


def waiting_requests(event: Event) -> Sequence[MaterialRequest]:
    """The requests of a locked event that nobody has decided, the oldest first."""
    mine = select(MaterialRequest).where(MaterialRequest.event_id == event.id, IS_UNDECIDED)
    return db.session.scalars(for_update(mine.order_by(MaterialRequest.id), MaterialRequest)).all()


def requests_by_address(email_key: str) -> Sequence[MaterialRequest]:
    """The requests of an address for materials of any event, the oldest first."""
    theirs = select(MaterialRequest).where(MaterialRequest.email_key == email_key, IS_KNOWN)
    return db.session.scalars(theirs.order_by(MaterialRequest.id)).all()


def find_request(public_id: str) -> MaterialRequest | None:
    """The request with this public id, with its event."""
    return db.session.scalar(select(MaterialRequest).where(MaterialRequest.public_id == public_id))


def find_request_of(event: Event, email_key: str) -> MaterialRequest | None:
    """The request of an address for the materials of a locked event."""
    mine = select(MaterialRequest).where(
        MaterialRequest.event_id == event.id, MaterialRequest.email_key == email_key
    )
    return db.session.scalar(for_update(mine, MaterialRequest))


def get_request(event: Event, public_id: str) -> MaterialRequest:
    """A request of this event whose person is not forgotten, locked; raises NotFound."""
    mine = select(MaterialRequest).where(
        MaterialRequest.event_id == event.id, MaterialRequest.public_id == public_id, IS_KNOWN
    )
    found = db.session.scalar(for_update(mine, MaterialRequest))
    if found is None:
        raise NotFound(Complaint(N_("There is no such request.")))
    return found


def due_to_forget(now: datetime) -> ColumnElement[bool]:
    """The requests whose people the clock forgets."""
    before = now - KEPT_AFTER
    state = MaterialRequest.state
    return and_(
        IS_KNOWN,
        or_(
            and_(
                state == RequestState.GRANTED.value,
                MaterialRequest.granted_until <= before,
            ),
            and_(state == RequestState.REFUSED.value, MaterialRequest.decided_at <= before),
            and_(
                state == RequestState.OPEN.value,
                MaterialRequest.asked_at <= now - UNDECIDED_KEPT,
            ),
        ),
    )


def is_mail_current(mail: OutboxMail, now: datetime) -> bool:
    """Whether a mail about a request still says what was decided, and its link works."""
    public_id, epoch = mail.key.split(":")[1:3]
    request = find_request(public_id)
    if request is None or request.is_forgotten or int(epoch) != request.link_epoch:
        return False
    if mail.kind == MailKind.MATERIALS_REFUSED.value:
        return request.state == RequestState.REFUSED.value
    return is_link_valid(request.state, request.granted_until, now)


def mails_of(request: MaterialRequest) -> ColumnElement[bool]:
    """The mails to this person."""
    return and_(
        OutboxMail.event_id == request.event_id,
        OutboxMail.key.startswith(f"{MAIL_KEY}:{request.public_id}:", autoescape=True),
    )
