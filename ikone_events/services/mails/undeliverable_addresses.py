"""Addresses that took no mail for good: marked by a bounce, lifted by any sign of life."""

from datetime import datetime

from sqlalchemy import delete, select, union

from ikone_events.domain.address import email_key
from ikone_events.store.db import db, rows_written
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.registering.models import Registration


def mark(email: str, *, code: str, words: str, now: datetime) -> None:
    """Remember that an address takes nothing; the newest words count, the first moment stays."""
    key = email_key(email)
    known = db.session.get(UndeliverableAddress, key, populate_existing=True, with_for_update=True)
    if known is None:
        db.session.add(UndeliverableAddress(email_key=key, since=now, code=code, words=words))
    else:
        known.code, known.words = code, words
    db.session.flush()


def lift(email: str) -> bool:
    """Forget the mark: the address was corrected, or it is alive. False when there was none."""
    dead = delete(UndeliverableAddress).where(UndeliverableAddress.email_key == email_key(email))
    return rows_written(dead) > 0


def tidy() -> None:
    """Drop marks of addresses that nobody uses any more; mostly there is none to look after."""
    if db.session.scalar(select(UndeliverableAddress.email_key).limit(1)) is None:
        return
    used = union(select(Registration.email_key), select(Subscriber.email_key))
    rows_written(delete(UndeliverableAddress).where(UndeliverableAddress.email_key.not_in(used)))
