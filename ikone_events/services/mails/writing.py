"""Writing mails into the outbox. The unique key of a mail prevents a second one."""

from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import select

from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing.compose import ComposedMail, compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.invitations import makes_known, note_object
from ikone_events.services.mails.news_facts import facts_for_subscriber, unsubscribe_page
from ikone_events.store.db import ask_for_delivery, db
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber, mail_key
from ikone_events.store.plain import insert_row, insert_unless_known, new_row
from ikone_events.store.registering.models import Registration


def write_mail(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    key: str,
    now: datetime,
    reason: str = "",
    other_person: str = "",
) -> OutboxMail:
    """Write a single mail in the transaction of its cause.

    A mail with a calendar object raises the calendar sequence. Every error is passed on and so
    undoes the cause of the mail.
    """
    facts = facts_for(kind, registration, event, now=now, reason=reason, other_person=other_person)
    return store_mail(facts, registration, event, key=key, now=now)


def write_instead(
    row: OutboxMail,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    mailing_id: int | None,
) -> OutboxMail:
    """Write a mail with the current facts instead of one that was stopped before it was sent."""
    mailing = db.session.get(Mailing, mailing_id) if mailing_id else None
    # Another mailbox has no entry that this mail could withdraw.
    again = row if row.recipient == registration.email else None
    kind = MailKind(row.kind)
    facts = facts_for(kind, registration, event, now=now, mailing=mailing, again=again)
    key = f"instead:{row.id}"
    return store_mail(facts, registration, event, key=key, now=now, mailing=mailing)


def store_mail(
    facts: MailFacts,
    registration: Registration,
    event: Event,
    *,
    key: str,
    now: datetime,
    mailing: Mailing | None = None,
) -> OutboxMail:
    """Compose a mail to a registered person and put it into the outbox."""
    row = finished_mail(facts, registration, event, key=key, now=now, mailing=mailing)
    if not registration.thread_id:
        registration.thread_id = row.message_id
    return queue(row)


def finished_mail(
    facts: MailFacts,
    registration: Registration,
    event: Event,
    *,
    key: str,
    now: datetime,
    mailing: Mailing | None = None,
) -> OutboxMail:
    """Compose a mail to a registered person; nothing is stored.

    The registration, which may be new, notes a calendar object in it.
    """
    mail = compose(facts)
    row = outbox_row(
        facts,
        mail,
        key=key,
        now=now,
        event_id=registration.event_id,
        registration_id=registration.id,
        mailing_id=mailing.id if mailing else None,
        references=registration.thread_id or "",
        link_epoch=_link_epoch(facts.kind, registration),
    )
    _note(row, facts, mail, registration, event)
    return row


def rewrite_mail(
    row: OutboxMail, registration: Registration, event: Event, *, now: datetime
) -> None:
    """Compose an unsent mail again with the current facts; it gets a new Message-ID."""
    rewrite_text(row, registration, event, now=now)
    began_thread = registration.thread_id in ("", row.message_id)
    row.message_id, row.created_at = _new_message_id(), now
    if began_thread:
        registration.thread_id = row.message_id
    row.references = "" if began_thread else registration.thread_id


def rewrite_text(
    row: OutboxMail, registration: Registration, event: Event, *, now: datetime
) -> None:
    """Compose a mail again that is just being sent.

    It keeps its Message-ID: an earlier try may have arrived although nobody said so.
    """
    mailing = db.session.get(Mailing, row.mailing_id) if row.mailing_id else None
    facts = facts_for(MailKind(row.kind), registration, event, now=now, mailing=mailing, again=row)
    mail = compose(facts)
    for name, value in _content(facts, mail).items():
        setattr(row, name, value)
    row.link_epoch = _link_epoch(facts.kind, registration)
    _note(row, facts, mail, registration, event)


def write_to_subscriber(
    kind: MailKind,
    subscriber: Subscriber | Contact,
    event: Event | None,
    *,
    key: str,
    now: datetime,
    mailing: Mailing | None = None,
) -> OutboxMail:
    """Write a mail to a subscriber or contact, with the headers to unsubscribe.

    Stores nothing if there is a mail with this key. The row is not in the session.
    """
    facts = facts_for_subscriber(kind, subscriber, event, now=now, mailing=mailing)
    row = outbox_row(
        facts,
        compose(facts),
        key=key,
        now=now,
        event_id=event.id if event else None,
        subscriber_id=subscriber.id if isinstance(subscriber, Subscriber) else None,
        contact_id=subscriber.id if isinstance(subscriber, Contact) else None,
        mailing_id=mailing.id if mailing else None,
        unsubscribe=unsubscribe_page(subscriber),
    )
    queue_unless_known(row)
    return row


def outbox_row(
    facts: MailFacts, mail: ComposedMail, *, key: str, now: datetime, **columns: Any
) -> OutboxMail:
    """The row of a finished mail, not stored; `columns` name its recipient and cause."""
    return new_row(
        OutboxMail,
        key=key,
        kind=facts.kind.value,
        locale=facts.recipient.locale,
        message_id=_new_message_id(),
        state="queued",
        created_at=now,
        due_at=now,
        **_content(facts, mail),
        **columns,
    )


def queue(row: OutboxMail) -> OutboxMail:
    """Store a row in this transaction; the worker is triggered after the commit."""
    db.session.add(row)
    ask_for_delivery()
    return row


def queue_plainly(row: OutboxMail) -> None:
    """The same by a plain statement; the row is not in the session."""
    insert_row(row)
    ask_for_delivery()


def queue_unless_known(row: OutboxMail) -> bool:
    """The same if there is no mail with this key; returns whether there was none."""
    ask_for_delivery()
    return insert_unless_known(row, "key")


def _content(facts: MailFacts, mail: ComposedMail) -> dict[str, Any]:
    """The columns of the mail itself and its recipient."""
    recipient = facts.recipient
    name = f"{recipient.first_name} {recipient.last_name}".strip()
    return {
        "recipient": recipient.email,
        "recipient_name": name,
        "search_key": mail_key(recipient.email, name, mail.subject),
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "calendar": mail.calendar,
        "calendar_method": mail.method,
    }


def _note(
    row: OutboxMail, facts: MailFacts, mail: ComposedMail, registration: Registration, event: Event
) -> None:
    """Store the version of the event that the mail announces, and its calendar object."""
    row.notified_version = (
        event.calendar_version if makes_known(row.kind, registration, mail) else None
    )
    if facts.invitation is not None:
        note_object(row, registration, facts.invitation, mail)


def _link_epoch(kind: MailKind, registration: Registration) -> int | None:
    """None for the mail to a former address, which contains no personal link."""
    return None if kind is MailKind.ADDRESS_WITHDRAWN else registration.link_epoch


def is_written(key: str) -> bool:
    """Whether there is a mail with this key."""
    return db.session.scalar(select(OutboxMail.id).where(OutboxMail.key == key)) is not None


def _new_message_id() -> str:
    return f"<{token_hex(16)}@{get_installation().settings.mail_domain}>"
