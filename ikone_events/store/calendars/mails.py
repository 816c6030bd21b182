"""Mails with calendar objects, the newest first, without their texts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import defer, undefer

from ikone_events.domain.incoming.mails import IncomingOutcome
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import HAS_OBJECT, OutboxMail

TRIALS = (MailKind.TRIAL_INVITATION.value, MailKind.TRIAL_WITHDRAWAL.value)


def objects_of(registration_ids: Collection[int]) -> Mapping[int, Sequence[OutboxMail]]:
    """All mails with calendar objects to these people, by registration id."""
    found: dict[int, list[OutboxMail]] = defaultdict(list)
    wanted = _with_object(OutboxMail.registration_id.in_(list(registration_ids)))
    for mail in db.session.scalars(wanted):
        if mail.registration_id is not None:
            found[mail.registration_id].append(mail)
    return found


def trials_of(event: Event, address: str) -> Sequence[OutboxMail]:
    """The test invitations of an event to an organiser's address."""
    mine = (OutboxMail.event_id == event.id) & OutboxMail.kind.in_(TRIALS)
    return db.session.scalars(_with_object(mine & (OutboxMail.recipient == address))).all()


def answer_to_trial(uid: str) -> IncomingMail | None:
    """The newest answer to a test invitation, by SEQUENCE and DTSTAMP."""
    return db.session.scalar(
        select(IncomingMail)
        .join(OutboxMail, IncomingMail.mail_id == OutboxMail.id)
        .where(
            HAS_OBJECT,
            OutboxMail.calendar_uid == uid,
            IncomingMail.outcome == IncomingOutcome.TRIAL.value,
        )
        .order_by(
            IncomingMail.sequence.desc().nulls_last(),
            IncomingMail.stamp.desc().nulls_last(),
            IncomingMail.id.desc(),
        )
        .limit(1)
    )


def updates_entry(mail: OutboxMail) -> bool:
    """Whether an earlier mail brought the entry that this one is about."""
    if not mail.calendar_uid or mail.calendar_stamp is None:
        return False
    earlier = (OutboxMail.calendar_uid == mail.calendar_uid) & HAS_OBJECT
    wanted = select(OutboxMail.id).where(earlier, OutboxMail.calendar_stamp < mail.calendar_stamp)
    return db.session.scalar(wanted.limit(1)) is not None


def _with_object(which: ColumnElement[bool]) -> Select[OutboxMail]:
    return (
        select(OutboxMail)
        .options(defer(OutboxMail.text), defer(OutboxMail.html), undefer(OutboxMail.calendar))
        .where(which, OutboxMail.calendar_uid != "", OutboxMail.calendar.is_not(None))
        .order_by(OutboxMail.id.desc())
    )
