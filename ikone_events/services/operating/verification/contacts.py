"""Contacts of the office: an objection is found by the address."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.address import email_key
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact
from ikone_events.store.mails.objections import known_hashes


def wrong_hashes(_now: datetime) -> Iterator[str]:
    """The normalised address and the hash of a contact are those of its address."""
    columns = Contact.id, Contact.email, Contact.email_key, Contact.address_hash
    rows = db.session.execute(select(*columns).order_by(Contact.id)).all()
    hashes = known_hashes(email_key(row.email) for row in rows)
    for row in rows:
        key = email_key(row.email)
        if row.email_key != key or row.address_hash != hashes.get(key):
            yield f"contacts: contact {row.id} is not found by its address"
