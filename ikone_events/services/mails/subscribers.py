"""Subscribers: subscribe, confirm, list, and delete after use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from ikone_events.domain.address import email_key
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, LinkRefused, NotFound, RegistrationClosed
from ikone_events.domain.times import iso_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.installation import get_installation
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.news_facts import CONFIRM_WITHIN
from ikone_events.services.mails.writing import is_written, write_to_subscriber
from ikone_events.store.db import db, for_update, insert_into, rows_written
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import NETWORK, Mailing, OutboxMail, Subscriber
from ikone_events.store.mails.objections import lift_objection
from ikone_events.store.operating.forgotten import note_forgotten
from ikone_events.store.paging import PAGE_SIZE, Page, containing, paginate

# For this time organisers see which mails failed, and can send them again.
_KEPT_AFTER_OPENING = timedelta(days=7)
_NEVER_OPENS = (State.CANCELLED.value, State.ARCHIVED.value)
_OPENED_ONCE = (State.DRAFT.value, State.ANNOUNCED.value, State.POSTPONED.value)


def subscribe(email: str, locale: str, *, now: datetime, event: Event | None = None) -> Subscriber:
    """Store an address and send a mail to confirm it, or one that it is confirmed already.

    With `event` it is only about the opening of that event. The result does not depend on whether
    the address was known. Raises RegistrationClosed if registration for the event is not yet to
    come.
    """
    if event is not None and (refusal := no_news_because(event)):
        raise RegistrationClosed(refusal)
    subscriber = _lock_subscriber(email, locale, event, now=now)
    # At most one such mail an hour, so that nobody can flood a mailbox.
    known = "known" if subscriber.confirmed_at else "new"
    key = f"subscription:{subscriber.public_id}:{known}:{now:%Y%m%d%H}"
    if not is_written(key):
        write_to_subscriber(MailKind.SUBSCRIPTION, subscriber, event, key=key, now=now)
    return subscriber


def no_news_because(event: Event) -> Complaint | None:
    """Why it is not possible to subscribe to this event's opening, or None."""
    if event.state == State.ANNOUNCED.value:
        return None
    if event.state == State.OPEN.value:
        return Complaint(N_("Registration is open already."))
    return Complaint(N_("The start of registration is not announced for this event."))


def _lock_subscriber(email: str, locale: str, event: Event | None, *, now: datetime) -> Subscriber:
    """The row of an address and topic, created if missing, and locked.

    A confirmed row is not changed, since anybody can enter any address. An unconfirmed one gets the
    current time and language.
    """
    row = insert_into(Subscriber).values(
        public_id=new_public_id(),
        link_epoch=1,
        topic=f"event:{event.id}" if event else NETWORK,
        event_id=event.id if event else None,
        email=email,
        email_key=email_key(email),
        locale=locale,
        created_at=now,
    )
    pending = Subscriber.confirmed_at.is_(None)
    anew = {
        name: case((pending, row.excluded[name]), else_=getattr(Subscriber, name))
        for name in ("locale", "created_at")
    }
    upsert = row.on_conflict_do_update(index_elements=["email_key", "topic"], set_=anew)
    found = db.session.scalars(
        upsert.returning(Subscriber), execution_options={"populate_existing": True}
    )
    return found.one()


def find_subscriber(token: str) -> Subscriber | None:
    """The subscriber of a link; None if it is forged, revoked or deleted."""
    try:
        claim = get_installation().signer.read(Purpose.SUBSCRIPTION, token)
    except LinkRefused:
        return None
    return db.session.scalar(
        select(Subscriber).where(_is(claim)).execution_options(populate_existing=True)
    )


def _is(claim: LinkClaim) -> ColumnElement[bool]:
    return (Subscriber.public_id == claim.public_id) & (Subscriber.link_epoch == claim.epoch)


def confirm(token: str, *, now: datetime) -> Subscriber:
    """Confirm the address; a second time changes nothing. Raises LinkRefused.

    Who subscribes to announcements takes back an earlier objection to them. If registration has
    opened before the confirmation, the mail about it is sent now.
    """
    subscriber = find_subscriber(token)
    if subscriber is not None and subscriber.event is not None:
        lock_event(subscriber.event.slug)
    if subscriber is None or not _turn_on(subscriber, now=now):
        text = N_("This link is not valid any more. Please enter your address once more.")
        raise LinkRefused(Complaint(text))
    if subscriber.topic == NETWORK:
        lift_objection(subscriber.email_key)
    return subscriber


def _turn_on(subscriber: Subscriber, *, now: datetime) -> bool:
    """Set `confirmed_at`; False if the row was deleted meanwhile. The event must be locked."""
    mine = select(Subscriber).where(Subscriber.id == subscriber.id)
    if db.session.scalar(for_update(mine, Subscriber)) is None:
        return False
    if subscriber.confirmed_at is not None:
        return True
    event = subscriber.event
    subscriber.confirmed_at = _after_opening(event, now) if event else now
    if event is not None and event.state == State.OPEN.value:
        key = f"opening:{subscriber.public_id}"
        write_to_subscriber(MailKind.OPENING, subscriber, event, key=key, now=now)
    return True


def _after_opening(event: Event, now: datetime) -> datetime:
    """A time after the last mailing of the opening, which writes to people confirmed before it."""
    last = db.session.scalar(
        select(Mailing.created_at).where(_opening_of(event)).order_by(Mailing.id.desc()).limit(1)
    )
    return max(now, last + timedelta(microseconds=1)) if last else now


def _opening_of(event: Event | type[Event]) -> ColumnElement[bool]:
    return (Mailing.event_id == event.id) & (Mailing.kind == MailKind.OPENING.value)


def remove(public_id: str, *, now: datetime) -> None:
    """Delete a subscriber for an organiser; a second time changes nothing."""
    note_forgotten([public_id], now.date())
    delete_readers(Subscriber, Subscriber.public_id == public_id)


def delete_readers(model: type[Subscriber] | type[Contact], *whose: ColumnElement[bool]) -> int:
    """Delete people with all mails to them and what came back from these; returns how many."""
    theirs = aliased(OutboxMail)  # `whose` may contain the table itself
    reader = theirs.subscriber_id if model is Subscriber else theirs.contact_id
    mails = select(theirs.id).join(model, reader == model.id).where(*whose)
    rows_written(delete(IncomingMail).where(IncomingMail.mail_id.in_(mails)))
    delete_mails(OutboxMail.id.in_(mails))
    deleted = rows_written(delete(model).where(*whose))
    if deleted:
        undeliverable_addresses.delete_unused()
    return deleted


def delete_expired(now: datetime) -> int:
    """Delete the addresses that are not needed any more; returns how many.

    These are addresses that were not confirmed in time, and those of one event after its end or
    some days after the mailing about its opening.
    """
    return delete_readers(Subscriber, due_to_delete(now))


def due_to_delete(now: datetime) -> ColumnElement[bool]:
    """The subscribers that the clock deletes."""
    late = Subscriber.confirmed_at.is_(None) & (Subscriber.created_at <= now - CONFIRM_WITHIN)
    recent = or_(Mailing.finished_at.is_(None), Mailing.finished_at > now - _KEPT_AFTER_OPENING)
    notified = (
        Event.state.not_in(_OPENED_ONCE)
        & exists().where(_opening_of(Event))
        & ~exists().where(_opening_of(Event), recent)
    )
    over = or_(Event.ends_at <= now, Event.state.in_(_NEVER_OPENS))
    done = select(Event.id).where(or_(notified, over))
    waiting = exists().where(
        OutboxMail.subscriber_id == Subscriber.id, OutboxMail.state == "queued"
    )
    return late | (Subscriber.event_id.in_(done) & ~waiting)


SUBSCRIBER_COLUMNS = ("email", "about", "locale", "subscribed_at", "confirmed_at")


@dataclass(frozen=True, slots=True)
class Numbers:
    """Subscribers of the network, not confirmed ones, and subscribers to openings of events."""

    confirmed: int
    pending: int
    interested: int


def count_subscribers() -> Numbers:
    """The number of subscribers; an address counts once per topic."""
    network, known = Subscriber.topic == NETWORK, Subscriber.confirmed_at.is_not(None)
    found = db.session.execute(
        select(
            func.count().filter(network, known),
            func.count().filter(~known),
            func.count().filter(~network, known),
        ).select_from(Subscriber)
    ).one()
    return Numbers(*found)


def search_subscribers(
    words: str = "", *, number: int = 1, size: int = PAGE_SIZE
) -> Page[Subscriber]:
    """Subscribers whose address contains `words`, in order of the addresses."""
    wanted = select(Subscriber).where(*containing(words, [Subscriber.email]))
    wanted = wanted.options(joinedload(Subscriber.event))
    return paginate(wanted.order_by(Subscriber.email_key, Subscriber.id), number=number, size=size)


def get_subscriber(public_id: str) -> Subscriber:
    """The subscriber with this public id; raises NotFound."""
    found = db.session.scalar(select(Subscriber).where(Subscriber.public_id == public_id))
    if found is None:
        raise NotFound(Complaint(N_("There is no such subscriber.")))
    return found


def subscriber_rows() -> Iterator[Row]:
    """All subscribers as rows of a spreadsheet, in order of the addresses."""
    zone = get_installation().settings.timezone
    wanted = select(Subscriber).options(joinedload(Subscriber.event))
    for found in db.session.scalars(wanted.order_by(Subscriber.email_key, Subscriber.id)):
        yield {
            "email": found.email,
            "about": found.event.slug if found.event else NETWORK,
            "locale": found.locale,
            "subscribed_at": iso_local(found.created_at, zone),
            "confirmed_at": iso_local(found.confirmed_at, zone),
        }
