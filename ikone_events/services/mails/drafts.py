"""Mails before anything is sent: written like the real ones, then without working addresses."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from ikone_events.domain.events.lifecycle import Action, Message, TransitionRule
from ikone_events.domain.mails.audiences import OF_SUBSCRIBERS, Audience
from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing.compose import ComposedMail, compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import facts_for, facts_for_subscriber, kind_for
from ikone_events.services.mails.mailings import new_mailing
from ikone_events.services.mails.notified import last_notified_version
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.events.models import Event
from ikone_events.store.mails.event_versions import as_if
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

TEST_MARK = "[Test]"
TEST_KEY = "test:"
# Whoever holds such an address acts as the person it was made for.
_SECRET_PART = re.compile(r"(/(?:r|subscribe|unsubscribe|feeds)/)[^/\s<>\")\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A mailing that may be started, not stored; `then` is the event as it will be by then."""

    event: Event
    then: Event
    message: Message
    mailing: Mailing
    organisation_id: int | None = None

    @property
    def to_subscribers(self) -> bool:
        """Whether it goes to subscribers and not to registered people."""
        return self.message.audience in OF_SUBSCRIBERS


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished mail to one person in one language; its addresses open nothing."""

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
    reason: str = "",
    new_starts_at: datetime | None = None,
    new_ends_at: datetime | None = None,
) -> Sending | None:
    """What an action would send; None when it writes to nobody by its nature."""
    if rule.message is None:
        return None
    changes: dict[str, object] = {"state": rule.target.value}
    if rule.action is Action.RESCHEDULE and new_starts_at and new_ends_at:
        changes |= {"starts_at": new_starts_at, "ends_at": new_ends_at}
    return Sending(
        event=event,
        then=as_if(event, changes, materials=event.materials),
        message=rule.message,
        mailing=new_mailing(event, rule.message, reason=reason.strip()),
    )


def sending_of_step(step: Step) -> Sending:
    """What a step of the kind that writes mails would send now."""
    message = Message(MailKind(step.kind), Audience(step.audience))
    return Sending(
        event=step.event,
        then=step.event,
        message=message,
        mailing=new_mailing(step.event, message, step=step),
        organisation_id=step.organisation_id,
    )


def draft_for(
    sending: Sending, person: Registration | Subscriber, locale: str, *, now: datetime
) -> Draft:
    """The mail of one person in a language, with no address that could act for that person."""
    kind, then, mailing = sending.message.kind, sending.then, sending.mailing
    if isinstance(person, Subscriber):
        reader = as_if(person, {"locale": locale})
        facts = facts_for_subscriber(kind, reader, then, now=now, mailing=mailing)
    else:
        facts = facts_for(
            kind_for(kind, person),
            as_if(person, {"locale": locale}, event=then),
            then,
            now=now,
            mailing=mailing,
            known=last_notified_version(sending.event, person),
        )
    return Draft(facts, with_masked_links(compose(facts)))


def harmless_draft_for(
    sending: Sending, person: Registration | Subscriber, locale: str, *, now: datetime
) -> Draft:
    """The same for an organiser's own mailbox: links lead to the public page, no calendar part.

    An invitation would put an event into the organiser's calendar that nothing ever updates.
    """
    draft = draft_for(sending, person, locale, now=now)
    base, page = re.escape(get_installation().settings.base_url), draft.facts.event.public_url
    masked = re.compile(rf"{base}/[a-z]+/…[^\s\"<>)\]]*")
    mail = _with_words(draft.mail, lambda text: masked.sub(page, text))
    return replace(draft, mail=replace(mail, calendar=None, method=None))


def send_test(
    draft: Draft, event: Event, *, recipient: str, name: str, now: datetime
) -> OutboxMail:
    """Queue a harmless draft for one of us; it belongs to no person and no mailing."""
    mail = replace(draft.mail, subject=f"{TEST_MARK} {draft.mail.subject}")
    row = outbox_row(draft.facts, mail, key=f"{TEST_KEY}{uuid4().hex}", now=now, event_id=event.id)
    row.recipient, row.recipient_name = recipient, name
    return queue(row)


def with_masked_links(mail: ComposedMail) -> ComposedMail:
    """A mail whose personal addresses open nothing."""
    return _with_words(mail, mask_links)


def mask_links(text: str) -> str:
    """A text without the secret part of personal addresses."""
    return _SECRET_PART.sub(r"\1…", text)


def _with_words(mail: ComposedMail, change: Callable[[str], str]) -> ComposedMail:
    return replace(
        mail, subject=change(mail.subject), text=change(mail.text), html=change(mail.html)
    )
