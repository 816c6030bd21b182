"""Mailings that their event has overtaken: what has not gone yet is held back."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_, select

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.mailings import stop_mailing
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail

_REMINDERS = (MailKind.REMINDER_DAY.value, MailKind.REMINDER_HOUR.value)
# All of these say that the event is going to take place.
_HOPES = (
    MailKind.ANNOUNCEMENT.value,
    MailKind.OPENING.value,
    MailKind.REMINDER_DEADLINE.value,
    MailKind.ACCESS_LINK.value,
    MailKind.MOVED.value,
    *_REMINDERS,
)


def stop_hopes(event: Event, *, actor: str, now: datetime) -> None:
    """Hold back what still says that an event takes place which has just been called off."""
    _stop(Mailing.event_id == event.id, actor=actor, now=now)


def stop_late(*, actor: str, now: datetime) -> None:
    """Hold back what would reach its people after the event, however long the post lay still.

    A reminder that somebody sends while the event is on may leave until it is over.
    """
    begun = and_(
        Mailing.kind.in_(_REMINDERS), Event.starts_at <= now, Mailing.created_at < Event.starts_at
    )
    _stop(or_(Event.ends_at <= now, begun), actor=actor, now=now)


def _stop(which: ColumnElement[bool], *, actor: str, now: datetime) -> None:
    queued = select(OutboxMail.mailing_id).where(
        OutboxMail.state == literal_column("'queued'"), OutboxMail.mailing_id.is_not(None)
    )
    unsent = or_(Mailing.finished_at.is_(None), Mailing.id.in_(queued))
    found = (
        select(Mailing)
        .join(Event, Mailing.event_id == Event.id)
        .where(which, Mailing.kind.in_(_HOPES), Mailing.stopped_at.is_(None), unsent)
        .order_by(Mailing.id)
    )
    for mailing in db.session.scalars(found).all():
        stop_mailing(mailing.event, mailing.id, actor=actor, now=now)
