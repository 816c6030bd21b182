"""Claiming due mails with a lease; those that must not or can't be sent are sorted out here."""

from datetime import datetime, timedelta

from sqlalchemy import literal_column, select

from ikone_events.services.mails.outbox import fail_damaged, stop_hindered
from ikone_events.store.damage import is_damage
from ikone_events.store.db import db
from ikone_events.store.mails.claims import MailClaim, take_due
from ikone_events.store.mails.models import OutboxMail


def claim_due(
    *, now: datetime, lease: timedelta, most: int = 1, single: bool = False
) -> list[MailClaim]:
    """Claim the next due mails, single ones before those of mailings, or those alone.

    A mail that was being sent when its mailing was stopped or its links were replaced, and was
    deferred, is stopped here.
    """
    while claims := _take_readable(now=now, lease=lease, most=most, single=single):
        if free := [claim for claim in claims if not stop_hindered(claim, now=now)]:
            return free
    return []


def _take_readable(*, now: datetime, lease: timedelta, most: int, single: bool) -> list[MailClaim]:
    """Claim the next mails; those whose rows can't be read are marked as failed, one by one."""
    if most > 1:
        try:
            with db.session.begin_nested():
                return take_due(now=now, lease=lease, most=most, single=single)
        except Exception as fault:
            if not is_damage(fault):
                raise
    while True:
        try:
            return take_due(now=now, lease=lease, most=1, single=single)
        except Exception as fault:
            if not is_damage(fault) or not _fail_unreadable(lease_until=now + lease, now=now):
                raise


def _fail_unreadable(*, lease_until: datetime, now: datetime) -> int:
    """Mark as failed what was claimed and can't be read; returns how many."""
    claimed = OutboxMail.state == literal_column("'queued'"), OutboxMail.lease_until == lease_until
    numbers = db.session.scalars(select(OutboxMail.id).where(*claimed)).all()
    return sum(fail_damaged(number, now=now) for number in numbers)
