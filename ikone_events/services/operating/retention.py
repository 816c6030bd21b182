"""Anonymising events whose retention is over, as their mails promised; with a record of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.services.accounts import account_mails, password_links
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.followup.files import delete_lost_files
from ikone_events.services.followup.requests import forget_due_requests
from ikone_events.services.incoming import ingest
from ikone_events.services.mails import subscribers, undeliverable_addresses, unsubscribing
from ikone_events.services.plan.plans import mark_forgotten
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.privacy.forgetting import (
    EarlyDue,
    drop_mails_of_forgotten,
    due_early,
    forget_early,
)
from ikone_events.services.privacy.restored_people import forget_again
from ikone_events.services.privacy.retention_record import WORKER, recording, rows_in_records
from ikone_events.services.registering import standing
from ikone_events.services.registering.lists import people_import
from ikone_events.store.calendars.personal_feeds import drop_unused_feeds
from ikone_events.store.events.queries import lock_event
from ikone_events.store.operating.rate_limits import drop_ended_windows
from ikone_events.store.operating.retention_records import newest_number

# The reason in the history where the clock has concluded an event.
RETENTION = "retention"


def delete_expired(now: datetime, *, by: str = WORKER, most: int | None = None) -> None:
    """Delete last mails, unconfirmed addresses, lost files, and data with a shorter retention.

    Of people without a place at most so many: the transaction keeps others from registering. If
    something was deleted, there is a record of it.
    """
    _delete_expired_rows(now, by=by, most=most)
    delete_lost_files()


def _delete_expired_rows(now: datetime, *, by: str, most: int | None = None) -> None:
    early = due_early(now)
    with recording(by=by, as_of=now) as deleted:
        _delete_expired(now, most=most)
        left = {each.slug: each for each in due_early(now)} if early else {}
        deleted.events += [_done_early(each, left.get(each.slug)) for each in early]


def _delete_expired(now: datetime, *, most: int | None) -> None:
    drop_mails_of_forgotten(now)
    subscribers.delete_expired(now)
    unsubscribing.delete_unused()
    people_import.delete_expired(now)
    undeliverable_addresses.delete_unused()
    ingest.delete_expired(now)
    standing.delete_expired(now)
    password_links.delete_expired(now)
    account_mails.delete_expired(now)
    forget_early(now, most=most)
    forget_due_requests(now)
    drop_unused_feeds()
    drop_ended_windows(now)


def _done_early(due: EarlyDue, left: EarlyDue | None) -> dict[str, object]:
    """What has gone of an event before its retention is over."""
    return {
        "event": due.slug,
        "archived": False,
        "answers": due.answers - (left.answers if left else 0),
        "people": due.people - (left.people if left else 0),
    }


def forget_returned(*, by: str, now: datetime) -> int:
    """Forget those again whom a restored backup has brought back; returns how many."""
    with recording(by=by, as_of=now) as deleted:
        number = forget_again(now)
        deleted.events += [{"returned_with_a_backup": number}] if number else []
    return number


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
        archive_persons(event, by=actor, now=now)
        mark_forgotten(event, actor, now=now)


def forget_all(slugs: Iterable[str], *, by: str, now: datetime) -> Counter[str]:
    """Do in one transaction what the clock does in many, for a rehearsal that is rolled back.

    Returns how many rows of each table were deleted or emptied. Files are left alone.
    """
    former = newest_number()
    forget_returned(by=by, now=now)
    _delete_expired_rows(now, by=by)
    for slug in slugs:
        forget_event(slug, actor=by, now=now)
    return rows_in_records(former)
