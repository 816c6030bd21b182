"""Claiming one mail, as a worker that is about to send it would."""

from datetime import datetime, timedelta

from ikone_events.services.mails.claiming import claim_due
from ikone_events.store.mails.claims import MailClaim


def claim_next(*, now: datetime, lease: timedelta) -> MailClaim | None:
    """The next due mail; needs a transaction."""
    return next(iter(claim_due(now=now, lease=lease)), None)
