"""The health of the engine from its rows: signs of life, mails that wait, what holds them."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.operating.alarms import STUCK_AFTER, EngineState, silence_limit
from ikone_events.services.incoming.mailboxes import find_mailbox
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.outbox import find_pause
from ikone_events.store.db import db, rows_written
from ikone_events.store.incoming.models import Mailbox
from ikone_events.store.mails.models import Heartbeat, OutboxMail

# A worker that has been silent for a day is not coming back.
FORGET_WORKERS_AFTER = timedelta(days=1)
LONGEST_WORDS = 500


def engine_health(now: datetime) -> EngineState:
    """What dashboard, `/readyz` and `doctor` know of the engine."""
    limit = silence_limit(timedelta(seconds=get_installation().settings.tick_seconds))
    last_beat = db.session.scalar(select(func.max(Heartbeat.beat_at)))
    queued = _count(OutboxMail.state == "queued")
    trouble = _trouble(now - limit) if queued else None  # without mails it means nothing
    hold = find_pause()
    mailbox = _mailbox()
    return EngineState(
        now=now,
        last_beat=last_beat,
        silent_after=limit,
        queued=queued,
        stuck=_stuck(now) if queued else 0,
        failed=_count(OutboxMail.state == "failed"),
        refused_at=trouble.refused_at if trouble else None,
        refusal=trouble.refusal if trouble else "",
        paused_since=hold.since if hold else None,
        unread_since=(mailbox.failed_at or mailbox.read_at) if mailbox else None,
        mailbox_failure=mailbox.failure if mailbox else "",
    )


def beat(worker: str, *, now: datetime) -> None:
    """Say that a worker is alive, and strike off those that have been silent for long."""
    alive = update(Heartbeat).where(Heartbeat.worker == worker).values(beat_at=now)
    if not rows_written(alive):
        # Two containers may bear one name; the other's row, just written, serves as well.
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(Heartbeat(worker=worker, beat_at=now))
    # Our own row may be as old after a long stop: containers keep their process number.
    others, old = Heartbeat.worker != worker, now - FORGET_WORKERS_AFTER
    db.session.execute(delete(Heartbeat).where(others, Heartbeat.beat_at < old))


def leave(worker: str) -> None:
    """Say that a worker has ended as it should: nobody has to wait for its silence."""
    db.session.execute(delete(Heartbeat).where(Heartbeat.worker == worker))


def note_refusal(worker: str, words: str, *, now: datetime) -> None:
    """Remember that the mail server takes nothing from this worker; the first moment stays."""
    since = func.coalesce(Heartbeat.refused_at, now)
    values = {"refused_at": since, "refusal": words[:LONGEST_WORDS]}
    db.session.execute(update(Heartbeat).where(Heartbeat.worker == worker).values(**values))


def note_acceptance(worker: str) -> None:
    """Forget the refusal: the mail server took a mail, or spoke about that mail alone."""
    refused = (Heartbeat.worker == worker) & Heartbeat.refused_at.is_not(None)
    values = {"refused_at": None, "refusal": ""}
    db.session.execute(update(Heartbeat).where(refused).values(**values))


def _mailbox() -> Mailbox | None:
    """What is known of the mailbox that the settings name now; an earlier one is no matter."""
    imap = get_installation().settings.imap
    return find_mailbox(imap.name) if imap else None


def _trouble(alive_since: datetime) -> Heartbeat | None:
    """The longest refusal that a living worker tells of."""
    beats = list(db.session.scalars(select(Heartbeat).where(Heartbeat.beat_at >= alive_since)))
    refused = [beat for beat in beats if beat.refused_at is not None]
    return min(refused, key=lambda beat: str(beat.refused_at), default=None)


def _stuck(now: datetime) -> int:
    """Mails overdue while nothing leaves the house; a long mailing that moves is not stuck."""
    limit = now - STUCK_AFTER
    number = _count(OutboxMail.state == "queued", OutboxMail.due_at < limit)
    moving = select(OutboxMail.id).where(OutboxMail.state == "sent", OutboxMail.sent_at > limit)
    if number and db.session.scalar(moving.limit(1)) is not None:
        return 0
    return number


def _count(*conditions: object) -> int:
    return db.session.scalar(select(func.count(OutboxMail.id)).where(*conditions)) or 0  # type: ignore[arg-type]
