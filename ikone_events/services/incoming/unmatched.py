"""How much of what came back is kept, and how long: whoever writes to us does not decide it."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from ikone_events.domain.incoming.mails import IncomingKind
from ikone_events.services.incoming.answers import answer_in_force
from ikone_events.services.incoming.matching import Subject
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.incoming.models import IncomingMail

KEPT = timedelta(days=30)
MOST_UNKNOWN = 200
MOST_OF_ONE = 100

# News to subscribers belong to no event either, but their bounces explain them.
_ABOUT_NOBODY = IncomingMail.event_id.is_(None) & IncomingMail.mail_id.is_(None)


def tidy(now: datetime) -> None:
    """Delete what is about nobody's event and has lain here long enough."""
    old = delete(IncomingMail).where(_ABOUT_NOBODY, IncomingMail.received_at <= now - KEPT)
    if rows_written(old):
        ask_for_erasure()


def make_room(subject: Subject) -> None:
    """Keep the newest alone: a program that answers for ever must not fill the database."""
    if not subject.known:
        _drop_beyond(MOST_UNKNOWN)
    elif subject.registration is not None:
        _drop_beyond(MOST_OF_ONE, subject)


def _drop_beyond(most: int, subject: Subject | None = None) -> None:
    """Bounces stay: they explain their mails. The answer that counts stays as well."""
    mine: ColumnElement[bool] = _ABOUT_NOBODY
    person = subject.registration if subject else None
    if person is not None:
        mine = (IncomingMail.registration_id == person.id) & (
            IncomingMail.kind != IncomingKind.BOUNCE.value
        )
    newest = select(IncomingMail.id).where(mine).order_by(IncomingMail.id.desc())
    last = db.session.scalar(newest.offset(most).limit(1))
    if last is None:
        return
    old = delete(IncomingMail).where(mine, IncomingMail.id <= last)
    if person is not None and (counts := answer_in_force(person, person.event)) is not None:
        old = old.where(IncomingMail.id != counts.id)
    rows_written(old)
