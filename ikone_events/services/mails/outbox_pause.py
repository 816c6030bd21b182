"""The pause of the outbox after a restore: no mail is sent and no step runs while it lasts."""

from sqlalchemy import delete, select

from ikone_events.store.db import ask_for_delivery, db, rows_written
from ikone_events.store.mails.models import OutboxPause


def find_pause() -> OutboxPause | None:
    """The pause of the outbox: while this row exists, no mail is sent and no step runs."""
    return db.session.scalar(select(OutboxPause))


def is_paused() -> bool:
    """Whether the outbox is paused."""
    return db.session.scalar(select(OutboxPause.id)) is not None


def end_pause() -> bool:
    """End the pause of the outbox; False if there was none."""
    ended = rows_written(delete(OutboxPause)) > 0
    ask_for_delivery()
    return ended
