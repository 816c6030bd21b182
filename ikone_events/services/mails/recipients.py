"""The people of a sending one by one: a page of them, one of them, and how many of each kind."""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.audiences import count, people_of, subscribers_of
from ikone_events.services.mails.drafts import Sending
from ikone_events.services.mails.facts import follow_up_for
from ikone_events.store.db import db
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.paging import Page, paginate
from ikone_events.store.registering.models import Registration
from ikone_events.store.searching import containing

Person = Registration | Subscriber
Row = TypeVar("Row")


def total_of(sending: Sending) -> int:
    """How many people it would reach now."""
    audience = sending.message.audience
    return count(sending.event, audience, organisation_id=sending.organisation_id)


def page_of(
    sending: Sending, *, words: str = "", number: int = 1
) -> Page[Registration] | Page[Subscriber]:
    """Those whose name, address or administration holds some words."""
    if sending.to_subscribers:
        subscribers = subscribers_of(sending.event, sending.message.audience)
        found = subscribers.where(*containing(words, [Subscriber.email]))
        return paginate(found, number=number)
    people = _people(sending).where(
        *containing(
            words,
            [
                Registration.first_name,
                Registration.last_name,
                Registration.email,
                Registration.organisation_text,
            ],
        )
    )
    return paginate(people, number=number)


def find_person(sending: Sending, public_id: str) -> Person | None:
    """One recipient by the name it has outside; the first when there is none of that name."""
    if sending.to_subscribers:
        subscribers = subscribers_of(sending.event, sending.message.audience)
        return _one(subscribers, Subscriber.public_id == public_id)
    return _one(_people(sending), Registration.public_id == public_id)


def counts_by_kind(sending: Sending) -> Mapping[MailKind, int]:
    """How many get which mail; more than one kind only where attendance decides."""
    if sending.message.kind is not MailKind.FOLLOW_UP:
        return {sending.message.kind: total_of(sending)}
    people = _people(sending).order_by(None).subquery()
    rows = db.session.execute(
        select(people.c.attendance, func.count()).group_by(people.c.attendance)
    )
    found: Counter[MailKind] = Counter()
    for attendance, number in rows:
        found[follow_up_for(attendance)] += number
    return found


def _people(sending: Sending) -> Select[Registration]:
    audience = sending.message.audience
    return people_of(sending.event, audience, organisation_id=sending.organisation_id)


def _one(wanted: Select[Row], chosen: ColumnElement[bool]) -> Row | None:
    return db.session.scalar(wanted.where(chosen)) or db.session.scalar(wanted.limit(1))
