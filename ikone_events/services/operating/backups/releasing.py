"""After a restore: the work that waits, to be released or set aside."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, update

from ikone_events.services.events.steps import due_steps
from ikone_events.services.mails import outbox
from ikone_events.services.mails.mailings import stop_mailing
from ikone_events.services.plan.step_editing import skip
from ikone_events.services.plan.step_mails import message_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step

_ACTOR = "outbox release"
_WORDS = "not sent: it waited in a backup that was put back, and may have left before"


@dataclass(frozen=True, slots=True)
class QueuedWork:
    """The work that starts when the pause ends; planned change mails count as mailings."""

    mails: int
    mailings: int
    steps: int


def waiting(now: datetime) -> QueuedWork:
    """The amount of waiting work."""
    mails = select(func.count(OutboxMail.id)).where(OutboxMail.state == "queued")
    mailings = select(func.count(Mailing.id)).where(
        Mailing.finished_at.is_(None), Mailing.stopped_at.is_(None)
    )
    changes = select(func.count(Event.id)).where(Event.update_due_at.is_not(None))
    return QueuedWork(
        mails=db.session.scalar(mails) or 0,
        mailings=(db.session.scalar(mailings) or 0) + (db.session.scalar(changes) or 0),
        steps=len(due_steps(now)),
    )


def set_aside(before: datetime, *, now: datetime) -> int:
    """Stop what was queued when the backup was made; returns the number of single mails.

    Mailings can be resumed. Mails become failed and can be sent again.
    """
    for mailing in db.session.scalars(select(Mailing).where(_is_under_way(before))).all():
        stop_mailing(mailing.event, mailing.id, actor=_ACTOR, now=now)
    waits = update(Event).where(Event.update_since < before)
    db.session.execute(waits.values(update_due_at=None, update_since=None, update_by=""))
    return outbox.set_aside(before=before, words=_WORDS, now=now)


def skip_steps(before: datetime, *, now: datetime) -> int:
    """Skip steps that write mails and were due; returns how many.

    They may have run after the backup was made. Each can be taken back.
    """
    due = [db.session.get_one(Step, step_id) for step_id in due_steps(before)]
    writing = [step for step in due if message_of(step) is not None]
    for step in writing:
        skip(step.event, step.id, actor=_ACTOR, now=now)
    return len(writing)


def _is_under_way(before: datetime) -> ColumnElement[bool]:
    mine = (OutboxMail.mailing_id == Mailing.id) & (OutboxMail.state == "queued")
    left = or_(Mailing.finished_at.is_(None), select(OutboxMail.id).where(mine).exists())
    return (Mailing.created_at < before) & Mailing.stopped_at.is_(None) & left
