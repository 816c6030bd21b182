"""Undeliverable addresses, marked by a permanent bounce until something shows that they work."""

from datetime import datetime

from sqlalchemy import delete, select, union

from ikone_events.domain.address import email_key
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.followup.requests import MaterialRequest
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingSignUp


def mark(email: str, *, code: str, words: str, now: datetime) -> None:
    """Mark an address as undeliverable; a second mark updates code and words, not the time."""
    key = email_key(email)
    known = db.session.get(UndeliverableAddress, key, populate_existing=True, with_for_update=True)
    if known is None:
        db.session.add(UndeliverableAddress(email_key=key, since=now, code=code, words=words))
    else:
        known.code, known.words = code, words
    db.session.flush()


def is_marked(email: str) -> bool:
    """Whether mails to an address came back and nothing has shown since that it works."""
    return db.session.get(UndeliverableAddress, email_key(email)) is not None


def all_marked() -> set[str]:
    """The keys of all marked addresses."""
    return set(db.session.scalars(select(UndeliverableAddress.email_key)))


def lift(email: str) -> bool:
    """Remove the mark of an address; False if there was none."""
    mark = UndeliverableAddress.email_key == email_key(email)
    return rows_written(delete(UndeliverableAddress).where(mark)) > 0


def delete_unused() -> None:
    """Delete marks of addresses that are not used any more."""
    if db.session.scalar(select(UndeliverableAddress.email_key).limit(1)) is None:
        return
    users = (Registration, Subscriber, Contact, Speaker, StandingSignUp, MaterialRequest)
    used = union(*(select(user.email_key) for user in users))
    rows_written(delete(UndeliverableAddress).where(UndeliverableAddress.email_key.not_in(used)))
