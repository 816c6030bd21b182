"""Audiences: registered people of one event, subscribers, contacts, or speakers.

Anonymised people belong to none.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, false, func, or_, select, true

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.mails.audiences import OF_CONTACTS, OF_NETWORK, OF_NEWS, Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.recipients import ContactChoice, ContactGroup, read_choice
from ikone_events.domain.registering.registration import ACTIVE, Attendance, Awaits, Status
from ikone_events.store.db import db
from ikone_events.store.directory.models import Contact, Organisation, member_on
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker, briefed
from ikone_events.store.followup.access import sees_some
from ikone_events.store.followup.feedback import HAS_ANSWERED
from ikone_events.store.mails.models import NETWORK, Mailing, Subscriber
from ikone_events.store.mails.objections import Objection
from ikone_events.store.plan.models import StepRecipient
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import HAS_NEW_ANSWER

People = Select[Registration] | Select[Subscriber] | Select[Contact] | Select[Speaker]

# Columns of one statement. SQLite allows two thousand, but compiling gets slow before.
_MOST_AT_ONCE = 60
_BY_ATTENDANCE = {
    Audience.ATTENDED: Attendance.ATTENDED,
    Audience.MISSED: Attendance.MISSED,
    Audience.NOT_MISSED: Attendance.MISSED,
}


def people_of(
    event: Event,
    audience: Audience,
    *,
    now: datetime,
    organisation_id: int | None = None,
    step_id: int | None = None,
    mailed_at: datetime | None = None,
) -> Select[Registration]:
    """The registered people of an audience, in the order of their ids.

    Absence follows after the end: who attended or not depends on the moment. The organisation is
    only for Audience.ADMINISTRATION, the step only for Audience.CHOSEN, `mailed_at` only for
    Audience.SUPPLEMENTED: whose materials they are, None for those of the next one.
    """
    group = Group(event, audience, organisation_id, step_id, mailed_at=mailed_at)
    return (
        select(Registration)
        .where(
            Registration.event_id == event.id,
            Registration.anonymised_at.is_(None),
            *_conditions(group, now),
        )
        .order_by(Registration.id)
    )


def people_of_mailing(event: Event, mailing: Mailing, *, now: datetime) -> Select[Registration]:
    """The registered people whom a mailing goes to, which may not be stored yet."""
    return people_of(
        event,
        Audience(mailing.audience),
        now=now,
        organisation_id=mailing.organisation_id,
        step_id=mailing.step_id,
        mailed_at=mailing.created_at,
    )


def people_to_write_to(event: Event, mailing: Mailing, *, now: datetime) -> Select[Registration]:
    """The people of a mailing without those who have done what it asks for.

    Previews and counts don't leave them out: the difference would show who has given feedback.
    """
    people = people_of_mailing(event, mailing, now=now)
    if mailing.kind == MailKind.FEEDBACK.value:
        people = people.where(~HAS_ANSWERED)
    return people


def subscribers_of(event: Event, audience: Audience) -> Select[Subscriber]:
    """The confirmed subscribers of an audience, in the order of their ids.

    None of the network for an event that needs a code.
    """
    wanted = select(Subscriber).where(Subscriber.confirmed_at.is_not(None)).order_by(Subscriber.id)
    if audience is Audience.NOBODY:
        return wanted.where(false())
    if audience is Audience.INTERESTED:
        return wanted.where(Subscriber.event_id == event.id)
    wanted = wanted.where(Subscriber.topic == NETWORK)
    if event.by_code and audience in OF_NETWORK:
        return wanted.where(false())
    if audience is Audience.SUBSCRIBERS:
        return wanted
    if audience is Audience.UNREGISTERED:
        registered = select(Registration.email_key).where(
            Registration.event_id == event.id, _has_status(ACTIVE)
        )
        return wanted.where(Subscriber.email_key.not_in(registered))
    raise ValueError(f"{audience} is no audience of subscribers")


def readers_of(
    event: Event, audience: Audience, choice: str = "", *, at: datetime | None = None
) -> Select[Subscriber] | Select[Contact]:
    """The subscribers or contacts of an audience, and of a stored choice, in order of their ids.

    `at`: those of a mailing of that time; who subscribes or becomes a contact later is not among
    them.
    """
    if audience in OF_CONTACTS:
        return _contacts_of(event, audience, choice, at)
    found = subscribers_of(event, audience)
    return found if at is None else found.where(Subscriber.confirmed_at <= at)


def _contacts_of(
    event: Event, audience: Audience, choice: str, at: datetime | None
) -> Select[Contact]:
    """None for an event that needs a code, and never somebody who has objected."""
    objected = Contact.address_hash.in_(select(Objection.address_hash))
    wanted = select(Contact).where(~objected, _belongs_to(event, read_choice(choice)))
    if event.by_code:
        wanted = wanted.where(false())
    if at is not None:
        wanted = wanted.where(Contact.created_at <= at)
    if audience is Audience.OTHER_CONTACTS:
        subscribers = readers_of(event, Audience.SUBSCRIBERS, at=at).order_by(None)
        same = subscribers.where(Subscriber.email_key == Contact.email_key)
        wanted = wanted.where(~same.exists())
    return wanted.order_by(Contact.id)


def _belongs_to(event: Event, choice: ContactChoice) -> ColumnElement[bool]:
    """Whether a contact belongs to a choice; members are those of the event's day."""
    if choice.is_everybody:
        return true()
    body = Contact.organisation_id
    members = select(Organisation.id).where(member_on(event.day))
    of_group = {
        ContactGroup.MEMBERS: body.in_(members),
        ContactGroup.OTHERS: and_(body.is_not(None), body.not_in(members)),
        ContactGroup.UNMATCHED: body.is_(None),
    }
    return or_(body.in_(sorted(choice.bodies)), *(of_group[group] for group in choice.groups))


class Group(NamedTuple):
    """An audience of one event, as `people_of` takes it; `contact_choice` as it is stored."""

    event: Event
    audience: Audience
    organisation_id: int | None = None
    step_id: int | None = None
    contact_choice: str = ""
    mailed_at: datetime | None = None


def count(
    event: Event,
    audience: Audience,
    *,
    now: datetime,
    organisation_id: int | None = None,
    step_id: int | None = None,
    contact_choice: str = "",
) -> int:
    """The number of people of an audience."""
    group = Group(event, audience, organisation_id, step_id, contact_choice)
    return count_each([group], now=now)[group]


def count_each(groups: Iterable[Group], *, now: datetime) -> dict[Group, int]:
    """The number of people of each group, with one statement for up to sixty groups."""
    wanted = list(dict.fromkeys(groups))
    found: dict[Group, int] = {}
    for first in range(0, len(wanted), _MOST_AT_ONCE):
        part = wanted[first : first + _MOST_AT_ONCE]
        numbers = db.session.execute(select(*(_number(group, now) for group in part))).one()
        found.update(zip(part, numbers, strict=True))
    return found


def _number(group: Group, now: datetime) -> ScalarSelect[int]:
    people: People
    if group.audience in OF_NEWS:
        people = readers_of(group.event, group.audience, group.contact_choice)
    elif group.audience is Audience.SPEAKERS:
        people = briefed(group.event.id)
    else:
        people = people_of(
            group.event,
            group.audience,
            now=now,
            organisation_id=group.organisation_id,
            step_id=group.step_id,
            mailed_at=group.mailed_at,
        )
    return select(func.count()).select_from(people.order_by(None).subquery()).scalar_subquery()


def _conditions(group: Group, now: datetime) -> tuple[ColumnElement[bool], ...]:
    event = group.event
    confirmed, pending = _has_status((Status.CONFIRMED,)), _has_status((Status.PENDING,))
    coming = _has_status(ACTIVE)
    followed_up = (Status.CONFIRMED, *[Status.WAITLISTED] * event.follow_up_to_waiting)
    if group.audience in _BY_ATTENDANCE:
        came = attendance_of(now, event.id)
        if group.audience is Audience.NOT_MISSED:
            return (confirmed, came.is_distinct_from(Attendance.MISSED.value))
        return (came == _BY_ATTENDANCE[group.audience].value,)
    if group.audience is Audience.SUPPLEMENTED:
        return (Registration.wants_supplement.is_(True), sees_some(event, group.mailed_at, now))
    answered = Registration.partstat != ""
    of_audience: dict[Audience, tuple[ColumnElement[bool], ...]] = {
        Audience.CONFIRMED: (confirmed,),
        Audience.CONFIRMED_ONLINE: (confirmed, _comes(event, Mode.ONLINE)),
        Audience.CONFIRMED_ON_SITE: (confirmed, _comes(event, Mode.ON_SITE)),
        Audience.CONFIRMED_AND_WAITING: (coming,),
        Audience.WAITING: (_has_status((Status.WAITLISTED,)),),
        Audience.UNCONFIRMED: (pending, Registration.awaits != Awaits.APPROVAL.value),
        Audience.UNAPPROVED: (pending, Registration.awaits == Awaits.APPROVAL.value),
        Audience.OFFERED: (_has_status((Status.OFFERED,)),),
        Audience.ASKED: (coming, Registration.question != ""),
        Audience.ADMINISTRATION: (coming, Registration.organisation_id == group.organisation_id),
        Audience.CHOSEN: (_is_chosen(group.step_id),),
        Audience.FOLLOWED_UP: (_has_status(followed_up),),
        Audience.ANSWERED: (_has_status((*followed_up, Status.WAITLISTED)), _has_new_answer()),
        Audience.UNANSWERED: (confirmed, Registration.calendar_sequence.is_not(None), ~answered),
    }
    return of_audience[group.audience]


def _is_chosen(step_id: int | None) -> ColumnElement[bool]:
    """The people who were chosen for a step, without those who have withdrawn since."""
    return (
        select(StepRecipient.id)
        .where(
            StepRecipient.step_id == step_id,
            StepRecipient.registration_id == Registration.id,
            or_(StepRecipient.was_active.is_(False), _has_status(ACTIVE)),
        )
        .exists()
    )


def _has_new_answer() -> ColumnElement[bool]:
    mine = Question.registration_id == Registration.id
    return select(Question.id).where(mine, HAS_NEW_ANSWER).exists()


def _comes(event: Event, mode: Mode) -> ColumnElement[bool]:
    """The people who take part in this mode; only at hybrid events it depends on the person."""
    if event.format == EventFormat.HYBRID.value:
        return Registration.mode == mode.value
    return true() if event.format == mode.value else false()


def _has_status(statuses: Iterable[Status]) -> ColumnElement[bool]:
    return Registration.status.in_(sorted(status.value for status in statuses))
