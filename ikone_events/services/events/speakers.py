"""Speakers and co-organisers of an event: enter, change, remove, brief."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.speakers import SpeakerDraft, check_speaker, not_briefed_because
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StaleForm, StatusRefused, UnfitInput
from ikone_events.mail.writing.compose import ComposedMail, compose
from ikone_events.services.mails.drafts import with_masked_links
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.mails.speaker_facts import (
    OTHER_ADDRESS,
    REMOVED,
    facts_for_speaker,
    has_entry,
)
from ikone_events.services.mails.speaker_mails import (
    leave_mailbox,
    write_to_speaker,
)
from ikone_events.services.mails.writing import is_written
from ikone_events.services.privacy.forgetting import drop_mails
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import Speaker, get_speaker
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.forgotten import note_forgotten
from ikone_events.store.registering.models import IS_ACTIVE, Registration

_BRIEFING = MailKind.SPEAKER_BRIEFING


@dataclass(frozen=True, slots=True)
class SavedSpeaker:
    """A saved speaker; `briefed_anew`: the date has moved from the former address to the new."""

    speaker: Speaker
    briefed_anew: bool = False


def add_speaker(slug: str, draft: SpeakerDraft, *, now: datetime) -> Speaker:
    """Enter somebody; nothing is sent. Raises NotFound, StatusRefused, UnfitInput."""
    event = _lock_open(slug)
    check_speaker(draft)
    speaker = Speaker(
        event_id=event.id, calendar_uid=new_calendar_uid(), edit_version=0, created_at=now
    )
    _fill(speaker, draft)
    return speaker


def edit_speaker(
    slug: str, public_id: str, draft: SpeakerDraft, *, edit_version: int, now: datetime
) -> SavedSpeaker:
    """Change somebody. With another address the entry is withdrawn there, and brought here.

    Raises NotFound, StaleForm, StatusRefused and UnfitInput.
    """
    event = _lock_open(slug)
    speaker = get_speaker(event, public_id)
    if speaker.edit_version != edit_version:
        raise StaleForm(Complaint(N_("Somebody else has changed this person meanwhile.")))
    check_speaker(draft)
    moves = email_key(draft.email) != speaker.email_key
    briefed = speaker.calendar_sequence is not None
    if moves:
        leave_mailbox(speaker, event, now=now, why=OTHER_ADDRESS)
        _begin_anew(speaker)
    _fill(speaker, draft)
    anew = moves and briefed and not_briefed_because(event.state, over=event.ends_at <= now) is None
    if anew:
        key = f"speaker:{speaker.public_id}:{speaker.link_epoch}:moved"
        write_to_speaker(_BRIEFING, speaker, event, key=key, now=now)
    return SavedSpeaker(speaker, anew)


def remove_speaker(slug: str, public_id: str, *, now: datetime) -> tuple[str, bool]:
    """Delete somebody, whose entry is withdrawn; returns the name, and whether a mail is sent.

    What they handed in stays with the office. Their mails are deleted, that last one once it has
    left (privacy/forgetting.py). Raises NotFound.
    """
    event = lock_event(slug)
    speaker = get_speaker(event, public_id)
    name, is_mailed = speaker.name, has_entry(speaker)
    leave_mailbox(speaker, event, now=now, why=REMOVED)
    db.session.flush()
    drop_mails(OutboxMail.speaker_id == speaker.id)
    note_forgotten([speaker.public_id], now.date())
    db.session.delete(speaker)
    db.session.flush()
    return name, is_mailed


def brief_speaker(slug: str, public_id: str, *, seen: int, now: datetime) -> bool:
    """Send the briefing; False if it was sent by a press on the same page.

    `seen` is the number of mails that the page knew of. Raises NotFound, StatusRefused.
    """
    event = lock_event(slug)
    speaker = get_speaker(event, public_id)
    if found := not_briefed_because(event.state, over=event.ends_at <= now):
        raise StatusRefused(found)
    known = max(0, min(seen, mails_to_speaker(speaker)))
    key = f"briefing:{speaker.public_id}:{speaker.link_epoch}:{known}"
    if is_written(key):
        return False
    write_to_speaker(_BRIEFING, speaker, event, key=key, now=now)
    return True


def draft_of_briefing(speaker: Speaker, event: Event, *, now: datetime) -> ComposedMail:
    """The briefing as it would be sent now; its personal links do not work."""
    return with_masked_links(compose(facts_for_speaker(_BRIEFING, speaker, event, now=now)))


def mails_to_speaker(speaker: Speaker) -> int:
    """How many mails have been written to somebody."""
    written = select(func.count()).where(OutboxMail.speaker_id == speaker.id)
    return db.session.scalar(written) or 0


def registered_among(event: Event, people: Sequence[Speaker]) -> set[str]:
    """The addresses of those who are registered too, which is allowed: they take a seat then."""
    keys = [each.email_key for each in people]
    found = select(Registration.email_key).where(
        Registration.event_id == event.id, IS_ACTIVE, Registration.email_key.in_(keys)
    )
    return set(db.session.scalars(found))


def _lock_open(slug: str) -> Event:
    event = lock_event(slug)
    if event.state == State.ARCHIVED.value:
        raise StatusRefused(Complaint(N_("The names have been deleted; the figures are kept.")))
    return event


def _begin_anew(speaker: Speaker) -> None:
    """The former mailbox knows the UID; the new one knows no earlier mail."""
    speaker.calendar_uid, speaker.calendar_sequence = new_calendar_uid(), None
    speaker.calendar_stamp = None
    speaker.calendar_method = speaker.partstat = speaker.thread_id = ""


def _fill(speaker: Speaker, draft: SpeakerDraft) -> None:
    """Raises UnfitInput for an address that somebody else of the event has."""
    speaker.role, speaker.name, speaker.locale = draft.role, draft.name, draft.locale
    speaker.email, speaker.email_key = draft.email, email_key(draft.email)
    speaker.organisation_text = draft.organisation
    speaker.edit_version += 1
    try:
        with db.session.begin_nested():
            db.session.add(speaker)
            db.session.flush()
    except IntegrityError as fault:
        text = N_("Somebody with this address has already been entered.")
        raise UnfitInput(Complaint(text, {}, "email")) from fault
