"""The mails of a morning, looked for once a minute: what is to do, and who has registered."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import ToDo
from ikone_events.domain.mails.facts import NewPeople
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.office.mails import IN_DIGEST, OfficeMail, morning_of
from ikone_events.domain.operating.alarms import todos_of
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, registration_status
from ikone_events.domain.times import moment_mail
from ikone_events.mail.writing.translating import translated
from ikone_events.services.accounts.organisers import get_account
from ikone_events.services.events.todo import todo_facts_of
from ikone_events.services.installation import get_installation
from ikone_events.services.office.recipients import (
    drop_older,
    entry_of,
    locale_of,
    office_facts,
    office_key,
    office_summary,
    put_into_outbox,
    wants_mail,
)
from ikone_events.services.operating.health import engine_health
from ikone_events.services.plan.plans import is_holiday
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import counts_for
from ikone_events.store.office.queries import (
    accounts_due,
    claim_morning,
    note_listed,
    people_in,
    unlisted,
)
from ikone_events.store.registering.models import Registration


class Morning(NamedTuple):
    """A mail of a local day that is due for an account."""

    which: OfficeMail
    organiser_id: int
    day: date


def mornings_due(now: datetime) -> list[Morning]:
    """What is due now; outside the hours of the morning nothing is read for that."""
    day = morning_of(now, get_installation().settings.timezone, is_holiday)
    if day is None:
        return []
    found = []
    for account in accounts_due(day):
        for which, done in (
            (OfficeMail.DIGEST, account.digest_day),
            (OfficeMail.REGISTRATIONS, account.listed_day),
        ):
            if done is None or done < day:
                found.append(Morning(which, account.id, day))
    return found


def write_morning(due: Morning, *, now: datetime) -> bool:
    """Write it, unless another worker has; whether a mail was written."""
    write = _write_digest if due.which is OfficeMail.DIGEST else _write_new_people
    return write(due.organiser_id, due.day, now=now)


def _write_digest(organiser_id: int, day: date, *, now: datetime) -> bool:
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
    """The list of “Today” of an account, without what no mail can report."""
    engine = engine_health(now)
    yield from todos_of(engine, only=IN_DIGEST)
    events = events_of(account)
    yield from todos(todo_facts_of(events, counts_for(events), now, locale=locale_of(account)))


# People of one event in a mail; the page has them all.
MOST_NAMED = 100


def _write_new_people(organiser_id: int, day: date, *, now: datetime) -> bool:
    """Write the list of a morning once, if somebody has registered; whether it was written.

    Each registration is in one list: what has been listed is stored with the mail.
    """
    if not claim_morning(organiser_id, Organiser.listed_day, day):
        return False
    account, kind = get_account(organiser_id), MailKind.OFFICE_REGISTRATIONS
    if not wants_mail(account, OfficeMail.REGISTRATIONS):
        return False
    ranges = unlisted(organiser_id)
    events = {event.id: event for event in events_of(account)}
    found = tuple(_lists(people_in(ranges, events), events, locale_of(account)))
    note_listed(organiser_id, ranges)
    if not found:
        return False
    facts = office_facts(kind, account, office_summary(now), new_people=found)
    return put_into_outbox(facts, office_key(account, kind, day.isoformat()), now=now)


def _lists(
    people: Sequence[Registration], events: dict[int, Event], locale: str
) -> Iterator[NewPeople]:
    for event_id, group in groupby(people, lambda person: person.event_id):
        event, those = events[event_id], list(group)
        yield NewPeople(
            title=event.title_in(locale),
            when=moment_mail(event.starts_at, locale=locale, zone=event.zone),
            url=get_installation().page(f"/organise/events/{event.slug}/registrations"),
            number=len(those),
            people=tuple(_line(person, locale) for person in those[:MOST_NAMED]),
            more=max(0, len(those) - MOST_NAMED),
        )


def _line(person: Registration, locale: str) -> str:
    """Name, administration, and the status of those without a place."""
    line = ", ".join(filter(None, (person.name, person.organisation_text)))
    if person.status == Status.CONFIRMED.value:
        return line
    status = registration_status(Status(person.status), Awaits(person.awaits))
    return f"{line} ({translated(REGISTRATION_STATUS_LABELS[status], locale)})"
