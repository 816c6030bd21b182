"""How long a seat is reserved: the time runs from the delivery of the mail that says so.

Nothing expires while that mail is queued. A mail that leaves later than it was written gets a new
deadline right before, so that the one it names is the one that counts. If it failed for good, the
time runs from the failure: long enough to correct the address, and no seat is kept for ever.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, literal_column, or_, select

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import reservation_end
from ikone_events.services.mails.writing import rewrite_text
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import MailClaim
from ikone_events.store.mails.models import DeliveryNote, OutboxMail
from ikone_events.store.registering.models import IS_RESERVED, Registration
from ikone_events.store.registering.queries import lock_registration

# The mail that names the deadline of a reservation. Others may leave meanwhile.
_KIND_OF: Mapping[str, MailKind] = MappingProxyType(
    {
        Status.PENDING.value: MailKind.CONFIRM_ADDRESS,
        Status.OFFERED.value: MailKind.OFFER,
    }
)
NAMES_DEADLINE = frozenset(kind.value for kind in _KIND_OF.values())
# The deadline in a mail is exact to the minute.
_LATE = timedelta(minutes=1)
_IS_ITS_MAIL = and_(
    OutboxMail.registration_id == Registration.id,
    or_(
        *(
            and_(Registration.status == literal_column(f"'{status}'"), OutboxMail.kind == kind)
            for status, kind in _KIND_OF.items()
        )
    ),
)
MAIL_IS_QUEUED: ColumnElement[bool] = exists().where(
    _IS_ITS_MAIL, OutboxMail.state == literal_column("'queued'")
)

_FAILED_AT = (
    select(func.max(DeliveryNote.at))
    .where(DeliveryNote.mail_id == OutboxMail.id, DeliveryNote.what.in_(("failed", "bounced")))
    .scalar_subquery()
)
# When a mail left or failed for good; built once, since every event that is overdue runs it.
_LEFT_AT = func.coalesce(OutboxMail.sent_at, _FAILED_AT)
_BEGAN = (
    select(Registration.id, OutboxMail.created_at, _LEFT_AT)
    .join(OutboxMail, _IS_ITS_MAIL)
    .where(Registration.id.in_(bindparam("ids", expanding=True)), _LEFT_AT.is_not(None))
    .order_by(OutboxMail.id)
)


def undelivered(people: Collection[Registration]) -> dict[int, str]:
    """The state of the mails about reserved seats that were not sent, by registration id.

    The state is queued, or failed where no later mail was sent.
    """
    reserved = [each.id for each in people if each.reserved_until is not None]
    if not reserved:
        return {}
    mails = select(Registration.id, OutboxMail.state).join(OutboxMail, _IS_ITS_MAIL)
    rows = db.session.execute(mails.where(Registration.id.in_(reserved)).order_by(OutboxMail.id))
    newest = {row[0]: row[1] for row in rows}
    return {number: state for number, state in newest.items() if state in ("queued", "failed")}


def is_mail_queued(registration: Registration) -> bool:
    """Whether the time of a reserved seat has not begun: its mail has not left."""
    return undelivered([registration]).get(registration.id) == "queued"


def is_late(claim: MailClaim, *, now: datetime) -> bool:
    """Whether a claimed mail names a deadline that is too early by now; only reads."""
    number = claim.registration_id or 0
    registration = db.session.get(Registration, number, populate_existing=True)
    return registration is not None and _is_early(registration, claim.kind, now)


def renew_for(claim: MailClaim, *, now: datetime) -> MailClaim:
    """Renew the reservation of a mail that leaves late; returns the mail with its new deadline."""
    wanted = select(Registration.public_id).where(Registration.id == claim.registration_id)
    registration = lock_registration(db.session.scalar(wanted) or "")
    if not _is_early(registration, claim.kind, now):
        return claim
    event = registration.event
    registration.reserved_until = _end(registration, event, since=now)
    mail = db.session.get_one(OutboxMail, claim.id, populate_existing=True)
    rewrite_text(mail, registration, event, now=now)
    return claim._replace(subject=mail.subject, text=mail.text, html=mail.html)


def _is_early(registration: Registration, kind: str, now: datetime) -> bool:
    until = registration.reserved_until
    if until is None or _KIND_OF.get(registration.status) != kind:
        return False
    return _end(registration, registration.event, since=now) - until > _LATE


def _end(registration: Registration, event: Event, *, since: datetime) -> datetime:
    offered = registration.status == Status.OFFERED.value
    hours = event.offer_hours if offered else event.confirm_hours
    return reservation_end(since, hours, event.ends_at)


def renew_reservations(event: Event, *, now: datetime) -> None:
    """Extend reservations that ran out while the event was postponed."""
    passed = select(Registration).where(
        Registration.event_id == event.id, IS_RESERVED, Registration.reserved_until <= now
    )
    for registration in db.session.scalars(passed):
        registration.reserved_until = _end(registration, event, since=now)


def renew_undelivered(
    event: Event, due: Collection[Registration], *, now: datetime
) -> list[Registration]:
    """Extend due reservations whose mail left late or failed; returns those that are over."""
    began = _began(due)
    over = []
    for registration in due:
        since = began.get(registration.id)
        until = _end(registration, event, since=since) if since is not None else now
        if until > now:
            registration.reserved_until = until
        else:
            over.append(registration)
    return over


def _began(due: Collection[Registration]) -> dict[int, datetime]:
    """When the time began, by registration id, where it was later than the mail was written."""
    rows = db.session.execute(_BEGAN, {"ids": [each.id for each in due]})
    return {number: at for number, written, at in rows if at - written > _LATE}
