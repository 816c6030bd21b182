"""Drafts of mails and their recipients, before anything is sent.

Written like real mails; the personal links in them do not work.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, func, select

from ikone_events.domain.events.lifecycle import RULES, Action, Message, TransitionRule
from ikone_events.domain.mails.audiences import OF_CONTACTS, OF_NEWS, Audience
from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.recipients import ContactChoice
from ikone_events.domain.tokens import PERSONAL_PATHS
from ikone_events.mail.writing.compose import ComposedMail, compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.audiences import count, people_of_mailing, readers_of
from ikone_events.services.mails.facts import facts_for, kinds_for
from ikone_events.services.mails.follow_up import follow_up_for, gets_version
from ikone_events.services.mails.mailings import new_mailing
from ikone_events.services.mails.news_facts import facts_for_subscriber
from ikone_events.services.mails.values import last_notified_version
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.db import db
from ikone_events.store.directory.contacts import named_contacts
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.store.mails.models import TEST_KEY, Mailing, OutboxMail, Subscriber
from ikone_events.store.paging import Page, containing, paginate
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.search import named
from ikone_events.store.rooms.attendance import attendance_of
from ikone_events.store.rooms.questions import HAS_ASKED

Person = Registration | Subscriber | Contact
Row = TypeVar("Row")

TEST_MARK = "[Test]"
# The token in such a URL gives access as the person it was made for.
# The public form of an event's materials has none.
_SECRET_PART = re.compile(rf"(/(?:{'|'.join(PERSONAL_PATHS)})/)(?!request\b)[^/\s<>\")\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A mailing that is not stored, as it would be `now`.

    `then` is the event as it will be when it starts. `version` limits a follow-up to the people who
    get this version of it, `asked` to those who asked something.
    """

    event: Event
    then: Event
    message: Message
    mailing: Mailing
    now: datetime
    version: MailKind | None = None
    asked: bool = False

    @property
    def is_news(self) -> bool:
        """Whether it goes to subscribers or contacts and not to registered people."""
        return self.message.audience in OF_NEWS


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished mail to one person in one language; its personal links do not work."""

    facts: MailFacts
    mail: ComposedMail

    @property
    def locale(self) -> str:
        """The language it is written in."""
        return self.facts.recipient.locale


def sending_of_action(
    event: Event,
    rule: TransitionRule,
    *,
    now: datetime,
    reason: str = "",
    new_starts_at: datetime | None = None,
    new_ends_at: datetime | None = None,
) -> Sending | None:
    """What an action would send; None if it has no mail."""
    if rule.message is None:
        return None
    changes: dict[str, object] = {"state": rule.target} if rule.target else {}
    if rule.action is Action.RESCHEDULE and new_starts_at and new_ends_at:
        changes |= {"starts_at": new_starts_at, "ends_at": new_ends_at}
    return Sending(
        event=event,
        then=as_if(event, changes, materials=event.materials),
        message=rule.message,
        mailing=new_mailing(event, rule.message, reason=reason.strip()),
        now=now,
    )


def sending_of_version(
    event: Event, version: MailKind | None, *, now: datetime, asked: bool = False
) -> Sending:
    """What the follow-up would send if it went now, whatever is still missing.

    `version` limits it to the people who get this version, `asked` to those who asked something.
    """
    rule = next(rule for rule in RULES if rule.action is Action.FOLLOW_UP)
    if (sending := sending_of_action(event, rule, now=now)) is None:
        raise RuntimeError("the follow-up has no mail")
    return replace(sending, version=version, asked=asked)


def sending_of_message(event: Event, message: Message, *, now: datetime) -> Sending:
    """What a message without a transition would send now."""
    return Sending(
        event=event,
        then=as_if(event, {}, materials=event.materials),
        message=message,
        mailing=new_mailing(event, message),
        now=now,
    )


def sending_to(sending: Sending, audience: Audience, contacts: ContactChoice | None) -> Sending:
    """The same to another audience; `contacts` limits contacts to some."""
    message = Message(sending.message.kind, audience)
    mailing = new_mailing(sending.event, message)
    if contacts is not None and audience in OF_CONTACTS:
        mailing.contact_choice = contacts.packed()
    return replace(sending, message=message, mailing=mailing)


def sending_of_update(
    event: Event, then: Event, message: Message, *, now: datetime, reason: str = ""
) -> Sending:
    """What people would get if the event became `then`."""
    return Sending(
        event=event,
        then=as_if(then, {}, materials=event.materials),
        message=message,
        mailing=new_mailing(event, message, reason=reason.strip()),
        now=now,
    )


def sending_of_step(step: Step, *, now: datetime) -> Sending:
    """What a step with a mail would send now."""
    message = Message(MailKind(step.kind), Audience(step.audience))
    return Sending(
        event=step.event,
        then=step.event,
        message=message,
        mailing=new_mailing(step.event, message, step=step),
        now=now,
    )


def draft_for(sending: Sending, person: Person, locale: str, *, now: datetime) -> Draft:
    """The mail to one person in a language; its personal links do not work."""
    kind, then, mailing = sending.message.kind, sending.then, sending.mailing
    if isinstance(person, Subscriber | Contact):
        reader = as_if(person, {"locale": locale})
        facts = facts_for_subscriber(kind, reader, then, now=now, mailing=mailing)
    else:
        facts = facts_for(
            kinds_for(kind, sending.event, [person.id], now=now)[person.id],
            as_if(person, {"locale": locale}, event=then),
            then,
            now=now,
            mailing=mailing,
            known=last_notified_version(sending.event, person),
        )
    return Draft(facts, with_masked_links(compose(facts)))


def harmless_draft_for(sending: Sending, person: Person, locale: str, *, now: datetime) -> Draft:
    """A draft for an organiser's mailbox: personal links lead to the public page.

    It has no calendar object, since that entry would never be updated.
    """
    draft = draft_for(sending, person, locale, now=now)
    base, page = re.escape(get_installation().settings.base_url), draft.facts.event.public_url
    masked = re.compile(rf"{base}/[a-z]+/…[^\s\"<>)\]]*")
    mail = _with_words(draft.mail, lambda text: masked.sub(page, text))
    return replace(draft, mail=replace(mail, calendar=None, method=None))


def send_test(
    draft: Draft, event: Event, *, recipient: str, name: str, now: datetime
) -> OutboxMail:
    """Send a harmless draft to an organiser; it belongs to no registration and no mailing."""
    mail = replace(draft.mail, subject=f"{TEST_MARK} {draft.mail.subject}")
    row = outbox_row(draft.facts, mail, key=f"{TEST_KEY}{uuid4().hex}", now=now, event_id=event.id)
    row.recipient, row.recipient_name = recipient, name
    return queue(row)


def with_masked_links(mail: ComposedMail) -> ComposedMail:
    """A mail whose personal links do not work."""
    return _with_words(mail, mask_links)


def mask_links(text: str) -> str:
    """A text without the tokens of personal links."""
    return _SECRET_PART.sub(r"\1…", text)


def _with_words(mail: ComposedMail, change: Callable[[str], str]) -> ComposedMail:
    return replace(
        mail, subject=change(mail.subject), text=change(mail.text), html=change(mail.html)
    )


def total_of(sending: Sending) -> int:
    """The number of recipients now."""
    if sending.version is not None or sending.asked:
        return sum(counts_by_kind(sending).values())
    mailing = sending.mailing
    return count(
        sending.event,
        sending.message.audience,
        now=sending.now,
        organisation_id=mailing.organisation_id,
        step_id=mailing.step_id,
        contact_choice=mailing.contact_choice or "",
    )


def page_of(
    sending: Sending, *, words: str = "", number: int = 1
) -> Page[Registration] | Page[Subscriber] | Page[Contact]:
    """A page of the recipients whose name, address or administration contains `words`."""
    if sending.is_news:
        of_contacts = sending.message.audience in OF_CONTACTS
        found = named_contacts(words) if of_contacts else containing(words, [Subscriber.email])
        readers: Select[Any] = _readers(sending).where(*found)
        return paginate(readers, number=number)
    return paginate(_people(sending).where(*named(words)), number=number)


def find_person(sending: Sending, public_id: str) -> Person | None:
    """The recipient with this public id, or else the first one; None if there are none."""
    if sending.is_news:
        of_contacts = sending.message.audience in OF_CONTACTS
        model = Contact if of_contacts else Subscriber
        readers: Select[Any] = _readers(sending)
        return _one(readers, model.public_id == public_id)
    return _one(_people(sending), Registration.public_id == public_id)


def counts_by_kind(sending: Sending) -> Mapping[MailKind, int]:
    """The number of recipients by kind; only a follow-up has several kinds."""
    if sending.message.kind is not MailKind.FOLLOW_UP:
        return {sending.message.kind: total_of(sending)}
    came = attendance_of(sending.now, sending.event.id).label("came")
    chosen = _people(sending).with_only_columns(Registration.status, came)
    people = chosen.order_by(None).subquery()
    groups = people.c.status, people.c.came
    found: Counter[MailKind] = Counter()
    for *known, number in db.session.execute(select(*groups, func.count()).group_by(*groups)):
        found[follow_up_for(*known)] += number
    return found


def _readers(sending: Sending) -> Select[Subscriber] | Select[Contact]:
    choice = sending.mailing.contact_choice or ""
    return readers_of(sending.event, sending.message.audience, choice)


def _people(sending: Sending) -> Select[Registration]:
    people = people_of_mailing(sending.event, sending.mailing, now=sending.now)
    if sending.asked:
        people = people.where(HAS_ASKED)
    if sending.version is not None:
        people = people.where(gets_version(sending.version, sending.event, sending.now))
    return people


def _one(wanted: Select[Row], chosen: ColumnElement[bool]) -> Row | None:
    return db.session.scalar(wanted.where(chosen)) or db.session.scalar(wanted.limit(1))
