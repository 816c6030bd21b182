"""Queries of accounts."""

from sqlalchemy import delete, func, insert, select

from ikone_events.domain.account_roles import AccountRole
from ikone_events.store.accounts.models import Organiser, Role, assignment
from ikone_events.store.db import db


def find_account(email: str) -> Organiser | None:
    """The account with this address, in capital or small letters as the login compares it."""
    same = func.lower(Organiser.email) == email.strip().lower()
    return db.session.scalar(select(Organiser).where(same))


def all_accounts() -> list[Organiser]:
    """All accounts, active ones first, by name."""
    shown = func.lower(func.coalesce(func.nullif(Organiser.name, ""), Organiser.email))
    return list(
        db.session.scalars(select(Organiser).order_by(Organiser.active.desc(), shown, Organiser.id))
    )


def lock_accounts() -> None:
    """Lock all accounts until the transaction ends; read them afterwards.

    One change of accounts at a time: who is the last administrator depends on all of them.
    """
    # The weaker lock of PostgreSQL: events may be assigned to an account meanwhile.
    wanted = select(Organiser.id).order_by(Organiser.id).with_for_update(key_share=True)
    db.session.execute(wanted)


def has_administrator() -> bool:
    """Whether an active administrator of all events has a password and so can log in."""
    admins = Organiser.roles.any(Role.name == AccountRole.ADMIN.value)
    able = (Organiser.active, Organiser.sees_all, Organiser.password.is_not(None))
    return db.session.scalar(select(Organiser.id).where(admins, *able).limit(1)) is not None


def assigned_event_ids(organiser_id: int) -> set[int]:
    """The events to which an account is limited."""
    mine = assignment.c.organiser_id == organiser_id
    return set(db.session.scalars(select(assignment.c.event_id).where(mine)))


def count_assigned() -> dict[int, int]:
    """The number of events of each limited account, by its number."""
    counted = select(assignment.c.organiser_id, func.count()).group_by(assignment.c.organiser_id)
    return {row.organiser_id: row[1] for row in db.session.execute(counted)}


def assign_events(organiser_id: int, event_ids: list[int]) -> None:
    """Limit an account to these events instead of those before."""
    db.session.execute(delete(assignment).where(assignment.c.organiser_id == organiser_id))
    rows = [{"organiser_id": organiser_id, "event_id": event_id} for event_id in event_ids]
    if rows:
        db.session.execute(insert(assignment), rows)
