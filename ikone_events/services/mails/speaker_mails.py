"""Mails to speakers and co-organisers: briefings, changed dates, withdrawn dates."""

from collections.abc import Sequence
from datetime import datetime

from ikone_events.domain.events.lifecycle import Action, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.facts import MailFacts
from ikone_events.domain.mails.kinds import CANCEL, MailKind, calendar_method
from ikone_events.mail.writing.compose import compose
from ikone_events.services.mails import outbox
from ikone_events.services.mails.invitations import note_object
from ikone_events.services.mails.speaker_facts import (
    OTHER_ADDRESS,
    REMOVED,
    changes_for_speaker,
    facts_for_speaker,
    has_entry,
    known_to_speaker,
)
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker, briefed
from ikone_events.store.mails.models import Mailing, OutboxMail

# What speakers are notified of, besides a changed date.
_OF_ACTIONS = {
    Action.CANCEL: MailKind.SPEAKER_WITHDRAWAL,
    Action.POSTPONE: MailKind.SPEAKER_WITHDRAWAL,
    Action.RESCHEDULE: MailKind.SPEAKER_UPDATE,
}


def write_to_speaker(
    kind: MailKind,
    speaker: Speaker,
    event: Event,
    *,
    key: str,
    now: datetime,
    mailing: Mailing | None = None,
    why: str = "",
) -> OutboxMail:
    """Write a mail to a speaker in the transaction of its cause; the event must be locked."""
    facts = facts_for_speaker(kind, speaker, event, now=now, mailing=mailing, why=why)
    return _store(facts, speaker, event, key=key, now=now, mailing=mailing)


def write_of_mailing(
    mailing: Mailing, speaker: Speaker, event: Event, *, key: str, now: datetime
) -> None:
    """Write the mail of a mailing, unless the speaker was notified by another one."""
    kind = MailKind(mailing.kind)
    if _has_news_for(kind, speaker, event):
        write_to_speaker(kind, speaker, event, key=key, now=now, mailing=mailing)


def _has_news_for(kind: MailKind, speaker: Speaker, event: Event) -> bool:
    """Whether a mail of this kind has something new for a speaker."""
    if speaker.calendar_sequence is None:
        return False
    if calendar_method(kind) == CANCEL:
        return True
    known = known_to_speaker(event, speaker)
    return not speaker.is_invited or bool(changes_for_speaker(known, event, speaker))


def has_news_for_any(kind: MailKind, event: Event) -> bool:
    """Whether a mail of this kind has something new for any speaker of the event."""
    return any(_has_news_for(kind, each, event) for each in db.session.scalars(briefed(event.id)))


def messages_to_speakers(event: Event, action: Action) -> Sequence[Message]:
    """What an action of the lifecycle sends to speakers, if any of them gets something."""
    kind = _OF_ACTIONS.get(action)
    if kind is None or not has_news_for_any(kind, event):
        return ()
    return (Message(kind, Audience.SPEAKERS),)


def leave_mailbox(speaker: Speaker, event: Event, *, now: datetime, why: str) -> None:
    """Revoke the links and withdraw the entry of a mailbox: of a former address, or for good.

    What has not left is stopped; a mailbox that has got nothing gets nothing. `why` is REMOVED or
    OTHER_ADDRESS.
    """
    entered = has_entry(speaker)
    speaker.link_epoch += 1
    db.session.flush()
    outbox.stop_with_dead_links(OutboxMail.speaker_id == speaker.id, now=now)
    if entered:
        key = f"speaker:{speaker.public_id}:{speaker.link_epoch}:{why}"
        write_to_speaker(MailKind.SPEAKER_WITHDRAWAL, speaker, event, key=key, now=now, why=why)


def _store(
    facts: MailFacts,
    speaker: Speaker,
    event: Event,
    *,
    key: str,
    now: datetime,
    mailing: Mailing | None,
) -> OutboxMail:
    mail = compose(facts)
    without_links = facts.status in (REMOVED, OTHER_ADDRESS)
    row = outbox_row(
        facts,
        mail,
        key=key,
        now=now,
        event_id=event.id,
        speaker_id=speaker.id,
        mailing_id=mailing.id if mailing else None,
        references=speaker.thread_id or "",
        link_epoch=None if without_links else speaker.link_epoch,
    )
    announces = calendar_method(facts.kind) != CANCEL
    row.notified_version = event.calendar_version if announces else None
    if facts.invitation is not None:
        note_object(row, speaker, facts.invitation, mail)
    if not speaker.thread_id:
        speaker.thread_id = row.message_id
    return queue(row)
