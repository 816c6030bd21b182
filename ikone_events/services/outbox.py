"""The outbox: claim a letter with a lease, note what became of it, try again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, or_, select, update

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.delivery_notes import add_notes
from ikone_events.services.office import office
from ikone_events.store.db import ask_for_delivery, db, rows_written
from ikone_events.store.events import Event
from ikone_events.store.letters import Hold, Mailing, OutboxMail

# After a backup came back nothing leaves until somebody says so, whatever a worker is at.
_NOT_HELD = ~select(Hold.id).exists()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one letter until the lease ends.

    `tries` only ever rises, so it fences off a worker that wakes up after its lease;
    `tries_before` is where an organiser's "try again" started the pauses anew.
    """

    id: int
    tries: int
    tries_before: int


def claim_next(*, now: datetime, lease: timedelta) -> Claim | None:
    """Take the next due letter, single ones before those of mailings; None when there is none.

    The conditional UPDATE decides: of two workers that chose the same row one gets nothing. A
    letter that was on its way when its mailing was stopped, and came back, is held back here.
    """
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    due = (OutboxMail.state == "queued") & (OutboxMail.due_at <= now) & free & _NOT_HELD
    stopped = select(Mailing.stopped_at).where(Mailing.id == OutboxMail.mailing_id)
    wanted = (
        select(OutboxMail.id, stopped.scalar_subquery())
        .where(due)
        .order_by(OutboxMail.mailing_id.isnot(None), OutboxMail.due_at, OutboxMail.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=OutboxMail)
    )
    found = db.session.execute(wanted).one_or_none()
    while found is not None and found[1] is not None:
        _note_all(_held(OutboxMail.id == found[0], due), "stopped", actor="", now=now)
        found = db.session.execute(wanted).one_or_none()
    if found is None:
        return None
    taken = db.session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == found[0], due)
        .values(lease_until=now + lease, tries=OutboxMail.tries + 1)
        .returning(OutboxMail.id, OutboxMail.tries, OutboxMail.tries_before)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return None if taken is None else Claim(*taken)


def get_letter(claim: Claim) -> OutboxMail:
    """The claimed letter with all its parts."""
    return db.session.get_one(OutboxMail, claim.id, populate_existing=True)


def mark_sent(claim: Claim, *, now: datetime, answer: str) -> bool:
    """Note that the mail server took the letter; False when the lease had passed to another."""
    return _settle(claim, state="sent", sent_at=now, lease_until=None, answer=answer[:2000])


def mark_failed(claim: Claim, *, answer: str) -> bool:
    """Note that the letter is refused for good, in the server's words."""
    return _settle(claim, state="failed", lease_until=None, answer=answer[:2000])


def mark_deferred(claim: Claim, *, now: datetime, answer: str) -> bool:
    """Put the letter back for a later try, or give up after the last pause."""
    pauses = office().settings.mail_retry
    done = claim.tries - claim.tries_before
    if done > len(pauses):
        return mark_failed(claim, answer=answer)
    due_at = now + timedelta(seconds=pauses[done - 1])
    return _settle(claim, due_at=due_at, lease_until=None, answer=answer[:2000])


def release(claim: Claim) -> bool:
    """Give a claimed letter back untried; another worker may take it at once."""
    return _settle(claim, lease_until=None)


def _settle(claim: Claim, **values: object) -> bool:
    mine = (OutboxMail.id == claim.id) & (OutboxMail.tries == claim.tries)
    settled = update(OutboxMail).where(mine, OutboxMail.state == "queued").values(**values)
    return rows_written(settled) == 1


def retry(event: Event, letter_id: int, *, now: datetime) -> OutboxMail:
    """Send a failed letter of this event again, under its old Message-ID. Raises NotFound."""
    letter = db.session.scalar(
        select(OutboxMail)
        .where(
            OutboxMail.id == letter_id,
            OutboxMail.event_id == event.id,
            OutboxMail.state == "failed",
        )
        .with_for_update()
    )
    if letter is None or not letter.message_id:
        raise NotFound(Complaint(N_("There is no such failed letter.")))
    letter.state, letter.tries_before, letter.due_at = "queued", letter.tries, now
    ask_for_delivery()
    return letter


def retry_all(event: Event, *, now: datetime) -> int:
    """Send every failed letter of this event again; returns how many."""
    failed = (OutboxMail.state == "failed") & (OutboxMail.message_id != "")
    again = (
        update(OutboxMail)
        .where(OutboxMail.event_id == event.id, failed)
        .values(state="queued", tries_before=OutboxMail.tries, due_at=now, lease_until=None)
    )
    ask_for_delivery()
    return rows_written(again)


def stop(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Hold back what a mailing has not sent yet; returns how many letters.

    A letter that a worker holds at this moment is on its way and stays so.
    """
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    held = _held(OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued", free)
    return _note_all(held, "stopped", actor=actor, now=now)


def resume(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Send what was held back by `stop` after all; returns how many letters."""
    waiting = update(OutboxMail).where(
        OutboxMail.mailing_id == mailing.id, OutboxMail.state == "stopped"
    )
    values = {"state": "queued", "due_at": now}
    ask_for_delivery()
    return _note_all(waiting.values(values), "resumed", actor=actor, now=now)


def _held(*which: ColumnElement[bool]) -> Update:
    return update(OutboxMail).where(*which).values(state="stopped", lease_until=None)


def _note_all(change: Update, what: str, *, actor: str, now: datetime) -> int:
    """Execute an UPDATE of letters and note it at each one it met."""
    met = change.returning(OutboxMail.id).execution_options(synchronize_session=False)
    letter_ids = list(db.session.scalars(met))
    add_notes(letter_ids, what, actor=actor, now=now)
    return len(letter_ids)
