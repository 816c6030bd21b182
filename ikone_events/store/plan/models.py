"""Table of the steps of events, and their queries."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.store.db import Base, UTCDateTime, db
from ikone_events.store.events.models import Event
from ikone_events.store.events.snapshots import derived
from ikone_events.store.partial_indexes import partial_index
from ikone_events.store.registering.models import IS_ACTIVE, Registration

_WAITING = text("outcome = '' AND active")
_WAITING_SQLITE = text("outcome = '' AND active = 1")


class Step(Base):
    """A step of an event: a transition (`action`) or a mail (`kind`) that the worker runs.

    `name` is the name in the plan, or "own-…" for an organiser's message. `due_at` is derived from
    the event's dates and stored for the index. `outcome` is empty until the step has run (done),
    was removed by hand (skipped), came too late (expired) or became pointless (moot). `actor` is
    who did that, `reasons` the complaints as a JSON list of [message id, values]. `at` is a local
    time of day such as "09:00".
    """

    __tablename__ = "step"
    __table_args__ = (
        UniqueConstraint("event_id", "name"),
        partial_index("ix_step_due", "due_at", where=_WAITING, on_sqlite=_WAITING_SQLITE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(20), default="")
    kind: Mapped[str] = mapped_column(String(30), default="")
    audience: Mapped[str] = mapped_column(String(30), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200), default="")
    anchor: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(default=0)
    unit: Mapped[str] = mapped_column(String(12))
    at: Mapped[str] = mapped_column(String(5), default="")
    office_hours: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    outcome: Mapped[str] = mapped_column(String(10), default="")
    outcome_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    actor: Mapped[str] = mapped_column(String(200), default="")
    reasons: Mapped[str] = mapped_column(Text, default="")

    event: Mapped[Event] = relationship()


class StepRecipient(Base):
    """A person whom organisers chose for an own message (Audience.CHOSEN).

    `was_active`: the registration was active then; who has withdrawn since is not written to.
    """

    __tablename__ = "step_recipient"
    __table_args__ = (UniqueConstraint("step_id", "registration_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("step.id", ondelete="CASCADE"))
    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    was_active: Mapped[bool]


def waiting_steps(event_ids: Collection[int], until: datetime) -> list[Step]:
    """The active steps of these events that are due by a moment and have not run, by time."""
    wanted = select(Step).where(
        Step.event_id.in_(event_ids),
        Step.outcome == "",
        Step.active,
        Step.due_at <= until,
    )
    return list(db.session.scalars(wanted.order_by(Step.due_at, Step.id)))


def choose_people(step: Step, people: Collection[int]) -> None:
    """Store the registrations of the step's event that an own message goes to."""
    chosen = select(literal(step.id), Registration.id, IS_ACTIVE).where(
        Registration.event_id == step.event_id, Registration.id.in_(people)
    )
    columns = ("step_id", "registration_id", "was_active")
    db.session.execute(insert(StepRecipient).from_select(columns, chosen))


def own_messages_of(event: Event) -> list[Step]:
    """The organisers' own messages of an event, sent or not, by id."""
    wanted = select(Step).where(Step.event_id == event.id, Step.kind == MailKind.NOTE.value)
    return list(db.session.scalars(wanted.order_by(Step.id)))


def due_actions_of(event: Event) -> list[tuple[str, datetime]]:
    """The actions that the plan is to run, and when."""
    wanted = select(Step.action, Step.due_at).where(
        Step.event_id == event.id, Step.action != "", Step.outcome == "", Step.active
    )
    return [(action, due_at) for action, due_at in db.session.execute(wanted)]


_DUE = select(Step.due_at).where(
    Step.event_id == bindparam("event_id"),
    Step.name == bindparam("name"),
    Step.outcome == "",
    Step.active,
)


def due_at_of(event: Event, action: Action) -> datetime | None:
    """When the plan runs an action that has not run yet, or None."""
    wanted = {"event_id": event.id, "name": action.value}
    return derived(event, ("due", action), lambda: db.session.scalar(_DUE, wanted))
