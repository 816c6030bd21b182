"""Who gets mails to the office and chooses which; their lines, and the mails in the outbox."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, or_, select

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.events.todo_facts import Severity, ToDo, sentences_of, settling_label
from ikone_events.domain.mails.facts import EventSummary, MailFacts, NewPeople, OfficeEntry
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.office.mails import OfficeMail, may_get_office_mails, may_see_events, wants
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.times import to_local
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.mail.writing.compose import compose
from ikone_events.mail.writing.translating import complaint_words, translated
from ikone_events.services.accounts.account_mails import account_facts, account_mail_key
from ikone_events.services.accounts.organisers import get_account
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import network_summary
from ikone_events.services.mails.writing import outbox_row, queue_unless_known
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import lock_accounts
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import sees_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.office.queries import active_accounts, note_listed, unlisted

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


def choose_mails(organiser_id: int, chosen: Mapping[OfficeMail, bool], *, now: datetime) -> None:
    """Store which mails an account gets; a mail of the morning begins on the next one.

    Lists of registrations that were off until now begin with those that come from now on.
    """
    lock_accounts()
    account = get_account(organiser_id)
    db.session.refresh(account)
    before = {which: wants_mail(account, which) for which in OfficeMail}
    if not may_get_office_mails(account.role):
        return
    for which, wanted in chosen.items():
        setattr(account, which.value, wanted)
    today = to_local(now, get_installation().settings.timezone).date()
    if chosen[OfficeMail.DIGEST] and not before[OfficeMail.DIGEST]:
        account.digest_day = today
    if chosen[OfficeMail.REGISTRATIONS] and not before[OfficeMail.REGISTRATIONS]:
        account.listed_day = today
        note_listed(account.id, unlisted(account.id))


def new_calendar(organiser_id: int) -> None:
    """Give the private calendar of an account another address; an earlier one ends."""
    lock_accounts()
    account = get_account(organiser_id)
    db.session.refresh(account)
    account.calendar_epoch, account.has_calendar = account.calendar_epoch + 1, True


def withdraw_calendar(organiser_id: int) -> None:
    """End the address of the private calendar."""
    get_account(organiser_id).has_calendar = False


def calendar_path(account: Organiser) -> str:
    """The path of the private calendar of an account; "" if it has none."""
    if not account.has_calendar:
        return ""
    claim = LinkClaim(str(account.id), account.calendar_epoch)
    return f"/feeds/office/{get_installation().signer.sign(Purpose.OFFICE_CALENDAR, claim)}.ics"


def account_of_calendar(token: str) -> Organiser:
    """The account of an address. Raises LinkRefused, and LinkGone if it has ended."""
    claim = get_installation().signer.read(Purpose.OFFICE_CALENDAR, token)
    account = (
        db.session.get(Organiser, int(claim.public_id)) if claim.public_id.isdecimal() else None
    )
    if account is None:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    is_last = account.has_calendar and claim.epoch == account.calendar_epoch
    if not (is_last and account.active and may_see_events(account.role)):
        text = N_("This calendar address has been withdrawn. “My account” gives you a new one.")
        raise LinkGone(Complaint(text))
    return account
