"""Who gets mails to the office, their lines, and the mails as rows of the outbox."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, or_, select

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.events.todo_facts import Severity, ToDo, sentences_of, settling_label
from ikone_events.domain.mails.facts import EventSummary, MailFacts, NewPeople, OfficeEntry
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.office.choices import OfficeMail, wants
from ikone_events.domain.refusals import N_
from ikone_events.mail.writing.compose import compose
from ikone_events.mail.writing.translating import complaint_words, translated
from ikone_events.services.accounts.account_mails import account_facts, account_mail_key
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import network_summary
from ikone_events.services.mails.writing import outbox_row, queue_unless_known
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import sees_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.office.queries import active_accounts

# Of accounts that have chosen no language.
_DEFAULT_LOCALE = "de"
OWN_ACCOUNT = "/organise/account#mails"
TODAY = "/organise/"


def locale_of(account: Organiser) -> str:
    """The language of mails to an account."""
    return account.locale or _DEFAULT_LOCALE


def wants_mail(account: Organiser, which: OfficeMail) -> bool:
    """Whether an account is to get a mail to the office."""
    return account.active and wants(which, account.role, getattr(account, which.value))


def alarm_recipients(event: Event | None) -> Iterator[Organiser]:
    """The administrators, and the contact of the event if that is an account that sees it."""
    contact = event.contact_email.strip().lower() if event else ""
    for account in active_accounts():
        concerned = account.role == AccountRole.ADMIN or account.email.lower() == contact
        sees = sees_event(account, event) if event else account.sees_all
        if concerned and sees and wants_mail(account, OfficeMail.ALARMS):
            yield account


def office_summary(now: datetime) -> EventSummary:
    """The office itself instead of an event; its link leads to “Today”."""
    return replace(network_summary(now), public_url=get_installation().page(TODAY))


def office_facts(
    kind: MailKind,
    account: Organiser,
    event: EventSummary,
    entries: Iterable[OfficeEntry] = (),
    new_people: tuple[NewPeople, ...] = (),
) -> MailFacts:
    """The facts of a mail to an account; its foot leads to where the mail is switched off."""
    facts = account_facts(kind, account, event, manage=OWN_ACCOUNT, locale=_DEFAULT_LOCALE)
    return replace(facts, entries=tuple(entries), new_people=new_people)


def office_key(account: Organiser, kind: MailKind, cause: str) -> str:
    """The key of a mail to an account."""
    return account_mail_key(account.id, f"{kind}:{cause}")


def put_into_outbox(facts: MailFacts, key: str, *, now: datetime) -> bool:
    """Compose and queue a mail, unless there is one with this key."""
    return queue_unless_known(outbox_row(facts, compose(facts), key=key, now=now))


def drop_older(account: Organiser, kind: MailKind, *, key: str, now: datetime) -> bool:
    """Delete unsent mails of a kind to an account but this one, so that it does not get two.

    False while a worker is sending one of them.
    """
    older = (
        OutboxMail.key.startswith(office_key(account, kind, ""), autoescape=True),
        OutboxMail.key != key,
        OutboxMail.state == "queued",
    )
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    rows_written(delete(OutboxMail).where(*older, free))
    return db.session.scalar(select(OutboxMail.id).where(*older).limit(1)) is None


_OPEN_TODAY = N_("Open “Today”")


def entry_of(todo: ToDo, locale: str) -> OfficeEntry:
    """The line of an entry; those without a page lead to “Today”.

    Whoever gets such mails may act.
    """
    label = settling_label(todo, may_act=True)
    path = f"/organise/events/{todo.slug}/to-do/{todo.name}" if todo.slug else TODAY
    return OfficeEntry(
        text=" ".join(complaint_words(each, locale) for each in sentences_of(todo)),
        url=get_installation().page(path),
        label=translated(label or _OPEN_TODAY, locale),
        urgent=todo.severity is Severity.DANGER,
    )
