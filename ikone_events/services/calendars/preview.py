"""Preview of people's calendars, now and after a change of the event.

Now is the calendar object of the newest accepted mail. After is the object of the mail that would
be sent; nothing is stored.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from icalendar import Calendar
from sqlalchemy import func, select

from ikone_events.domain.address import email_key
from ikone_events.domain.calendars.preview import UPDATES, effect_of, hints_on
from ikone_events.domain.events.facts import CALLED_OFF, TAKES_PLACE
from ikone_events.domain.events.lifecycle import EventFormat
from ikone_events.domain.mails.facts import Invitation, MailFacts
from ikone_events.domain.mails.kinds import CANCEL, REQUEST, MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.mail.writing.compose import compose
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.invitations import has_declined
from ikone_events.services.mails.values import notified_versions, summary_for
from ikone_events.store.calendars.mails import objects_of
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

NOTHING_SENT = N_("Nothing is sent: the calendar stays as it is.")
ONLY_MAILED = N_("An e-mail without an entry: the person has declined this date in the calendar.")
ASKED_AGAIN = N_("Updates the event, and asks for the answer again: the date is another.")


class Stand(StrEnum):
    """Whether a calendar has an entry, according to our mails."""

    NEVER = "never"
    ASSUMED = "assumed"  # from an earlier mail, for example of an imported registration
    SHOWN = "shown"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """One person's calendar: its entry now and after the change, None without an entry.

    `under_way` is a newer mail that has not been accepted; `effect` describes the mail that would
    be sent, as a message id.
    """

    person: Registration
    stand: Stand
    now: bytes | None
    under_way: OutboxMail | None
    after: bytes | None
    effect: str
    complaints: tuple[Complaint, ...]
    hints: tuple[Complaint, ...]


def _samples_of(event: Event) -> Sequence[Registration]:
    """The newest confirmed person per language, and per mode at a hybrid event."""
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
    """The calendars of these people, or of samples; `then` is the event after the change."""
    chosen = _samples_of(event) if people is None else people
    mails = objects_of([person.id for person in chosen])
    bounced = undeliverable_among([person.email_key for person in chosen])
    known = notified_versions(event, chosen)
    return [
        _view(known[each.id], then or event, each, mails.get(each.id, ()), bounced=bounced, now=now)
        for each in chosen
    ]


def _view(
    known: Event,
    then: Event,
    person: Registration,
    mails: Sequence[OutboxMail],
    *,
    bounced: Collection[str],
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
        effect=_effect(kind, data, person),
        complaints=complaints,
        hints=(*_of_mails(taken, person, bounced), *_hints(then, person, now)),
    )


def _stand(newest: OutboxMail | None, mails: Sequence[OutboxMail], person: Registration) -> Stand:
    if newest is None:
        return Stand.ASSUMED if not mails and _has_entry(person) else Stand.NEVER
    return Stand.REMOVED if newest.calendar_method == CANCEL else Stand.SHOWN


def _has_entry(person: Registration) -> bool:
    """Whether the last calendar object written to this person was an invitation."""
    return person.calendar_sequence is not None and person.calendar_method != CANCEL


def _assumed(known: Event, person: Registration, now: datetime) -> bytes | None:
    """The entry that later mails will update; the mail with it is unknown."""
    facts = facts_for(MailKind.CONFIRMATION, person, known, now=now, known=known)
    sequence = person.calendar_sequence or 0
    stamp = person.calendar_stamp or person.registered_at
    invitation = Invitation(uid=person.calendar_uid, sequence=sequence, stamp=stamp)
    return _object(replace(facts, invitation=invitation))[0]


def _object(facts: MailFacts | None) -> tuple[bytes | None, tuple[Complaint, ...]]:
    """The calendar object of a mail, if any, and why it can't be written."""
    if facts is None or facts.invitation is None:
        return None, ()
    try:
        return compose(facts).calendar, ()
    except UnfitInput as refusal:
        return None, refusal.complaints


def _kind(then: Event, person: Registration, now: datetime) -> MailKind | None:
    """The kind of mail that would contain the object, or None."""
    if then.ends_at <= now:
        return None
    if then.state in CALLED_OFF:
        return MailKind.CANCELLATION if _has_entry(person) else None
    if then.state in TAKES_PLACE:
        return MailKind.MOVED if _has_entry(person) else MailKind.CONFIRMATION
    return None


def _shown_after(shown: bytes | None, sent: bytes | None) -> bytes | None:
    """Without a mail the entry stays; a CANCEL removes it."""
    if sent is None:
        return shown
    return None if b"\r\nMETHOD:CANCEL\r\n" in sent else sent


def _effect(kind: MailKind | None, sent: bytes | None, person: Registration) -> str:
    if sent is None:
        return ONLY_MAILED if kind and has_declined(kind, person) else NOTHING_SENT
    calendar = Calendar.from_ical(sent)
    (entry,) = calendar.events
    effect = effect_of(calendar, updates=_has_entry(person))
    answered = person.partstat and entry["ATTENDEE"].params["PARTSTAT"] != person.partstat
    return ASKED_AGAIN if answered and effect == UPDATES else effect


def _of_mails(
    sent: Sequence[OutboxMail], person: Registration, bounced: Collection[str]
) -> tuple[Complaint, ...]:
    """Problems with the mails to this calendar."""
    newest = {mail.calendar_uid: mail for mail in reversed(sent)}
    entries = [mail for mail in newest.values() if mail.calendar_method == REQUEST]
    found = []
    if len(entries) > 1:
        text = N_("Two entries stand in this calendar: the former one was never taken out.")
        found.append(Complaint(text))
    if email_key(person.email) in bounced:
        text = N_("The last e-mail to this address came back: this calendar hears nothing of us.")
        found.append(Complaint(text, about="email"))
    return tuple(found)


def _hints(event: Event, person: Registration, now: datetime) -> tuple[Complaint, ...]:
    """Hints on this person's entry."""
    contact = bool(event.contact_name or event.contact_email)
    found = hints_on(summary_for(event, person), contact_known=contact, now=now)
    if person.locale == "en" and not event.title_en:
        text = N_("There is no English title: this English entry bears the German one.")
        return (*found, Complaint(text, about="title_en"))
    return found
