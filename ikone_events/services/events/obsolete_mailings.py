"""Stopping mailings: by hand, or because of their event's state or date."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, or_, select

from ikone_events.domain.mails.kinds import REMINDERS, MailKind
from ikone_events.services.incoming.answers import restore_answers
from ikone_events.services.mails.mailings import stop_mailing
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail

# They say that the event takes place.
_EXPECTING = (
    MailKind.ANNOUNCEMENT.value,
    MailKind.OPENING.value,
    MailKind.REMINDER_DEADLINE.value,
    MailKind.ACCESS_LINK.value,
    MailKind.MOVED.value,
    MailKind.SPEAKER_UPDATE.value,
    *(kind.value for kind in REMINDERS),
)


def stop_by_hand(event: Event, mailing_id: int, *, actor: str, now: datetime) -> Mailing:
    """Stop a mailing; answers to the date that it would have changed count. Raises NotFound."""
    event = lock_event(event.slug)
    mailing = stop_mailing(event, mailing_id, actor=actor, now=now)
    restore_answers(event)
    return mailing


def stop_obsolete(event: Event, *, actor: str, now: datetime) -> None:
    """Stop mailings that say that an event takes place which was postponed or cancelled."""
    for mailing_id in _unsent(Mailing.event_id == event.id):
        stop_mailing(event, mailing_id, actor=actor, now=now)


def outdated_mailings(now: datetime) -> list[int]:
    """The ids of mailings that would arrive after the event, even after a long worker outage.

    Reminders sent by hand during the event may leave until it ends.
    """
    return _unsent(_outdated(now))


def stop_outdated(mailing_id: int, *, actor: str, now: datetime) -> None:
    """Stop a mailing, unless it is no longer outdated or has been sent."""
    for found in _unsent(and_(Mailing.id == mailing_id, _outdated(now))):
        stop_mailing(db.session.get_one(Mailing, found).event, found, actor=actor, now=now)


def _outdated(now: datetime) -> ColumnElement[bool]:
    is_reminder = Mailing.kind.in_([kind.value for kind in REMINDERS])
    begun = and_(is_reminder, Event.starts_at <= now, Mailing.created_at < Event.starts_at)
    return or_(Event.ends_at <= now, begun)


def _unsent(which: ColumnElement[bool]) -> list[int]:
    """The ids of hopeful mailings of which something is left to be sent."""
    queued = select(OutboxMail.mailing_id).where(
        OutboxMail.state == literal_column("'queued'"), OutboxMail.mailing_id.is_not(None)
    )
    unsent = or_(Mailing.finished_at.is_(None), Mailing.id.in_(queued))
    found = (
        select(Mailing.id)
        .join(Event, Mailing.event_id == Event.id)
        .where(which, Mailing.kind.in_(_EXPECTING), Mailing.stopped_at.is_(None), unsent)
        .order_by(Mailing.id)
    )
    return list(db.session.scalars(found))
