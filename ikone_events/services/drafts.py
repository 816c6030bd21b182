"""Letters before anything is sent: as one person will get them, composed and stored nowhere."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ikone_events.domain.audiences import OF_SUBSCRIBERS, Audience
from ikone_events.domain.lifecycle import Action, Message, Rule
from ikone_events.domain.messages import Extras, MailKind
from ikone_events.mail.compose import Letter, compose
from ikone_events.services.invitations import invitation_for
from ikone_events.services.letters import (
    complete_extras,
    handout_of,
    links_of,
    occasion_told,
    recipient_of,
    sender_of,
)
from ikone_events.services.mailing_letters import kind_for
from ikone_events.services.office import office
from ikone_events.services.subscriber_letters import compose_to_subscriber
from ikone_events.services.texts import from_snapshot, snapshot
from ikone_events.services.told import is_moved, told_event, with_changes
from ikone_events.store.events import Event
from ikone_events.store.former_versions import as_if
from ikone_events.store.registrations import Registration
from ikone_events.store.steps import Step
from ikone_events.store.subscribers import Subscriber

# Whoever holds such an address acts as the person it was made for.
_SECRET_PART = re.compile(r"(/(?:r|subscribe|unsubscribe|feeds)/)[^/\s<>\")\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A mailing that may be started: whom it concerns, and the event as it will be then."""

    event: Event
    then: Event
    message: Message
    organisation_id: int | None = None
    reason: str = ""
    texts: str = ""

    @property
    def to_subscribers(self) -> bool:
        """Whether it goes to subscribers and not to registered people."""
        return self.message.audience in OF_SUBSCRIBERS


@dataclass(frozen=True, slots=True)
class Draft:
    """A finished letter to one person in one language; its addresses open nothing."""

    kind: MailKind
    locale: str
    letter: Letter


def sending_of_action(
    event: Event,
    rule: Rule,
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
        then=as_if(event, changes),
        message=rule.message,
        reason=reason.strip(),
        texts=snapshot(event, rule.message.kind.value),
    )


def sending_of_step(step: Step) -> Sending:
    """What a step of the kind that writes letters would send now."""
    message = Message(MailKind(step.kind), Audience(step.audience))
    own = message.kind is MailKind.NOTE
    return Sending(
        event=step.event,
        then=step.event,
        message=message,
        organisation_id=step.organisation_id,
        texts=snapshot(step.event, step.name if own else step.kind),
    )


def draft_for(
    sending: Sending, person: Registration | Subscriber, locale: str, *, now: datetime
) -> Draft:
    """The letter of one person in a language, with no address that could act for that person."""
    if isinstance(person, Subscriber):
        made = _to_subscriber(sending, person, locale, now=now)
    else:
        made = _to_registered(sending, person, locale, now=now)
    return replace(made, letter=_letter_with(made.letter, mask_links))


def harmless_draft_for(
    sending: Sending, person: Registration | Subscriber, locale: str, *, now: datetime
) -> Draft:
    """The same for an organiser's own mailbox: links lead to the public page, no calendar part.

    An invitation would put an event into the organiser's calendar that nothing ever updates.
    """
    made = draft_for(sending, person, locale, now=now)
    page = office().page(f"/events/{sending.event.slug}")
    letter = _letter_with(made.letter, lambda text: _masked_address().sub(page, text))
    return replace(made, letter=replace(letter, calendar=None, method=None))


def mask_links(text: str) -> str:
    """A text without the secret part of personal addresses."""
    return _SECRET_PART.sub(r"\1…", text)


def _masked_address() -> re.Pattern[str]:
    base = re.escape(office().settings.base_url)
    return re.compile(rf"{base}/[a-z]+/…[^\s\"<>)\]]*")


def _values_of(row: Subscriber) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _to_registered(sending: Sending, person: Registration, locale: str, *, now: datetime) -> Draft:
    kind, then = kind_for(sending.message.kind, person), sending.then
    told = told_event(sending.event, person)
    extras = with_changes(
        _extras(sending, person), kind, person, told=told, event=then, locale=locale
    )
    letter = compose(
        kind,
        occasion_told(kind, person, then, told, locale),
        recipient=replace(recipient_of(person), locale=locale),
        links=links_of(then, person),
        sender=sender_of(then),
        extras=complete_extras(extras, then, person, now),
        invitation=invitation_for(kind, person, now, moved=is_moved(told, then)),
        edited=from_snapshot(sending.texts, locale, kind.value),
    )
    return Draft(kind, locale, letter)


def _extras(sending: Sending, person: Registration) -> Extras:
    if sending.message.kind is MailKind.FOLLOW_UP:
        return handout_of(sending.event, person)
    return Extras(reason=sending.reason)


def _to_subscriber(sending: Sending, person: Subscriber, locale: str, *, now: datetime) -> Draft:
    kind = sending.message.kind
    letter = compose_to_subscriber(
        kind,
        Subscriber(**{**_values_of(person), "locale": locale}),
        sending.then,
        now=now,
        extras=Extras(reason=sending.reason),
        edited=from_snapshot(sending.texts, locale, kind.value),
    )
    return Draft(kind, locale, letter)


def _letter_with(letter: Letter, change: Callable[[str], str]) -> Letter:
    return replace(
        letter, subject=change(letter.subject), text=change(letter.text), html=change(letter.html)
    )
