"""Stopping mailings that are obsolete because of their event's state or date."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_, select
from sqlalchemy.orm import contains_eager

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.mailings import stop_mailing
from ikone_events.store.damage import readable
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail

_REMINDERS = (MailKind.REMINDER_DAY.value, MailKind.REMINDER_HOUR.value)
# They say that the event takes place.
_EXPECTING = (
    MailKind.ANNOUNCEMENT.value,
    MailKind.OPENING.value,
    MailKind.REMINDER_DEADLINE.value,
    MailKind.ACCESS_LINK.value,
    MailKind.MOVED.value,
    *_REMINDERS,
)


def stop_obsolete(event: Event, *, actor: str, now: datetime) -> None:
    """Stop mailings that say that an event takes place which was postponed or cancelled."""
    _stop(Mailing.event_id == event.id, actor=actor, now=now)


def stop_outdated(*, actor: str, now: datetime) -> None:
    """Stop mailings that would arrive after the event, even after a long worker outage.

    Reminders sent by hand during the event may leave until it ends.
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
        .where(which, Mailing.kind.in_(_EXPECTING), Mailing.stopped_at.is_(None), unsent)
        .order_by(Mailing.id)
    )
    for mailing in readable(found, Mailing, contains_eager(Mailing.event)):
        stop_mailing(mailing.event, mailing.id, actor=actor, now=now)
