"""Lists of incoming mails for organisers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, load_only

from ikone_events.domain.incoming.answer_rules import FOR_EYES
from ikone_events.domain.incoming.mails import IncomingKind, IncomingOutcome
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail, Mailbox, UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.paging import Page, paginate

MOST_UNSEEN = 100

# A mail that bounced and has not been sent again.
IS_LOST = and_(
    IncomingMail.kind == IncomingKind.BOUNCE.value,
    IncomingMail.outcome == IncomingOutcome.TAKEN.value,
    OutboxMail.state == "failed",
)
IS_ODD = IncomingMail.outcome.in_([outcome.value for outcome in FOR_EYES])
NEEDS_EYES = and_(IncomingMail.seen_at.is_(None), or_(IS_ODD, IS_LOST))
_SHOWN = IncomingMail.outcome != IncomingOutcome.TRIAL.value


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """The calendar answers of confirmed people."""

    accepted: int = 0
    tentative: int = 0
    declined: int = 0
    silent: int = 0

    @property
    def answered(self) -> int:
        """The number of answers."""
        return self.accepted + self.tentative + self.declined


def unseen(event: Event) -> Sequence[IncomingMail]:
    """Incoming mails to look at, the oldest first, at most MOST_UNSEEN."""
    wanted = _with_mail().where(IncomingMail.event_id == event.id, NEEDS_EYES)
    return db.session.scalars(wanted.order_by(IncomingMail.id).limit(MOST_UNSEEN)).all()


def search_received(event: Event, *, number: int = 1) -> Page[IncomingMail]:
    """All incoming mails about an event, the newest first."""
    return _page([IncomingMail.event_id == event.id, _SHOWN], number)


def search_unknown(*, number: int = 1) -> Page[IncomingMail]:
    """Incoming mails about no event, the newest first."""
    return _page([IncomingMail.event_id.is_(None), _SHOWN], number)


def count_unknown() -> int:
    """The number of incoming mails about no event."""
    wanted = select(func.count()).where(IncomingMail.event_id.is_(None), _SHOWN)
    return db.session.scalar(wanted) or 0


def undeliverable_among(keys: Collection[str]) -> set[str]:
    """The undeliverable addresses among these."""
    wanted = select(UndeliverableAddress.email_key).where(UndeliverableAddress.email_key.in_(keys))
    return set(db.session.scalars(wanted))


def find_undeliverable(key: str) -> UndeliverableAddress | None:
    """The row of an undeliverable address, or None."""
    return db.session.get(UndeliverableAddress, key)


def mailboxes() -> Sequence[Mailbox]:
    """The state of all mailboxes."""
    return db.session.scalars(select(Mailbox).order_by(Mailbox.name)).all()


def _page(conditions: list[ColumnElement[bool]], number: int) -> Page[IncomingMail]:
    wanted = _with_mail().where(*conditions).order_by(IncomingMail.id.desc())
    return paginate(wanted, number=number)


def _with_mail() -> Select[IncomingMail]:
    """Incoming mails with the person and the mail, without the mail's texts."""
    mail = contains_eager(IncomingMail.mail)
    return (
        select(IncomingMail)
        .outerjoin(OutboxMail, IncomingMail.mail_id == OutboxMail.id)
        .options(
            mail.options(load_only(OutboxMail.state, OutboxMail.kind, OutboxMail.recipient)),
            joinedload(IncomingMail.registration),
            joinedload(IncomingMail.speaker),
        )
    )
