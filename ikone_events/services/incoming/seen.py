"""What organisers do about what came back: tick it off, say that an address works again."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.registering.models import Registration


def tick_off(event: Event, mail_id: int, *, actor: str, now: datetime) -> None:
    """Note that somebody has looked at it; whoever did so first stays. Raises NotFound."""
    mail = db.session.scalar(
        select(IncomingMail)
        .where(IncomingMail.id == mail_id, IncomingMail.event_id == event.id)
        .with_for_update(of=IncomingMail)
        .execution_options(populate_existing=True)
    )
    if mail is None:
        raise NotFound(Complaint(N_("There is no such mail.")))
    if mail.seen_at is None:
        mail.seen_at, mail.seen_by = now, actor


def works_again(registration: Registration) -> bool:
    """Take the mark off a person's address; False when there was none any more."""
    return undeliverable_addresses.lift(registration.email)
