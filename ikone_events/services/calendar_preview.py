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
from ikone_events.domain.calendar_hints import hints_on
from ikone_events.domain.calendar_words import UPDATES, effect_of
from ikone_events.domain.facts import State
from ikone_events.domain.lifecycle import EventFormat
from ikone_events.domain.mail_facts import Invitation
from ikone_events.domain.messages import CANCEL, REQUEST, MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration import Status
from ikone_events.mail.compose import compose
from ikone_events.services.letter_values import summary_for
from ikone_events.services.mail_facts import facts_for
from ikone_events.services.notified import notified_versions
from ikone_events.store.calendar_letters import objects_of
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.incoming import DeadAddress
from ikone_events.store.letters import OutboxMail
from ikone_events.store.registrations import Registration

_OFF = (State.POSTPONED.value, State.CANCELLED.value)
_HAPPENING = (State.ANNOUNCED.value, State.OPEN.value, State.CLOSED.value, State.DISPATCHED.value)
NOTHING_SENT = N_("Nothing is sent: the calendar stays as it is.")
ASKED_AGAIN = N_("Updates the event, and asks for the answer again: the date is another.")


class Stand(StrEnum):
    """What a calendar shows, as far as our letters decide it."""

    NEVER = "never"
    ASSUMED = "assumed"  # brought by a letter of before, as of people from a file
    SHOWN = "shown"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """One person's calendar: what it shows now and what after, None where that is nothing.

    `since` is when the letter left that decides it, `under_way` a newer one that no mail server has
    taken yet. `sent` is the object that would be sent, None where none would be; `effect` says what
    that does, as a message id.
    """

    person: Registration
    stand: Stand
    now: bytes | None
    under_way: OutboxMail | None
    since: datetime | None
    sent: bytes | None
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
    letters = objects_of([person.id for person in chosen])
    dead, known = _dead_addresses(chosen), notified_versions(event, chosen)
    return [
        _view(
            known[person.id], then or event, person, letters.get(person.id, ()), dead=dead, now=now
        )
        for person in chosen
    ]


def _dead_addresses(people: Sequence[Registration]) -> frozenset[str]:
    keys = [email_key(person.email) for person in people]
    wanted = select(DeadAddress.email_key).where(DeadAddress.email_key.in_(keys))
    return frozenset(db.session.scalars(wanted))


def _view(
    known: Event,
    then: Event,
    person: Registration,
    letters: Sequence[OutboxMail],
    *,
    dead: frozenset[str],
    now: datetime,
) -> CalendarView:
    sent = [letter for letter in letters if letter.state == "sent"]
    newest = sent[0] if sent else None
    under_way = letters[0] if letters and letters[0] is not newest else None
    stand = _stand(newest, letters, person)
    shown = newest.calendar if newest and newest.calendar_method == REQUEST else None
    if stand is Stand.ASSUMED:
        shown = _assumed(known, person, now)
    sent_next, complaints = _next_object(known, then, person, now=now)
    return CalendarView(
        person=person,
        stand=stand,
        now=shown,
        under_way=under_way,
        since=newest.sent_at if newest else None,
        sent=sent_next,
        after=_shown_after(shown, sent_next),
        effect=_effect(sent_next, person),
        complaints=complaints,
        hints=(*_of_letters(sent, person, dead), *hints_for(then, person, now=now)),
    )


def _stand(newest: OutboxMail | None, letters: Sequence[OutboxMail], person: Registration) -> Stand:
    if newest is None:
        from_before = not letters and person.calendar_sequence is not None
        shown = from_before and person.calendar_method != CANCEL
        return Stand.ASSUMED if shown else Stand.NEVER
    return Stand.REMOVED if newest.calendar_method == CANCEL else Stand.SHOWN


def _assumed(known: Event, person: Registration, now: datetime) -> bytes | None:
    """The entry that later mails will update; which mail brought it, nobody here knows."""
    facts = facts_for(MailKind.CONFIRMATION, person, known, now=now, known=known)
    invitation = Invitation(
        uid=person.calendar_uid,
        sequence=person.calendar_sequence or 0,
        stamp=person.registered_at,
    )
    try:
        return compose(replace(facts, invitation=invitation)).calendar
    except UnfitInput:
        return None


def _next_object(
    known: Event, then: Event, person: Registration, *, now: datetime
) -> tuple[bytes | None, tuple[Complaint, ...]]:
    """The object that would be sent, or why it can't be; None where none is sent at all."""
    kind = _kind(then, person, now)
    if kind is None:
        return None, ()
    facts = facts_for(kind, person, then, now=now, known=known)
    if facts.invitation is None:
        return None, ()
    try:
        return compose(facts).calendar, ()
    except UnfitInput as refusal:
        return None, refusal.complaints


def _kind(then: Event, person: Registration, now: datetime) -> MailKind | None:
    """The letter that would carry the object, if any would."""
    invited = person.calendar_sequence is not None and person.calendar_method != CANCEL
    if then.state in _OFF:
        return MailKind.CANCELLATION if invited and then.ends_at > now else None
    if then.state not in _HAPPENING or then.ends_at <= now:
        return None
    return MailKind.MOVED if invited else MailKind.CONFIRMATION


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


def _of_letters(
    sent: Sequence[OutboxMail], person: Registration, dead: frozenset[str]
) -> tuple[Complaint, ...]:
    """What went wrong on the way to this calendar."""
    newest = {letter.calendar_uid: letter for letter in reversed(sent)}
    standing = [one for one in newest.values() if one.calendar_method == REQUEST]
    found = []
    if len(standing) > 1:
        text = N_("Two entries stand in this calendar: the former one was never taken out.")
        found.append(Complaint(text))
    if email_key(person.email) in dead:
        text = N_("The last letter to this address came back: this calendar hears nothing of us.")
        found.append(Complaint(text, about="email"))
    return tuple(found)


def hints_for(event: Event, person: Registration, *, now: datetime) -> tuple[Complaint, ...]:
    """What is worth a second look in this person's entry."""
    found = hints_on(
        summary_for(event, person),
        room_known=bool(event.room_url),
        contact_known=bool(event.contact_name or event.contact_email),
        now=now,
    )
    if person.locale == "en" and not event.title_en:
        text = N_("There is no English title: this English entry bears the German one.")
        return (*found, Complaint(text, about="title_en"))
    return found
