"""The health of the engine: heartbeats, waiting mails, obstacles."""

from contextlib import suppress
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import case, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.operating.alarms import STUCK_AFTER, EngineState, silence_limit
from ikone_events.services.backup_note import latest_backup
from ikone_events.services.incoming.mailboxes import find_mailbox
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.outbox_pause import find_pause
from ikone_events.store.db import db, rows_written
from ikone_events.store.erasing import ErasureDebt
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import Mailbox
from ikone_events.store.mails.models import Heartbeat, OutboxMail

FORGET_WORKERS_AFTER = timedelta(days=1)
# Time to set up backups after the first event.
FIRST_BACKUP_WITHIN = timedelta(days=14)


def engine_health(now: datetime) -> EngineState:
    """The engine's state for dashboard, `/readyz` and `doctor`."""
    limit = silence_limit(timedelta(seconds=get_installation().settings.tick_seconds))
    last_beat, trouble, unerased_since = _heartbeats(now - limit)
    numbers = _numbers_by_state("queued", "failed")
    queued = numbers.get("queued", 0)
    refused = _longest_refusal(now - limit) if queued else None  # irrelevant without mails
    pause = find_pause()
    mailbox = _mailbox()
    backup_at = latest_backup()
    return EngineState(
        now=now,
        last_beat=last_beat,
        silent_after=limit,
        queued=queued,
        stuck=_stuck(now) if queued else 0,
        failed=numbers.get("failed", 0),
        refused_at=refused.refused_at if refused else None,
        refusal=refused.refusal if refused else "",
        paused_since=pause.since if pause else None,
        unread_since=(mailbox.failed_at or mailbox.read_at) if mailbox else None,
        mailbox_failure=mailbox.failure if mailbox else "",
        backup_at=backup_at,
        backup_due_at=_backup_due_at(backup_at),
        write_fault=current_app.extensions["ikone_write_trial"].fault(db.engine),
        unerased_since=unerased_since,
        trouble=trouble.replace("\n", "; "),
    )


def beat(worker: str, *, now: datetime) -> None:
    """Store a heartbeat, and delete workers that have been silent for a day."""
    alive = update(Heartbeat).where(Heartbeat.worker == worker).values(beat_at=now)
    if not rows_written(alive):
        # Two containers may have one name; then the other's row serves.
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(Heartbeat(worker=worker, beat_at=now))
    # Our own row may be old after a long stop: containers reuse process ids.
    others, old = Heartbeat.worker != worker, now - FORGET_WORKERS_AFTER
    db.session.execute(delete(Heartbeat).where(others, Heartbeat.beat_at < old))


def leave(worker: str) -> None:
    """Remove the heartbeat of a worker that stopped normally."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.worker == worker))


def note_trouble(worker: str, words: str) -> None:
    """Store what this worker could not do; empty if it could do everything."""
    db.session.execute(update(Heartbeat).where(Heartbeat.worker == worker).values(trouble=words))


def _mailbox() -> Mailbox | None:
    """The state of the mailbox in the present settings."""
    imap = get_installation().settings.imap
    return find_mailbox(imap.name) if imap else None


def _backup_due_at(latest: datetime | None) -> datetime | None:
    """When a backup is overdue; None if nobody watches that, or there is nothing to lose yet."""
    days = get_installation().settings.backup_days
    if not days:
        return None
    if latest is not None:
        return latest + timedelta(days=days)
    first = db.session.scalar(select(func.min(Event.created_at)))
    return first + FIRST_BACKUP_WITHIN if first else None


def _longest_refusal(alive_since: datetime) -> Heartbeat | None:
    """The longest refusal among living workers."""
    beats = list(db.session.scalars(select(Heartbeat).where(Heartbeat.beat_at >= alive_since)))
    refused = [beat for beat in beats if beat.refused_at is not None]
    return min(refused, key=lambda beat: str(beat.refused_at), default=None)


def _heartbeats(alive_since: datetime) -> tuple[datetime | None, str, datetime | None]:
    """The last heartbeat, what a living worker could not do, and since when an erasure is owed."""
    alive = case((Heartbeat.beat_at >= alive_since, Heartbeat.trouble), else_="")
    owed = select(ErasureDebt.since).scalar_subquery()
    wanted = select(func.max(Heartbeat.beat_at), func.coalesce(func.max(alive), ""), owed)
    last_beat, trouble, unerased_since = db.session.execute(wanted).one()
    return last_beat, trouble, unerased_since


def _stuck(now: datetime) -> int:
    """The number of overdue mails while none is sent; a slow mailing is not stuck."""
    limit = now - STUCK_AFTER
    overdue = OutboxMail.state == "queued", OutboxMail.due_at < limit
    number = db.session.scalar(select(func.count(OutboxMail.id)).where(*overdue)) or 0
    moving = select(OutboxMail.id).where(OutboxMail.state == "sent", OutboxMail.sent_at > limit)
    if number and db.session.scalar(moving.limit(1)) is not None:
        return 0
    return number


def _numbers_by_state(*states: str) -> dict[str, int]:
    """The number of mails in each of these states that has some."""
    counted = select(OutboxMail.state, func.count().label("number"))
    counted = counted.where(OutboxMail.state.in_(states)).group_by(OutboxMail.state)
    return {row.state: row.number for row in db.session.execute(counted)}
