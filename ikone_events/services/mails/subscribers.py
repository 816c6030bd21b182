"""Asking to be told: subscribe, confirm, unsubscribe, and forget what serves no purpose."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ikone_events.domain.address import email_key
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, LinkRefused, RegistrationClosed
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import PATIENCE
from ikone_events.services.mails.writing import write_to_subscriber
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.mails.subscribers import NETWORK, Subscriber

# So long the office sees whom the news reached, and can send it once more where it failed.
AFTER_OPENING = timedelta(days=7)
_NEVER_OPENS = (State.CANCELLED.value, State.ARCHIVED.value)
_OPENED_ONCE = (State.DRAFT.value, State.ANNOUNCED.value, State.POSTPONED.value)


def subscribe(email: str, locale: str, *, now: datetime, event: Event | None = None) -> Subscriber:
    """Note an address and write to it; the mail asks to confirm, or says that all is done.

    `event` narrows the wish to the opening of that one event. Nothing that is returned or raised
    depends on whether the address was known. Raises RegistrationClosed when the event's
    registration is not still to come.
    """
    if event is not None and (refusal := no_news_because(event)):
        raise RegistrationClosed(refusal)
    subscriber = _hold_address(email, locale, event, now=now)
    _ask(subscriber, event, now=now)
    return subscriber


def no_news_because(event: Event) -> Complaint | None:
    """Why nobody can ask to be told of this event's opening, or None."""
    if event.state == State.ANNOUNCED.value:
        return None
    if event.state == State.OPEN.value:
        return Complaint(N_("Registration is open already."))
    return Complaint(N_("The start of registration is not announced for this event."))


def _hold_address(email: str, locale: str, event: Event | None, *, now: datetime) -> Subscriber:
    """The one row of an address and topic, new or old, locked until the transaction ends.

    What is confirmed stays as it is: strangers can type any address. Who has not confirmed begins
    anew, in the language of this page.
    """
    insert = postgresql.insert if _on_postgres() else sqlite.insert
    row = insert(Subscriber).values(
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
    held = row.on_conflict_do_update(index_elements=["email_key", "topic"], set_=anew)
    found = db.session.scalars(
        held.returning(Subscriber), execution_options={"populate_existing": True}
    )
    return found.one()


def _on_postgres() -> bool:
    return db.engine.dialect.name == "postgresql"


def _ask(subscriber: Subscriber, event: Event | None, *, now: datetime) -> None:
    """At most one such mail an hour, so that nobody can fill a mailbox with them."""
    known = "known" if subscriber.confirmed_at else "new"
    key = f"subscription:{subscriber.public_id}:{known}:{now:%Y%m%d%H}"
    written = select(OutboxMail.id).where(OutboxMail.key == key)
    if db.session.scalar(written) is None:
        write_to_subscriber(MailKind.SUBSCRIPTION, subscriber, event, key=key, now=now)


def find_subscriber(token: str) -> Subscriber | None:
    """Whoever a link speaks of; None for forged, revoked and deleted ones alike."""
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
    """Turn the mails on; a second time changes nothing. Raises LinkRefused.

    Who confirms only after the registration has opened gets that news now.
    """
    subscriber = find_subscriber(token)
    if subscriber is not None and subscriber.event is not None:
        lock_event(subscriber.event.slug)
    if subscriber is None or not _turn_on(subscriber, now=now):
        text = N_("This link is not valid any more. Please enter your address once more.")
        raise LinkRefused(Complaint(text))
    return subscriber


def _turn_on(subscriber: Subscriber, *, now: datetime) -> bool:
    """False when the row has been deleted meanwhile. The event, if any, is held."""
    held = select(Subscriber).where(Subscriber.id == subscriber.id).with_for_update(of=Subscriber)
    if db.session.scalar(held.execution_options(populate_existing=True)) is None:
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
    """A moment for which no mailing of the opening is responsible: those go by the clock."""
    last = db.session.scalar(
        select(Mailing.created_at).where(_opening_of(event)).order_by(Mailing.id.desc()).limit(1)
    )
    return max(now, last + timedelta(microseconds=1)) if last else now


def _opening_of(event: Event | type[Event]) -> ColumnElement[bool]:
    return (Mailing.event_id == event.id) & (Mailing.kind == MailKind.OPENING.value)


def unsubscribe(token: str) -> None:
    """Delete the subscriber and every mail to them, at once; the unknown are gone already."""
    try:
        claim = get_installation().signer.read(Purpose.SUBSCRIPTION, token)
    except LinkRefused:
        return
    rows_written(delete(Subscriber).where(_is(claim)))


def remove(public_id: str) -> None:
    """Delete a subscriber on an organiser's word; a second time changes nothing."""
    rows_written(delete(Subscriber).where(Subscriber.public_id == public_id))


def tidy(now: datetime) -> int:
    """Delete the addresses that serve no purpose any more; returns how many."""
    return forget_unconfirmed(now) + forget_interested(now)


def forget_unconfirmed(now: datetime) -> int:
    """Delete those who did not confirm in time, as their mail said."""
    late = Subscriber.created_at <= now - PATIENCE
    return rows_written(delete(Subscriber).where(Subscriber.confirmed_at.is_(None), late))


def forget_interested(now: datetime) -> int:
    """Delete those who asked about one event, once they have been told or it is over."""
    told_before = now - AFTER_OPENING
    in_work = or_(Mailing.finished_at.is_(None), Mailing.finished_at > told_before)
    told = (
        Event.state.not_in(_OPENED_ONCE)
        & exists().where(_opening_of(Event))
        & ~exists().where(_opening_of(Event), in_work)
    )
    over = or_(Event.ends_at <= now, Event.state.in_(_NEVER_OPENS))
    done = select(Event.id).where(or_(told, over))
    waiting = exists().where(
        OutboxMail.subscriber_id == Subscriber.id, OutboxMail.state == "queued"
    )
    return rows_written(delete(Subscriber).where(Subscriber.event_id.in_(done), ~waiting))
