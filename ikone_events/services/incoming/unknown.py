"""Mails about nothing that we ever sent: kept for a while, and never many of them."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.incoming import IncomingMail

KEPT = timedelta(days=30)
MOST = 200

_ABOUT_NOBODY = IncomingMail.event_id.is_(None)


def tidy(now: datetime) -> None:
    """Delete what is about nobody's event and has lain here long enough."""
    old = delete(IncomingMail).where(_ABOUT_NOBODY, IncomingMail.received_at <= now - KEPT)
    if rows_written(old):
        ask_for_erasure()


def make_room() -> None:
    """Keep the newest alone: whoever knows the address of the mailbox could fill the database."""
    newest = select(IncomingMail.id).where(_ABOUT_NOBODY).order_by(IncomingMail.id.desc())
    last = db.session.scalar(newest.offset(MOST).limit(1))
    if last is not None:
        rows_written(delete(IncomingMail).where(_ABOUT_NOBODY, IncomingMail.id <= last))
