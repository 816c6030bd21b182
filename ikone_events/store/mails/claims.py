"""Claims the next mail to send, in one statement.

The conditional UPDATE decides between two workers that chose the same row. Single mails go before
those of mailings.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, exists, func, literal_column, or_, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import ScalarSelect

from ikone_events.store.db import UTCDateTime, db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail, OutboxPause
from ikone_events.store.registering.models import Registration


class MailClaim(NamedTuple):
    """A claimed mail with its content; it may be sent until the lease ends.

    `tries` and `lease_until` are the fence against a worker whose lease has ended; `tries_before`
    is the number of tries before the last retry by hand. `mailing_stopped` is when its mailing was
    stopped, `present_epoch` that of the person's links now.
    """

    id: int
    mailing_id: int | None
    kind: str
    registration_id: int | None
    tries: int
    tries_before: int
    lease_until: datetime
    recipient: str
    recipient_name: str
    subject: str
    text: str
    html: str
    calendar: bytes | None
    calendar_method: str | None
    message_id: str
    references: str
    unsubscribe: str
    created_at: datetime
    answer: str
    link_epoch: int | None
    reply_to: str | None
    mailing_stopped: datetime | None
    present_epoch: int | None

    @property
    def links_replaced(self) -> bool:
        """Whether the personal links in it do not work any more."""
        known = None not in (self.link_epoch, self.present_epoch)
        return known and self.link_epoch != self.present_epoch


# The person has got other links since, after a corrected address for example. Mails to people who
# have had their details deleted still leave: they confirm it, or take out a calendar entry.
LINKS_REPLACED = exists(
    select(Registration.id).where(
        Registration.id == OutboxMail.registration_id,
        Registration.anonymised_at.is_(None),
        Registration.link_epoch != OutboxMail.link_epoch,
    )
)
_COLUMNS = MailClaim._fields[: MailClaim._fields.index("reply_to")]
_NOW = bindparam("now", type_=UTCDateTime())
_LEASE_UNTIL = bindparam("lease_until", type_=UTCDateTime())


def take_next(*, now: datetime, lease: timedelta) -> MailClaim | None:
    """Claim the next due mail; None if there is none or the outbox is paused."""
    taken = db.session.connection().execute(_TAKE, {"now": now, "lease_until": now + lease})
    row = taken.one_or_none()
    return None if row is None else MailClaim(*row)


def _due(mail: type[OutboxMail]) -> ColumnElement[bool]:
    """Due and not claimed; the state is a literal, which the partial index needs."""
    free = or_(mail.lease_until.is_(None), mail.lease_until < _NOW)
    return (mail.state == literal_column("'queued'")) & (mail.due_at <= _NOW) & free


def _in_turn(mail: type[OutboxMail]) -> ColumnElement[bool]:
    """No older object with the same UID is queued: a REQUEST after its CANCEL would restore it."""
    older = aliased(OutboxMail)
    # The order of calendars; an older one after a newer one would be ignored.
    comes_before = or_(
        older.calendar_sequence < mail.calendar_sequence,
        and_(
            older.calendar_sequence == mail.calendar_sequence,
            older.calendar_stamp < mail.calendar_stamp,
        ),
    )
    before = exists(
        select(older.id).where(
            older.calendar_uid == mail.calendar_uid,
            older.calendar_uid != literal_column("''"),
            comes_before,
            older.state == literal_column("'queued'"),
        )
    )
    return or_(mail.calendar_uid == literal_column("''"), ~before)


def _first(*, single: bool) -> ScalarSelect[int]:
    mail = aliased(OutboxMail)
    kind = mail.mailing_id.is_(None) if single else mail.mailing_id.is_not(None)
    return (
        select(mail.id)
        .where(_due(mail), kind, _in_turn(mail), ~exists(select(OutboxPause.id)))
        .order_by(mail.due_at, mail.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=mail)
        .scalar_subquery()
    )


_REPLY_TO = select(Event.contact_email).where(Event.id == OutboxMail.event_id).scalar_subquery()
# Compared in Python: in RETURNING, SQLite would take `link_epoch` for the registration's own.
_EPOCH = (
    select(Registration.link_epoch)
    .where(Registration.id == OutboxMail.registration_id, Registration.anonymised_at.is_(None))
    .scalar_subquery()
)
_STOPPED = select(Mailing.stopped_at).where(Mailing.id == OutboxMail.mailing_id).scalar_subquery()
# Built once: building a statement costs more than running it.
_TAKE = (
    update(OutboxMail)
    .where(
        OutboxMail.id == func.coalesce(_first(single=True), _first(single=False)),
        _due(OutboxMail),
    )
    .values(lease_until=_LEASE_UNTIL, tries=OutboxMail.tries + 1)
    .returning(*(getattr(OutboxMail, name) for name in _COLUMNS), _REPLY_TO, _STOPPED, _EPOCH)
    .execution_options(synchronize_session=False)
)
