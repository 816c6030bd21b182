"""State of a mailbox: its lease, how far it has been read, and its last failure."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from ikone_events.store.db import db, rows_written
from ikone_events.store.incoming.models import Mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A lease of a mailbox, and how far it has been read."""

    name: str
    lease_until: datetime
    uidvalidity: int
    last_uid: int


def take(name: str, *, now: datetime, lease: timedelta) -> Mark | None:
    """Lease a mailbox; None while another worker reads it. The conditional UPDATE decides."""
    _ensure(name)
    free = or_(Mailbox.lease_until.is_(None), Mailbox.lease_until < now)
    mine = update(Mailbox).where(Mailbox.name == name, free).values(lease_until=now + lease)
    if not rows_written(mine):
        return None
    row = db.session.get_one(Mailbox, name, populate_existing=True)
    return Mark(
        name=name, lease_until=now + lease, uidvalidity=row.uidvalidity, last_uid=row.last_uid
    )


def give_back(
    mark: Mark, *, uidvalidity: int, last_uid: int, failure: str | None, now: datetime
) -> bool:
    """End the lease and store how far the mailbox was read; False if the lease was lost.

    `failure` is the fault of the mailbox or "", and None if something else failed. The time of the
    first failure is kept until a success.
    """
    outcome: dict[str, object] = {}
    if failure:
        outcome = {"failed_at": func.coalesce(Mailbox.failed_at, now), "failure": failure}
    elif failure is not None:
        outcome = {"failed_at": None, "failure": "", "read_at": now}
    values = {
        "lease_until": None,
        "asked_at": None,
        "uidvalidity": uidvalidity,
        "last_uid": last_uid,
        **outcome,
    }
    mine = (Mailbox.name == mark.name) & (Mailbox.lease_until == mark.lease_until)
    return rows_written(update(Mailbox).where(mine).values(**values)) == 1


def ask_for_reading(name: str, *, now: datetime) -> None:
    """Have a mailbox read soon, whatever the pause after failures."""
    _ensure(name)
    rows_written(update(Mailbox).where(Mailbox.name == name).values(asked_at=now))


def _ensure(name: str) -> None:
    """Make the row of a mailbox that was never read."""
    if db.session.get(Mailbox, name) is None:
        with suppress(IntegrityError), db.session.begin_nested():
            db.session.add(Mailbox(name=name))


def is_reading_wanted(name: str) -> bool:
    """Whether somebody waits for a reading."""
    asked = select(Mailbox.asked_at).where(Mailbox.name == name)
    return db.session.scalar(asked) is not None


def find_mailbox(name: str) -> Mailbox | None:
    """The row of a mailbox that has been read at least once."""
    return db.session.get(Mailbox, name)
