"""Claims the next mails to send, in one statement.

The conditional UPDATE decides between two workers that chose the same row. Single mails go before
those of mailings.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from ikone_events.store.db import UTCDateTime, db
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
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
    due_at: datetime
    answer: str
    link_epoch: int | None
    reply_to: str | None
    mailing_stopped: datetime | None
    present_epoch: int | None

    @property
    def hindrance(self) -> str:
        """Why it must not be sent, as its log says it; empty if it may."""
        known = None not in (self.link_epoch, self.present_epoch)
        if known and self.link_epoch != self.present_epoch:
            return "replaced"  # its personal links do not work any more
        return "" if self.mailing_stopped is None else "stopped"


# The person has got other links since, after a corrected address for example. Mails to people who
# have had their details deleted still leave: they confirm it, or take out a calendar entry.
LINKS_REPLACED = or_(
    exists(
        select(Registration.id).where(
            Registration.id == OutboxMail.registration_id,
            Registration.anonymised_at.is_(None),
            Registration.link_epoch != OutboxMail.link_epoch,
        )
    ),
    exists(
        select(Speaker.id).where(
            Speaker.id == OutboxMail.speaker_id, Speaker.link_epoch != OutboxMail.link_epoch
        )
    ),
)
_COLUMNS = MailClaim._fields[: MailClaim._fields.index("reply_to")]
_NOW = bindparam("now", type_=UTCDateTime())
_LEASE_UNTIL = bindparam("lease_until", type_=UTCDateTime())


def take_due(*, now: datetime, lease: timedelta, most: int, single: bool) -> list[MailClaim]:
    """Claim the next due mails, at most so many; none while the outbox is paused.

    All of them are single mails, or with `single` false and without such, all of mailings.
    """
    values = {"now": now, "lease_until": now + lease, "most": most}
    for statement in (_TAKE_SINGLE,) if single else (_TAKE_SINGLE, _TAKE_OF_MAILINGS):
        if rows := db.session.connection().execute(statement, values).all():
            return sorted((MailClaim(*row) for row in rows), key=_IN_ORDER)
    return []


def read_again(claims: Iterable[MailClaim]) -> list[MailClaim]:
    """Claims with what has happened since, without those that are not the caller's any more.

    Not in the session, whose beginning and end take thrice as long.
    """
    numbers = {"mails": [claim.id for claim in claims]}
    with db.engine.connect() as connection:
        found = {row[0]: row[1:] for row in connection.execute(_READ_AGAIN, numbers)}
    return [
        claim._replace(mailing_stopped=found[claim.id][2], present_epoch=found[claim.id][3])
        for claim in claims
        if found.get(claim.id, ())[:2] == (claim.tries, claim.lease_until)
    ]


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


def _next(*, single: bool) -> CTE:
    """PostgreSQL runs such a query once, with its limit; a subquery might be run again."""
    mail = aliased(OutboxMail)
    kind = mail.mailing_id.is_(None) if single else mail.mailing_id.is_not(None)
    return (
        select(mail.id)
        .where(_due(mail), kind, _in_turn(mail), ~exists(select(OutboxPause.id)))
        .order_by(mail.due_at, mail.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=mail)
        .cte("chosen")
    )


_REPLY_TO = select(Event.contact_email).where(Event.id == OutboxMail.event_id).scalar_subquery()
# Compared in Python: in RETURNING, SQLite would take `link_epoch` for the registration's own.
_EPOCH = func.coalesce(
    select(Registration.link_epoch)
    .where(Registration.id == OutboxMail.registration_id, Registration.anonymised_at.is_(None))
    .scalar_subquery(),
    select(Speaker.link_epoch).where(Speaker.id == OutboxMail.speaker_id).scalar_subquery(),
)
_STOPPED = select(Mailing.stopped_at).where(Mailing.id == OutboxMail.mailing_id).scalar_subquery()


def _take(*, single: bool) -> Update:
    return (
        update(OutboxMail)
        .where(OutboxMail.id.in_(select(_next(single=single).c.id)), _due(OutboxMail))
        .values(lease_until=_LEASE_UNTIL, tries=OutboxMail.tries + 1)
        .returning(*(getattr(OutboxMail, name) for name in _COLUMNS), _REPLY_TO, _STOPPED, _EPOCH)
        .execution_options(synchronize_session=False)
    )


# Built once: building a statement costs more than running it.
_TAKE_SINGLE, _TAKE_OF_MAILINGS = _take(single=True), _take(single=False)
_READ_AGAIN = select(
    OutboxMail.id, OutboxMail.tries, OutboxMail.lease_until, _STOPPED, _EPOCH
).where(
    OutboxMail.id.in_(bindparam("mails", expanding=True)),
    OutboxMail.state == literal_column("'queued'"),
)
_IN_ORDER = attrgetter("due_at", "id")
