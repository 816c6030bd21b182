"""What became of each mailing of an event, in numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from ikone_events.services.mails.mailings import count_remaining
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail


@dataclass(frozen=True, slots=True)
class Figures:
    """Mails by what became of them; `unwritten` are people the worker has not come to yet.

    `reached` tells a mailing whose mails have been deleted since from one that wrote to nobody.
    """

    sent: int = 0
    failed: int = 0
    queued: int = 0
    stopped: int = 0
    unwritten: int = 0
    reached: bool = False

    @property
    def total(self) -> int:
        """Everybody who is to be written to."""
        return self.sent + self.failed + self.queued + self.stopped + self.unwritten


@dataclass(frozen=True, slots=True)
class Account:
    """A mailing with its figures."""

    mailing: Mailing
    figures: Figures

    @property
    def is_stopped(self) -> bool:
        """Whether somebody pressed stop and nobody resumed."""
        return self.mailing.stopped_at is not None

    @property
    def is_running(self) -> bool:
        """Whether mails of it are still to leave."""
        waiting = self.figures.queued or self.mailing.finished_at is None
        return bool(waiting) and not self.is_stopped


def accounts_of(event: Event, *, most: int = 50) -> list[Account]:
    """The mailings of an event with their figures, the newest first."""
    wanted = select(Mailing).where(Mailing.event_id == event.id).order_by(Mailing.id.desc())
    return _accounts(db.session.scalars(wanted.limit(most)).all())


def account_of(mailing: Mailing) -> Account:
    """One mailing with its figures."""
    return _accounts([mailing])[0]


def _accounts(mailings: Sequence[Mailing]) -> list[Account]:
    numbers: dict[int, Counter[str]] = {mailing.id: Counter() for mailing in mailings}
    rows = db.session.execute(
        select(OutboxMail.mailing_id, OutboxMail.state, func.count())
        .where(OutboxMail.mailing_id.in_(numbers))
        .group_by(OutboxMail.mailing_id, OutboxMail.state)
    )
    for mailing_id, state, number in rows:
        if mailing_id is not None:
            numbers[mailing_id][state] = number
    return [Account(mailing, _figures(mailing, numbers[mailing.id])) for mailing in mailings]


def _figures(mailing: Mailing, by_state: Counter[str]) -> Figures:
    return Figures(
        sent=by_state["sent"],
        failed=by_state["failed"],
        queued=by_state["queued"],
        stopped=by_state["stopped"],
        unwritten=count_remaining(mailing),
        reached=mailing.last_id > 0,
    )
