"""Answers of calendars: which one counts, and what it changes.

Only this module writes `Registration.partstat`, except for mails: one that asks again clears it.
"""

from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from sqlalchemy import select, update

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.incoming.answer_rules import (
    DECLINED,
    AnswerOrder,
    Invited,
    counts_for_date,
    is_proved,
    order_by,
    same_person,
)
from ikone_events.domain.incoming.answer_rules import judge as judge_answer
from ikone_events.domain.incoming.mails import CalendarAnswer, IncomingKind, IncomingOutcome
from ikone_events.domain.mails.kinds import CANCEL, REQUEST, MailKind
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.registering.registration import ACTIVE, Status
from ikone_events.domain.registering.status import CALENDAR
from ikone_events.services.incoming.matching import Subject
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.values import notified_versions
from ikone_events.services.mails.writing import is_written, write_mail
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, for_update, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.incoming.queries import SentObject, objects_of, taken_answers
from ikone_events.store.mails.event_versions import NOTIFIED, dates_of_versions
from ikone_events.store.registering.models import IS_ACTIVE, Registration


def judge(answer: CalendarAnswer, subject: Subject) -> IncomingOutcome:
    """Whether the answer counts. The event must be locked."""
    registration, event = subject.registration, subject.event
    if registration is None or event is None:
        return IncomingOutcome.TRIAL
    return judge_answer(answer, _invited(answer, registration, event, subject.objects))


def act(
    answer: CalendarAnswer, subject: Subject, outcome: IncomingOutcome, *, now: datetime
) -> None:
    """Store an answer that counts, or send the invitation again if it asks for it."""
    registration, event = subject.registration, subject.event
    if registration is None or event is None:
        return
    if outcome is IncomingOutcome.TAKEN:
        _take(answer, registration, event, now=now)
    elif outcome is IncomingOutcome.REFRESH and not answer.envelope.automatic:
        _invite_again(registration, event, now=now)


def _invited(
    answer: CalendarAnswer,
    registration: Registration,
    event: Event,
    objects: tuple[SentObject, ...],
) -> Invited:
    """The invitation as a value of the domain."""
    live = (
        registration.calendar_uid == answer.uid
        and registration.calendar_method != CANCEL
        and registration.status in ACTIVE
    )
    since, told_at = _last_date(registration, event, objects)
    invited = Invited(address=registration.email, live=live, since=since, told_at=told_at)
    latest = _latest(registration, invited)
    return replace(invited, latest=_order_of_row(latest) if latest else None)


def answer_in_force(registration: Registration, event: Event) -> IncomingMail | None:
    """The answer that counts for the current invitation and date."""
    since, told_at = _last_date(registration, event, tuple(objects_of(registration.calendar_uid)))
    invited = Invited(address=registration.email, live=True, since=since, told_at=told_at)
    return _latest(registration, invited)


def _latest(registration: Registration, invited: Invited) -> IncomingMail | None:
    latest: IncomingMail | None = None
    for row in taken_answers(registration):
        order = _order_of_row(row)
        if not counts_for_date(row.sequence, order, invited):
            continue
        if latest is None or order >= _order_of_row(latest):
            latest = row
    return latest


def _order_of_row(row: IncomingMail) -> AnswerOrder:
    """The sort key of a stored answer."""
    return order_by(row.stamp, row.received_at)


def _last_date(
    registration: Registration, event: Event, objects: tuple[SentObject, ...]
) -> tuple[int, datetime | None]:
    """The sequence and time of the first mail with the date of the last one.

    The time is None if there was no other date. If the date in a mail is unknown, only answers to
    the last mail count.
    """
    sent = tuple(each for each in objects if each.state in NOTIFIED)
    dates = dates_of_versions(event)
    ours = registration.calendar_sequence or 0
    date = dates.get(sent[0].version) if sent else None
    same = list(takewhile(lambda each: dates.get(each.version) == date, sent))
    if date is None or not same:
        return ours, None
    if len(same) < len(sent):
        return min(ours, same[-1].sequence), same[-1].created_at
    # The date in earlier mails, for example of imported registrations, is unknown.
    was_moved = len(set(dates.values())) > 1
    return min(ours, same[-1].sequence) if was_moved else 0, None


def _take(
    answer: CalendarAnswer, registration: Registration, event: Event, *, now: datetime
) -> None:
    registration.partstat = answer.partstat
    _tick_off_older(registration, answer, now=now)
    if same_person(answer.envelope.sender, registration.email):
        undeliverable_addresses.lift(registration.email)
    db.session.flush()
    if answer.partstat == DECLINED and not answer.envelope.automatic:
        _decline(answer, registration, event, now=now)


def _tick_off_older(registration: Registration, answer: CalendarAnswer, *, now: datetime) -> None:
    """An answer to the current date makes earlier answers to an old date irrelevant."""
    old = update(IncomingMail).where(
        IncomingMail.registration_id == registration.id,
        IncomingMail.outcome == IncomingOutcome.OLD_DATE.value,
        IncomingMail.seen_at.is_(None),
        IncomingMail.received_at <= answer.envelope.received_at,
    )
    rows_written(old.values(seen_at=now))


def _decline(
    answer: CalendarAnswer, registration: Registration, event: Event, *, now: datetime
) -> None:
    """Free the seat if the event allows it and the answer is authenticated, else ask by mail."""
    if event.ends_at <= now or State(event.state) not in TAKES_PLACE:
        return
    if event.decline_frees and is_proved(answer, registration.email):
        withdraw(registration.public_id, now=now, actor=CALENDAR)
        return
    date = f"{event.starts_at:%Y%m%d%H%M}-{event.ends_at:%Y%m%d%H%M}"
    key = f"not_coming:{registration.public_id}:{date}"
    if not is_written(key):
        write_mail(MailKind.NOT_COMING, registration, event, key=key, now=now)


def _invite_again(registration: Registration, event: Event, *, now: datetime) -> None:
    """Send the invitation again to the registered address, at most once an hour."""
    key = f"refresh:{registration.public_id}:{now:%Y%m%d%H}"
    over = event.ends_at <= now or State(event.state) not in TAKES_PLACE
    if over or registration.status != Status.CONFIRMED.value or is_written(key):
        return
    write_mail(MailKind.CONFIRMATION, registration, event, key=key, now=now)


def tick_off(event: Event, mail_id: int, *, actor: str, now: datetime) -> None:
    """Mark a received mail as seen, unless somebody has done so. Raises NotFound."""
    mine = (IncomingMail.id == mail_id) & (IncomingMail.event_id == event.id)
    mail = db.session.scalar(for_update(select(IncomingMail).where(mine), IncomingMail))
    if mail is None:
        raise NotFound(Complaint(N_("There is no such e-mail.")))
    if mail.seen_at is None:
        mail.seen_at, mail.seen_by = now, actor


def restore_answers(event: Event) -> None:
    """Restore the answers of people whose calendars show the event's present date.

    A mail about another date asks for a new answer when it is written. If it never left and the
    date is put back, the person is not written to, and the answer in the calendar is the old one.
    The event must be locked.
    """
    answered = select(IncomingMail.id).where(
        IncomingMail.registration_id == Registration.id,
        IncomingMail.kind == IncomingKind.ANSWER.value,
        IncomingMail.outcome == IncomingOutcome.TAKEN.value,
    )
    wanted = select(Registration).where(
        Registration.event_id == event.id,
        IS_ACTIVE,
        Registration.partstat == "",
        Registration.calendar_method == REQUEST,
        answered.exists(),
    )
    people = list(db.session.scalars(wanted.order_by(Registration.id)))
    known = notified_versions(event, people)
    for person in people:
        seen = known[person.id]
        same = (seen.starts_at, seen.ends_at) == (event.starts_at, event.ends_at)
        if same and (answer := answer_in_force(person, event)) is not None:
            person.partstat = answer.partstat
