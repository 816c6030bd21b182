"""The digest of a morning: what is to do for one account, as “Today” shows it."""

from collections.abc import Iterator
from datetime import date, datetime

from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import ToDo
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.office.alarms import IN_DIGEST
from ikone_events.domain.office.choices import OfficeMail
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.services.accounts.organisers import get_account
from ikone_events.services.events.todo import todo_facts_of
from ikone_events.services.office.entries import entry_of
from ikone_events.services.office.recipients import (
    drop_older,
    locale_of,
    office_facts,
    office_key,
    office_summary,
    put_into_outbox,
    wants_mail,
)
from ikone_events.services.operating.health import engine_health
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import counts_for
from ikone_events.store.office.queries import claim_morning


def write_digest(organiser_id: int, day: date, *, now: datetime) -> bool:
    """Write the digest of a morning once, if there is something to do; whether it was written.

    One of an earlier morning that the mail server has not taken is not sent any more.
    """
    account, kind = get_account(organiser_id), MailKind.OFFICE_DIGEST
    key = office_key(account, kind, day.isoformat())
    if not drop_older(account, kind, key=key, now=now):
        return False  # the next look tries again
    if not claim_morning(organiser_id, Organiser.digest_day, day):
        return False
    if not wants_mail(account, OfficeMail.DIGEST):
        return False
    locale = locale_of(account)
    entries = [entry_of(todo, locale) for todo in _todos(account, now)]
    if not entries:
        return False
    return put_into_outbox(office_facts(kind, account, office_summary(now), entries), key, now=now)


def _todos(account: Organiser, now: datetime) -> Iterator[ToDo]:
    """The list of “Today” of an account, without what no mail can tell."""
    engine = engine_health(now)
    yield from todos_of(engine, only=IN_DIGEST)
    events = events_of(account)
    yield from todos(todo_facts_of(events, counts_for(events), now, locale=locale_of(account)))
