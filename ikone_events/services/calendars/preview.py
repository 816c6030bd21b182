"""What people's calendars show of an event now, and what they will show after a change.

Now is what the newest mail brought that a mail server took. After is the object of the mail that
would be written if one were sent this moment; nothing is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from icalendar import Calendar
from sqlalchemy import func, select

from ikone_events.domain.address import email_key
from ikone_events.domain.calendars.hints import hints_on
from ikone_events.domain.calendars.words import UPDATES, effect_of
from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import EventFormat
from ikone_events.domain.mails.facts import Invitation, MailFacts
from ikone_events.domain.mails.kinds import CANCEL, REQUEST, MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.mail.writing.compose import compose
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.notified import notified_versions
from ikone_events.services.mails.values import summary_for
from ikone_events.store.calendars.mails import objects_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

_OFF = (State.POSTPONED.value, State.CANCELLED.value)
_HAPPENING = (State.ANNOUNCED.value, State.OPEN.value, State.CLOSED.value, State.DISPATCHED.value)
NOTHING_SENT = N_("Nothing is sent: the calendar stays as it is.")
ASKED_AGAIN = N_("Updates the event, and asks for the answer again: the date is another.")


class Stand(StrEnum):
    """What a calendar shows, as far as our mails decide it."""

    NEVER = "never"
    ASSUMED = "assumed"  # brought by a mail of before, as of people from a file
    SHOWN = "shown"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """One person's calendar: what it shows now and what after, None where that is nothing.

    `under_way` is a newer mail that no server has taken yet; `effect` says what the mail that would
    be sent does, as a message id.
    """

    person: Registration
    stand: Stand
    now: bytes | None
    under_way: OutboxMail | None
    after: bytes | None
    effect: str
    complaints: tuple[Complaint, ...]
    hints: tuple[Complaint, ...]


def samples_of(event: Event) -> Sequence[Registration]:
    """The newest person with a place of each language, and of each mode at a hybrid event."""
    groups = [Registration.locale]
    if event.format == EventFormat.HYBRID.value:
        groups.append(Registration.mode)
    newest = (
        select(func.max(Registration.id))
        .where(
            Registration.event_id == event.id,
            Registration.status == Status.CONFIRMED.value,
            Registration.anonymised_at.is_(None),
        )
        .group_by(*groups)
    )
    wanted = select(Registration).where(Registration.id.in_(newest))
    return db.session.scalars(wanted.order_by(Registration.locale, Registration.mode)).all()


def views_of(
    event: Event,
    *,
    then: Event | None = None,
    now: datetime,
    people: Sequence[Registration] | None = None,
) -> list[CalendarView]:
    """The calendars of these people, or of a sample; `then` is the event after a change."""
    chosen = samples_of(event) if people is None else people
    mails = objects_of([person.id for person in chosen])
    dead, known = _dead_addresses(chosen), notified_versions(event, chosen)
    return [
        _view(known[person.id], then or event, person, mails.get(person.id, ()), dead=dead, now=now)
        for person in chosen
    ]


def _dead_addresses(people: Sequence[Registration]) -> frozenset[str]:
    keys = [email_key(person.email) for person in people]
    wanted = select(UndeliverableAddress.email_key).where(UndeliverableAddress.email_key.in_(keys))
    return frozenset(db.session.scalars(wanted))


def _view(
    known: Event,
    then: Event,
    person: Registration,
    mails: Sequence[OutboxMail],
    *,
    dead: frozenset[str],
    now: datetime,
) -> CalendarView:
    taken = [mail for mail in mails if mail.state == "sent"]
    newest = taken[0] if taken else None
    stand = _stand(newest, mails, person)
    shown = newest.calendar if newest and stand is Stand.SHOWN else None
    if stand is Stand.ASSUMED:
        shown = _assumed(known, person, now)
    kind = _kind(then, person, now)
    facts = facts_for(kind, person, then, now=now, known=known) if kind else None
    data, complaints = _object(facts)
    return CalendarView(
        person=person,
        stand=stand,
        now=shown,
        under_way=mails[0] if mails and mails[0] is not newest else None,
        after=_shown_after(shown, data),
        effect=_effect(data, person),
        complaints=complaints,
        hints=(*_of_mails(taken, person, dead), *_hints(then, person, now)),
    )


def _stand(newest: OutboxMail | None, mails: Sequence[OutboxMail], person: Registration) -> Stand:
    if newest is None:
        return Stand.ASSUMED if not mails and _has_entry(person) else Stand.NEVER
    return Stand.REMOVED if newest.calendar_method == CANCEL else Stand.SHOWN


def _has_entry(person: Registration) -> bool:
    """Whether the last object that was promised to this person was an invitation."""
    return person.calendar_sequence is not None and person.calendar_method != CANCEL


def _assumed(known: Event, person: Registration, now: datetime) -> bytes | None:
    """The entry that later mails will update; which mail brought it, nobody here knows."""
    facts = facts_for(MailKind.CONFIRMATION, person, known, now=now, known=known)
    sequence, stamp = person.calendar_sequence or 0, person.registered_at
    invitation = Invitation(uid=person.calendar_uid, sequence=sequence, stamp=stamp)
    return _object(replace(facts, invitation=invitation))[0]


def _object(facts: MailFacts | None) -> tuple[bytes | None, tuple[Complaint, ...]]:
    """The calendar object of a mail, None where there is none, or why it can't be written."""
    if facts is None or facts.invitation is None:
        return None, ()
    try:
        return compose(facts).calendar, ()
    except UnfitInput as refusal:
        return None, refusal.complaints


def _kind(then: Event, person: Registration, now: datetime) -> MailKind | None:
    """The mail that would carry the object, if any would."""
    if then.ends_at <= now:
        return None
    if then.state in _OFF:
        return MailKind.CANCELLATION if _has_entry(person) else None
    if then.state in _HAPPENING:
        return MailKind.MOVED if _has_entry(person) else MailKind.CONFIRMATION
    return None


def _shown_after(shown: bytes | None, sent: bytes | None) -> bytes | None:
    """What nothing is sent to stays; what is withdrawn is gone."""
    if sent is None:
        return shown
    return None if b"\r\nMETHOD:CANCEL\r\n" in sent else sent


def _effect(sent: bytes | None, person: Registration) -> str:
    if sent is None:
        return NOTHING_SENT
    calendar = Calendar.from_ical(sent)
    (entry,) = calendar.events
    effect = effect_of(calendar, int(entry.get("SEQUENCE", 0)))
    answered = person.partstat and entry["ATTENDEE"].params["PARTSTAT"] != person.partstat
    return ASKED_AGAIN if answered and effect == UPDATES else effect


def _of_mails(
    sent: Sequence[OutboxMail], person: Registration, dead: frozenset[str]
) -> tuple[Complaint, ...]:
    """What went wrong on the way to this calendar."""
    newest = {mail.calendar_uid: mail for mail in reversed(sent)}
    standing = [one for one in newest.values() if one.calendar_method == REQUEST]
    found = []
    if len(standing) > 1:
        text = N_("Two entries stand in this calendar: the former one was never taken out.")
        found.append(Complaint(text))
    if email_key(person.email) in dead:
        text = N_("The last e-mail to this address came back: this calendar hears nothing of us.")
        found.append(Complaint(text, about="email"))
    return tuple(found)


def _hints(event: Event, person: Registration, now: datetime) -> tuple[Complaint, ...]:
    """What is worth a second look in this person's entry."""
    contact = bool(event.contact_name or event.contact_email)
    found = hints_on(summary_for(event, person), contact_known=contact, now=now)
    if person.locale == "en" and not event.title_en:
        text = N_("There is no English title: this English entry bears the German one.")
        return (*found, Complaint(text, about="title_en"))
    return found
