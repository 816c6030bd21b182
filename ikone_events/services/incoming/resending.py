"""Sending again what failed: as things stand now, and not what makes no sense any more."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import or_, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.services.mails import outbox
from ikone_events.services.mails.notified import changes_for, last_notified_version
from ikone_events.services.mails.writing import rewrite_mail
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration

_OFF = (State.POSTPONED.value, State.CANCELLED.value, State.ARCHIVED.value)
_ACTIVE = frozenset(status.value for status in ACTIVE)
# These tell of an end, or of no single event; they are right whatever came after them.
_ENDINGS = frozenset(
    {
        MailKind.WITHDRAWAL.value,
        MailKind.POSTPONED.value,
        MailKind.CANCELLATION.value,
        MailKind.NOTE.value,
        MailKind.DECLINED.value,
        MailKind.OFFER_LAPSED.value,
        MailKind.HANDED_OVER.value,
        MailKind.TRIAL_WITHDRAWAL.value,
        MailKind.CALENDAR_ADDRESS.value,
    }
)
# These ask for something, or promise it, only as long as the person stands there.
_TRUE_WHILE: Mapping[str, tuple[Status, Awaits]] = MappingProxyType(
    {
        MailKind.WAITLIST.value: (Status.WAITLISTED, Awaits.NOTHING),
        MailKind.CONFIRM_ADDRESS.value: (Status.PENDING, Awaits.ADDRESS),
        MailKind.AWAITING_APPROVAL.value: (Status.PENDING, Awaits.APPROVAL),
        MailKind.OFFER.value: (Status.OFFERED, Awaits.NOTHING),
    }
)


def retry_mail(event: Event, mail_id: int, *, actor: str, now: datetime) -> OutboxMail:
    """Send a failed mail again; one that the event has overtaken is written anew first.

    Raises NotFound, and UnfitInput when it would tell what is no longer true.
    """
    held = lock_event(event.slug)
    mail = outbox.lock_failed(held, mail_id)
    if _is_senseless(mail, held):
        text = N_("This e-mail would tell what is no longer true. It is not sent again.")
        raise UnfitInput(Complaint(text))
    _bring_up_to_date(mail, held, now=now)
    return outbox.retry(held, mail_id, now=now, actor=actor)


def retry_mails(event: Event, *, actor: str, now: datetime, mailing_id: int | None = None) -> int:
    """Send the failed mails of an event, or of one mailing, again; returns how many.

    What would tell what is no longer true stays where it is.
    """
    held = lock_event(event.slug)
    wanted = (
        select(OutboxMail)
        .where(
            OutboxMail.event_id == held.id,
            OutboxMail.state == "failed",
            or_(
                OutboxMail.created_at < held.changed_at,
                OutboxMail.kind.in_(sorted(_TRUE_WHILE)),
                OutboxMail.calendar_uid != "",
                OutboxMail.notified_version.is_not(None),
            ),
        )
        .order_by(OutboxMail.id)
        .with_for_update(of=OutboxMail)
        .execution_options(populate_existing=True)
    )
    if mailing_id is not None:
        wanted = wanted.where(OutboxMail.mailing_id == mailing_id)
    old = list(db.session.scalars(wanted))
    senseless = [mail.id for mail in old if _is_senseless(mail, held)]
    for mail in old:
        if mail.id not in senseless:
            _bring_up_to_date(mail, held, now=now)
    return outbox.retry_all(held, now=now, actor=actor, mailing_id=mailing_id, without=senseless)


def _is_senseless(mail: OutboxMail, event: Event) -> bool:
    if mail.kind in _ENDINGS:
        return False
    person = mail.registration
    if event.state in _OFF or (person is not None and _is_untrue(mail.kind, person)):
        return True
    return _is_told_already(mail, event)


def _is_told_already(mail: OutboxMail, event: Event) -> bool:
    """A change that a later mail has told: it would be told twice, and asked about anew."""
    mailing = db.session.get(Mailing, mail.mailing_id) if mail.mailing_id else None
    person = mail.registration
    if mailing is None or person is None or not mailing.only_changed:
        return False
    known = last_notified_version(event, person)
    return not changes_for(known, event, person, knows_door=True)


def _is_untrue(kind: str, person: Registration) -> bool:
    if needed := _TRUE_WHILE.get(kind):
        return (person.status, person.awaits) != needed
    return person.status not in _ACTIVE


def _bring_up_to_date(mail: OutboxMail, event: Event, *, now: datetime) -> None:
    """An old date or an old link must not leave because somebody presses a button."""
    person = mail.registration
    known = person is not None and person.anonymised_at is None
    if person is not None and known and _is_old(mail, person, event):
        rewrite_mail(mail, person, event, now=now)
        db.session.flush()


def _is_old(mail: OutboxMail, person: Registration, event: Event) -> bool:
    """Whether the event has changed since, or the person has got a newer calendar entry."""
    newest = (person.calendar_uid, person.calendar_sequence)
    overtaken = mail.calendar_uid and (mail.calendar_uid, mail.calendar_sequence) != newest
    other = mail.notified_version not in (None, event.calendar_version)
    return bool(overtaken) or other or mail.created_at < event.changed_at
