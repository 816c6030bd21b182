"""Unsubscribing from announcements: addresses are deleted, and the objection is kept for ever.

No import and no organiser can undo it; only a subscription that the person confirms does.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.refusals import LinkRefused
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.subscribers import delete_readers, find_subscriber
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import NETWORK, Subscriber
from ikone_events.store.mails.objections import (
    Objection,
    has_objected,
    hash_of,
    objected_among,
    store_objection,
)
from ikone_events.store.operating.forgotten import note_forgotten


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever has a link to unsubscribe; the address is empty if it is not stored any more.

    `event` is the one whose opening they wait for, None for all announcements.
    """

    email: str = ""
    event: Event | None = None


def find_reader(token: str) -> Reader | None:
    """The reader of a link; None if the link is not valid, or they are unsubscribed already."""
    if (subscriber := find_subscriber(token)) is not None:
        return Reader(subscriber.email, subscriber.event)
    claim = _objection_claim(token)
    if claim is None or has_objected(claim.public_id):
        return None
    contact = db.session.scalar(select(Contact).where(Contact.address_hash == claim.public_id))
    return Reader(contact.email) if contact else Reader()


def unsubscribe(token: str, *, now: datetime) -> None:
    """Delete the address of a link and remember that it wants no announcements.

    Whoever waited for one opening only says nothing about announcements. An unknown link changes
    nothing; that of a deleted contact still counts.
    """
    subscriber = find_subscriber(token)
    if subscriber is not None and subscriber.topic != NETWORK:
        note_forgotten([subscriber.public_id], now.date())
        delete_readers(Subscriber, Subscriber.id == subscriber.id)
    elif subscriber is not None:
        object_to_announcements(subscriber.email_key, now=now)
    elif (claim := _objection_claim(token)) is not None:
        mine = Contact.address_hash == claim.public_id
        email_key = db.session.scalar(select(Contact.email_key).where(mine))
        store_objection(claim.public_id, now=now)
        if email_key is not None:
            object_to_announcements(email_key, now=now)


def object_to_announcements(email_key: str, *, now: datetime) -> None:
    """Store an objection; delete the subscription and the contact of the address."""
    store_objection(hash_of(email_key), now=now)
    delete_readers(Contact, Contact.email_key == email_key)
    delete_readers(Subscriber, Subscriber.topic == NETWORK, Subscriber.email_key == email_key)


def delete_unused() -> None:
    """Delete contacts that were entered while the person objected."""
    objected = Contact.address_hash.in_(select(Objection.address_hash))
    if db.session.scalar(select(Contact.id).where(objected).limit(1)) is not None:
        delete_readers(Contact, objected)


def delete_objectors() -> None:
    """The same for contacts and subscribers, after rows of an earlier time were restored."""
    delete_unused()
    of_network = Subscriber.topic == NETWORK
    keys = db.session.scalars(select(Subscriber.email_key).where(of_network)).all()
    delete_readers(Subscriber, of_network, Subscriber.email_key.in_(objected_among(keys)))


def _objection_claim(token: str) -> LinkClaim | None:
    try:
        return get_installation().signer.read(Purpose.OBJECTION, token)
    except LinkRefused:
        return None
