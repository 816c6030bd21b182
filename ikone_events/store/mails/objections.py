"""Objections to announcements (GDPR 21): kept for ever, as hashes of addresses.

The key of the hashes is random and a row of its own: it is in every backup, and another
IKONE_SECRET_KEY forgets no objection.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime, db, rows_written
from ikone_events.store.plain import insert_unless_known


class Objection(Base):
    """Somebody who wants no announcements; only a confirmed subscription of theirs deletes it."""

    __tablename__ = "objection"

    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ObjectionKey(Base):
    """The key of all hashes of addresses, in hexadecimal digits; one row."""

    __tablename__ = "objection_key"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(64))


def hash_of(key_of_address: str) -> str:
    """The hash of a normalised address (`email_key`). Needs a write transaction."""
    return hashes_of([key_of_address])[key_of_address]


def hashes_of(addresses: Iterable[str]) -> dict[str, str]:
    """The hash of each normalised address. Needs a write transaction."""
    if _find_key() is None:
        insert_unless_known(ObjectionKey(id=1, key=secrets.token_hex(32)), "id")
    return known_hashes(addresses)


def known_hashes(addresses: Iterable[str]) -> dict[str, str]:
    """The same, only reading: empty as long as there is no key, thus no objection either."""
    key = _find_key()
    return {address: _hashed(key, address) for address in addresses} if key else {}


def objected_among(addresses: Iterable[str]) -> set[str]:
    """The normalised addresses among these whose owners have objected."""
    hashes = {each: address for address, each in known_hashes(addresses).items()}
    found = db.session.scalars(select(Objection.address_hash)) if hashes else ()
    return {hashes[each] for each in found if each in hashes}


def has_objected(address_hash: str) -> bool:
    """Whether there is an objection of this hash."""
    return db.session.get(Objection, address_hash, populate_existing=True) is not None


def store_objection(address_hash: str, *, now: datetime) -> None:
    """Remember an objection; the time of an earlier one stays."""
    insert_unless_known(Objection(address_hash=address_hash, made_at=now), "address_hash")


def lift_objection(key_of_address: str) -> None:
    """Forget an objection: the person has asked for announcements again."""
    if (key := _find_key()) is not None:
        mine = Objection.address_hash == _hashed(key, key_of_address)
        rows_written(delete(Objection).where(mine))


def _find_key() -> str | None:
    return db.session.scalar(select(ObjectionKey.key))


def _hashed(key: str, address: str) -> str:
    return hmac.new(bytes.fromhex(key), address.encode(), hashlib.sha256).hexdigest()
