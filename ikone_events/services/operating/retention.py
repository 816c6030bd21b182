"""Anonymising events whose retention is over, as their mails promised."""

from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.services.accounts import account_mails, password_links
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.followup.files import delete_lost_files
from ikone_events.services.incoming import ingest
from ikone_events.services.mails import subscribers, undeliverable_addresses, unsubscribing
from ikone_events.services.plan.plans import mark_forgotten
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.privacy.forgetting import drop_mails_of_forgotten, forget_early
from ikone_events.services.registering.lists import people_import
from ikone_events.store.calendars.personal_feeds import drop_unused_feeds
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.operating.rate_limits import drop_ended_windows
from ikone_events.store.registering.models import Registration

# The reason in the history where the clock has concluded an event.
RETENTION = "retention"


def tidy(now: datetime, *, most: int | None = None) -> None:
    """Delete last mails, unconfirmed addresses, lost files, and data with a shorter retention.

    Of people without a place at most so many: the transaction keeps others from registering.
    """
    drop_mails_of_forgotten(now)
    subscribers.tidy(now)
    unsubscribing.tidy()
    people_import.tidy(now)
    undeliverable_addresses.tidy()
    ingest.tidy(now)
    password_links.tidy(now)
    account_mails.tidy(now)
    forget_early(now, most=most)
    drop_unused_feeds()
    drop_ended_windows(now)
    delete_lost_files()


def forget_event(slug: str, *, actor: str, now: datetime) -> None:
    """Archive an event where the lifecycle allows it; anonymise its persons in any case.

    An event that nobody has followed up or concluded is concluded first.
    """
    event = lock_event(slug)
    if find_rule(Action.CONCLUDE, State(event.state)) is not None:
        conclude = Request(action=Action.CONCLUDE, actor=actor, reason=RETENTION)
        perform(slug, conclude, now=now)
    if find_rule(Action.ARCHIVE, State(event.state)) is not None:
        perform(slug, Request(action=Action.ARCHIVE, actor=actor), now=now)
    else:
        archive_persons(event, now=now)
        mark_forgotten(event, actor, now=now)


def count_known(event: Event) -> int:
    """How many people of an event are not anonymised."""
    known = select(func.count()).where(
        Registration.event_id == event.id, Registration.anonymised_at.is_(None)
    )
    return db.session.scalar(known) or 0
