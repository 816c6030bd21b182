"""Answers of speakers' calendars: which one counts, and what it changes.

An answer is stored as information for the office. It frees nothing: there is no seat.
"""

from datetime import datetime

from sqlalchemy import delete, select

from ikone_events.domain.events.speakers import not_briefed_because
from ikone_events.domain.incoming.answer_rules import AnswerOrder, Invited, order_by
from ikone_events.domain.incoming.answer_rules import judge as judge_answer
from ikone_events.domain.incoming.mails import CalendarAnswer, IncomingKind, IncomingOutcome
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.speaker_mails import write_to_speaker
from ikone_events.services.mails.writing import is_written
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.incoming.queries import SentObject
from ikone_events.store.mails.event_versions import NOTIFIED, dates_of_versions


def judge(
    answer: CalendarAnswer, speaker: Speaker, objects: tuple[SentObject, ...]
) -> IncomingOutcome:
    """Whether the answer counts. The event must be locked."""
    live = speaker.is_invited and speaker.calendar_uid == answer.uid
    since, told_at = _last_date(speaker.event, speaker, objects)
    invited = Invited(
        address=speaker.email, live=live, since=since, told_at=told_at, latest=_latest(speaker)
    )
    return judge_answer(answer, invited)


def act(
    answer: CalendarAnswer, speaker: Speaker, outcome: IncomingOutcome, *, now: datetime
) -> None:
    """Store an answer that counts, or send the invitation again if it asks for it."""
    if outcome is IncomingOutcome.TAKEN:
        speaker.partstat = answer.partstat
        undeliverable_addresses.lift(speaker.email)
    elif outcome is IncomingOutcome.REFRESH and not answer.envelope.automatic:
        _invite_again(speaker, now=now)


def delete_oldest(speaker: Speaker, *, keep: int) -> None:
    """Limit what is stored of one speaker: a program may answer endlessly. Bounces are kept."""
    is_bounce = IncomingMail.kind == IncomingKind.BOUNCE.value
    mine = (IncomingMail.speaker_id == speaker.id) & ~is_bounce
    newest = select(IncomingMail.id).where(mine).order_by(IncomingMail.id.desc())
    if last := db.session.scalar(newest.offset(keep).limit(1)):
        rows_written(delete(IncomingMail).where(mine, IncomingMail.id <= last))


def _last_date(
    event: Event, speaker: Speaker, objects: tuple[SentObject, ...]
) -> tuple[int, datetime | None]:
    """The lowest sequence of a mail with the present date, and when another date was announced."""
    dates = dates_of_versions(event)
    sent = [each for each in objects if each.state in NOTIFIED]
    newest = dates.get(sent[0].version) if sent else None
    same = [each for each in sent if dates.get(each.version) == newest]
    if newest is None or not same:
        return speaker.calendar_sequence or 0, None
    return same[-1].sequence, same[-1].created_at if len(same) < len(sent) else None


def _latest(speaker: Speaker) -> AnswerOrder | None:
    """The order of the answer in force; None where there is none to this date."""
    if not speaker.partstat:
        return None
    wanted = select(IncomingMail.stamp, IncomingMail.received_at).where(
        IncomingMail.speaker_id == speaker.id,
        IncomingMail.outcome == IncomingOutcome.TAKEN.value,
        IncomingMail.kind == IncomingKind.ANSWER.value,
    )
    orders = [order_by(stamp, received_at) for stamp, received_at in db.session.execute(wanted)]
    return max(orders, default=None)


def _invite_again(speaker: Speaker, *, now: datetime) -> None:
    """Send the briefing again, at most once an hour."""
    event = speaker.event
    key = f"refresh:{speaker.public_id}:{int(now.timestamp()) // 3600}"
    if not_briefed_because(event.state, over=event.ends_at <= now) or is_written(key):
        return
    write_to_speaker(MailKind.SPEAKER_BRIEFING, speaker, event, key=key, now=now)
