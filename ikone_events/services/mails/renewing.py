"""Renewing the personal links of everybody registered for an event.

A mailing does it person by person (`mailing_chunks.py`): the old links stop working when the mail
with the new ones is written, so a stopped mailing leaves nobody without a link.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, SomebodyWasFaster, UnfitInput
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing

_MESSAGE = Message(MailKind.LINKS_RENEWED, Audience.CONFIRMED_AND_WAITING)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What renewing would do: mails, those with a calendar entry, and the last time it was done."""

    people: int
    confirmed: int
    last: Mailing | None

    @property
    def seen(self) -> int:
        """Identifies the last renewal, to notice that somebody else has begun another."""
        return self.last.id if self.last else 0


def renewal_of(event: Event, now: datetime) -> Renewal:
    """What renewing the links of an event would do now."""
    everybody, confirmed = Group(event, _MESSAGE.audience), Group(event, Audience.CONFIRMED)
    numbers = count_each([everybody, confirmed], now=now)
    last = select(Mailing).where(
        Mailing.event_id == event.id, Mailing.kind == MailKind.LINKS_RENEWED.value
    )
    newest = db.session.scalar(last.order_by(Mailing.id.desc()).limit(1))
    return Renewal(numbers[everybody], numbers[confirmed], newest)


def renew_links(slug: str, *, seen: int, actor: str, now: datetime) -> Mailing:
    """Start the mailing that gives everybody new links.

    Raises NotFound, SomebodyWasFaster when another renewal has begun since, and UnfitInput when
    nobody is registered.
    """
    event = lock_event(slug)
    renewal = renewal_of(event, now)
    if renewal.seen != seen:
        text = N_("Somebody was faster: the links are being renewed already.")
        raise SomebodyWasFaster(Complaint(text))
    if not renewal.people:
        raise UnfitInput(Complaint(N_("Nobody is registered whose links could be renewed.")))
    return start_mailing(event, _MESSAGE, now=now, started_by=actor)
