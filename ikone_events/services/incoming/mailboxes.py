"""How far a mailbox has been read, by whom just now, and since when it can't be."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, update
from sqlalchemy.exc import IntegrityError

from ikone_events.store.db import db, rows_written
from ikone_events.store.incoming.models import Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The right to read a mailbox until the lease ends, and where the reader before stopped."""

    name: str
    lease_until: datetime
    uidvalidity: int
    last_uid: int


def take(name: str, *, now: datetime, lease: timedelta) -> Mark | None:
    """Take a mailbox for one look; None while somebody else reads it.

    The conditional UPDATE decides: of two workers that ask at one moment one gets nothing.
    """
    if db.session.get(Mailbox, name) is None:
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(Mailbox(name=name))
    free = or_(Mailbox.lease_until.is_(None), Mailbox.lease_until < now)
    mine = update(Mailbox).where(Mailbox.name == name, free).values(lease_until=now + lease)
    if not rows_written(mine):
        return None
    row = db.session.get_one(Mailbox, name, populate_existing=True)
    return Mark(
        name=name,
        lease_until=now + lease,
        uidvalidity=row.uidvalidity,
        last_uid=row.last_uid,
    )


def give_back(
    mark: Mark, *, uidvalidity: int, last_uid: int, failure: str | None, now: datetime
) -> bool:
    """Say how far the mailbox was read and how it went; False when the lease was lost meanwhile.

    The first moment of a `failure` stays until a look goes well; None means that the fault was not
    the mailbox's.
    """
    outcome: dict[str, object] = {}
    if failure:
        outcome = {"failed_at": func.coalesce(Mailbox.failed_at, now), "failure": failure}
    elif failure is not None:
        outcome = {"failed_at": None, "failure": "", "read_at": now}
    values = {"lease_until": None, "uidvalidity": uidvalidity, "last_uid": last_uid, **outcome}
    mine = (Mailbox.name == mark.name) & (Mailbox.lease_until == mark.lease_until)
    return rows_written(update(Mailbox).where(mine).values(**values)) == 1


def find_mailbox(name: str) -> Mailbox | None:
    """What is known of a mailbox, if it was ever looked at."""
    return db.session.get(Mailbox, name)
