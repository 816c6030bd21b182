"""Replacing the personal links of a person, and the unsent mails that contain the old ones."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.mails.kinds import CALENDAR_METHODS, REQUEST, MailKind
from ikone_events.services.mails import outbox
from ikone_events.services.mails.writing import rewrite_mail, write_instead
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import LINKS_REPLACED
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

# Mails that say how the person is registered, with all links: a later one makes an earlier one
# superfluous.
STATES_STATUS = frozenset(
    {MailKind.CONFIRM_ADDRESS, MailKind.AWAITING_APPROVAL, MailKind.WAITLIST, MailKind.OFFER}
    | {MailKind.REPEAT}
    | {kind for kind, method in CALENDAR_METHODS.items() if method == REQUEST}
)


def replace_links(registration: Registration) -> None:
    """Revoke all links of a registration: personal page, door, and what hangs on them."""
    registration.link_epoch += 1
    db.session.flush()


def _is_past(row: OutboxMail, event: Event) -> bool:
    """Whether it says that an event is called off which takes place again."""
    calls_off = row.kind in (MailKind.POSTPONED.value, MailKind.CANCELLATION.value)
    return calls_off and event.state not in CALLED_OFF


def replace_unsent(
    registration: Registration, event: Event, *, now: datetime, besides: OutboxMail | None = None
) -> list[OutboxMail]:
    """Write the unsent mails with replaced links anew; returns those rewritten in place.

    Queued ones are stopped, as they are, and others are queued instead, except those that the
    caller's mail about the registration makes superfluous. One that is being sent is left to its
    worker. Failed and stopped ones leave only when somebody sends them again: they are rewritten.
    """
    unsent = select(OutboxMail).where(
        OutboxMail.registration_id == registration.id, OutboxMail.state != "sent", LINKS_REPLACED
    )
    rewritten = []
    # In the order of their creation, so that calendar sequences rise.
    for row in db.session.scalars(for_update(unsent.order_by(OutboxMail.id), OutboxMail)).all():
        if besides is not None and row.id == besides.id:
            continue
        if row.state != "queued":
            rewrite_mail(row, registration, event, now=now)
            rewritten.append(row)
            continue
        superfluous = row.kind in STATES_STATUS or _is_past(row, event)
        mailing_id = row.mailing_id
        outbox.stop_replaced(row, now=now, leave_mailing=not superfluous)
        if not superfluous:
            write_instead(row, registration, event, now=now, mailing_id=mailing_id)
    return rewritten
