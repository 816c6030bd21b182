"""The facts of mails to speakers and co-organisers, and their calendar entries."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, or_, select

from ikone_events.domain.events.changes import differences
from ikone_events.domain.events.speakers import READY_BEFORE, SPEAKER_ROLE_LABELS, SpeakerRole
from ikone_events.domain.header_text import one_line
from ikone_events.domain.incoming.answer_rules import DECLINED
from ikone_events.domain.mails.facts import (
    Briefing,
    Difference,
    EventSummary,
    Invitation,
    Links,
    MailFacts,
    Recipient,
)
from ikone_events.domain.mails.kinds import CANCEL, NO_ANSWER, REQUEST, MailKind, calendar_method
from ikone_events.domain.rooms.door import opens_to_speakers_at
from ikone_events.domain.times import clock
from ikone_events.domain.tokens import Purpose
from ikone_events.mail.writing.translating import translated
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.facts import text_for
from ikone_events.services.mails.invitations import later_stamp, new_calendar_uid
from ikone_events.services.mails.values import sender_of, summary_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import retention_until
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.figures.counts import Table, counts_of
from ikone_events.store.mails.event_versions import NOTIFIED, date_of, event_in, event_versions
from ikone_events.store.mails.models import HAS_OBJECT, Mailing, OutboxMail
from ikone_events.store.rooms.questions import anonymous_questions

# More questions than that are read on the speaker's own page.
_MOST_QUESTIONS = 30
# Why a date is withdrawn, where that is not the state of the event.
REMOVED, OTHER_ADDRESS = "removed", "address"


def facts_for_speaker(
    kind: MailKind,
    speaker: Speaker,
    event: Event,
    *,
    now: datetime,
    mailing: Mailing | None = None,
    why: str = "",
) -> MailFacts:
    """The facts of a mail to a speaker.

    `why` a date is withdrawn: REMOVED, OTHER_ADDRESS, or else the state of the event. Such a mail
    to somebody who has been removed has no links, and one to a former address names nobody.
    """
    known = known_to_speaker(event, speaker)
    withdrawn = calendar_method(kind) == CANCEL
    opens_at = opens_to_speakers_at(event.starts_at)
    summary = replace(summary_of(event, speaker.locale), room_opens_at=opens_at)
    if withdrawn:  # the date that is in the calendar
        summary = replace(summary, starts_at=known.starts_at, ends_at=known.ends_at)
    changes = () if withdrawn else changes_for_speaker(known, event, speaker)
    moved = date_of(known) != date_of(event)
    return MailFacts(
        kind=kind,
        event=summary,
        recipient=_recipient(speaker, named=why != OTHER_ADDRESS),
        links=_links(event, speaker, working=not why),
        sender=sender_of(event),
        invitation=_invitation(kind, speaker, now=now, moved=moved),
        text=text_for(kind, speaker.locale, event, mailing),
        status=why or _announced_state(event, mailing),
        reason=mailing.reason if mailing else "",
        changes=changes,
        old_dates=(known.starts_at, known.ends_at) if moved and not withdrawn else None,
        delete_on=retention_until(event).date(),
        briefing=Briefing() if withdrawn else _briefing_of(event, speaker, summary),
    )


def known_to_speaker(event: Event, speaker: Speaker) -> Event:
    """The version of the event that the speaker was last notified of, by mails to this address."""
    if not (former := event_versions(event)):
        return event
    newest = select(func.max(OutboxMail.notified_version)).where(
        OutboxMail.speaker_id == speaker.id,
        OutboxMail.recipient == speaker.email,
        OutboxMail.state.in_(NOTIFIED),
    )
    number = db.session.scalar(newest)
    return event if number is None else event_in(event, number, former)


def changes_for_speaker(known: Event, event: Event, speaker: Speaker) -> tuple[Difference, ...]:
    """What has changed for a speaker; not the room, whose door stays the same."""
    if known is event:
        return ()
    before, after = summary_of(known, speaker.locale), summary_of(event, speaker.locale)
    return differences(before, after, locale=speaker.locale, has_door=False)


def _briefing_of(event: Event, speaker: Speaker, summary: EventSummary) -> Briefing:
    """Numbers, questions and the way, as they are now."""
    counts = counts_of(event, Table.PEOPLE, Table.ADMINISTRATIONS)
    questions, asked = anonymous_questions(event, most=_MOST_QUESTIONS)
    return Briefing(
        role=translated(SPEAKER_ROLE_LABELS[SpeakerRole(speaker.role)], speaker.locale),
        ready_at=clock(summary.starts_at - READY_BEFORE, zone=summary.zone),
        registered=str(counts.confirmed),
        bodies=str(counts.administrations),
        questions=tuple(replace(each, text=one_line(each.text)) for each in questions),
        more=asked - len(questions),
        directions="" if summary.format == "online" else event.directions.strip(),
    )


def has_entry(speaker: Speaker) -> bool:
    """Whether a mail to the present address has brought an entry, or is just doing so."""
    on_its_way = (OutboxMail.state == "queued") & OutboxMail.lease_until.is_not(None)
    brought = select(OutboxMail.id).where(
        OutboxMail.calendar_uid == speaker.calendar_uid,
        HAS_OBJECT,
        OutboxMail.calendar_method == REQUEST,
        OutboxMail.recipient == speaker.email,
        or_(OutboxMail.state == "sent", on_its_way),
    )
    return speaker.is_invited and db.session.scalar(brought.limit(1)) is not None


def _announced_state(event: Event, mailing: Mailing | None) -> str:
    """The state that a mailing is about: the event may have gone on since."""
    if mailing is None or mailing.state_change_id is None:
        return event.state
    return db.session.get_one(StateChange, mailing.state_change_id).target


def _recipient(speaker: Speaker, *, named: bool) -> Recipient:
    name = speaker.name if named else ""
    return Recipient(email=speaker.email, locale=speaker.locale, last_name=name)


def _links(event: Event, speaker: Speaker, *, working: bool) -> Links:
    """One purpose, one power: the calendar entry gets the door alone."""
    installation = get_installation()
    privacy = installation.page("/privacy")
    if not working:
        return Links(manage=installation.page(f"/events/{event.slug}"), privacy=privacy)
    page, door, upload = (
        installation.speaker_page(purpose, speaker.public_id, speaker.link_epoch)
        for purpose in (Purpose.SPEAKER, Purpose.SPEAKER_DOOR, Purpose.UPLOAD)
    )
    has_room = summary_of(event, speaker.locale).has_room
    return Links(
        manage=page, privacy=privacy, door=door if has_room else "", speaker=page, upload=upload
    )


def _invitation(
    kind: MailKind, speaker: Speaker, *, now: datetime, moved: bool
) -> Invitation | None:
    """Numbered like the invitations of registered people; None where there is nothing to say."""
    sent, stamp = speaker.calendar_sequence, later_stamp(now, speaker.calendar_stamp)
    if calendar_method(kind) == CANCEL:
        if sent is None or speaker.calendar_method == CANCEL:
            return None
        return Invitation(uid=speaker.calendar_uid, sequence=sent + 1, stamp=stamp)
    if speaker.calendar_method == CANCEL:
        return Invitation(uid=new_calendar_uid(), sequence=0, stamp=stamp, replaces=True)
    if kind is MailKind.SPEAKER_UPDATE and not moved and speaker.partstat == DECLINED:
        return None
    return Invitation(
        uid=speaker.calendar_uid,
        sequence=0 if sent is None else sent + moved,
        stamp=stamp,
        partstat=NO_ANSWER if moved else speaker.partstat or NO_ANSWER,
        updates=sent is not None,
    )
