"""How far mailings are: how many mails of each were sent, failed, or are still to be written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from ikone_events.services.mails.mailings import can_be_taken_back, people_after
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail


@dataclass(frozen=True, slots=True)
class MailCounts:
    """Mails by state; `unwritten` counts the people whose mail is not in the outbox yet.

    `reached` is True for a mailing that has written mails, even if they have been deleted since.
    """

    sent: int = 0
    failed: int = 0
    queued: int = 0
    stopped: int = 0
    unwritten: int = 0
    reached: bool = False

    @property
    def total(self) -> int:
        """All recipients."""
        return self.done + self.queued + self.stopped + self.unwritten

    @property
    def done(self) -> int:
        """Recipients to whom nothing is to be sent any more."""
        return self.sent + self.failed


@dataclass(frozen=True, slots=True)
class MailingProgress:
    """A mailing with its counts."""

    mailing: Mailing
    counts: MailCounts

    @property
    def is_stopped(self) -> bool:
        """Whether the mailing was stopped and not resumed."""
        return self.mailing.stopped_at is not None

    @property
    def is_running(self) -> bool:
        """Whether more mails will be sent."""
        waiting = self.counts.queued or self.mailing.finished_at is None
        return bool(waiting) and not self.is_stopped

    @property
    def can_be_taken_back(self) -> bool:
        """Whether organisers may still take it back."""
        return can_be_taken_back(self.mailing)


def progress_of_mailings(event: Event, now: datetime, *, most: int = 50) -> list[MailingProgress]:
    """The mailings of an event with their counts, the newest first."""
    wanted = select(Mailing).where(Mailing.event_id == event.id).order_by(Mailing.id.desc())
    return _progress(db.session.scalars(wanted.limit(most)).all(), now)


def running_mailings(event: Event, now: datetime) -> list[MailingProgress]:
    """The mailings of an event that are being written or sent now."""
    is_queued = (OutboxMail.mailing_id == Mailing.id) & (OutboxMail.state == "queued")
    wanted = select(Mailing).where(
        Mailing.event_id == event.id,
        Mailing.stopped_at.is_(None),
        or_(Mailing.finished_at.is_(None), select(OutboxMail.id).where(is_queued).exists()),
        or_(Mailing.due_at.is_(None), Mailing.due_at <= now, Mailing.last_id > 0),
    )
    found = db.session.scalars(wanted.order_by(Mailing.id)).all()
    return [one for one in _progress(found, now) if one.counts.total] if found else []


def progress_of(mailing: Mailing, now: datetime) -> MailingProgress:
    """One mailing with its counts."""
    return _progress([mailing], now)[0]


def _progress(mailings: Sequence[Mailing], now: datetime) -> list[MailingProgress]:
    numbers: dict[int, Counter[str]] = {mailing.id: Counter() for mailing in mailings}
    rows = db.session.execute(
        select(OutboxMail.mailing_id, OutboxMail.state, func.count())
        .where(OutboxMail.mailing_id.in_(numbers))
        .group_by(OutboxMail.mailing_id, OutboxMail.state)
    )
    for mailing_id, state, number in rows:
        if mailing_id is not None:
            numbers[mailing_id][state] = number
    return [
        MailingProgress(mailing, _counts(mailing, numbers[mailing.id], now)) for mailing in mailings
    ]


def _counts(mailing: Mailing, by_state: Counter[str], now: datetime) -> MailCounts:
    unwritten = 0
    if mailing.finished_at is None:
        people = people_after(mailing, now).order_by(None).subquery()
        unwritten = db.session.scalar(select(func.count()).select_from(people)) or 0
    return MailCounts(
        sent=by_state["sent"],
        failed=by_state["failed"],
        queued=by_state["queued"],
        stopped=by_state["stopped"],
        unwritten=unwritten,
        reached=mailing.last_id > 0,
    )
