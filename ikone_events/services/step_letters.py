"""The letters of steps: whom a step writes to, how many they are, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, Select, func, select

from ikone_events.domain.audiences import OF_SUBSCRIBERS, Audience
from ikone_events.domain.lifecycle import RULES, Message
from ikone_events.domain.messages import MailKind
from ikone_events.services.audiences import people_of, subscribers_of
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.registrations import Registration
from ikone_events.store.steps import Step
from ikone_events.store.subscribers import Subscriber

# Columns of one statement; SQLite takes two thousand, its compiler gets slow before.
_MOST_AT_ONCE = 60


@dataclass(slots=True)
class Fate:
    """What became of the letters of one step; `mailing_id` is the last mailing it began.

    `reached` tells a mailing whose letters have been deleted since from one that wrote to nobody.
    """

    mailing_id: int
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    stopped: int = 0
    finished: bool = True
    reached: bool = False


def message_of(step: Step) -> Message | None:
    """The letter a step writes, with its audience; None when it writes to nobody."""
    if step.kind:
        return Message(MailKind(step.kind), Audience(step.audience))
    return next((rule.message for rule in RULES if rule.action == step.action), None)


def count_people(steps: Iterable[Step]) -> dict[int, int]:
    """How many people each step would write to today; one query for all of some sixty steps."""
    messages = {step: message for step in steps if (message := message_of(step)) is not None}
    wishes = {step: _wish(step, message) for step, message in messages.items()}
    numbers: dict[tuple[int, str, int | None], int] = {}
    by_wish = {wish: step for step, wish in wishes.items()}
    keys = list(by_wish)
    for first in range(0, len(keys), _MOST_AT_ONCE):
        part = keys[first : first + _MOST_AT_ONCE]
        counts = [_count(by_wish[wish], messages[by_wish[wish]].audience) for wish in part]
        numbers.update(zip(part, db.session.execute(select(*counts)).one(), strict=True))
    return {step.id: numbers[wish] for step, wish in wishes.items()}


def fates_of(event: Event) -> dict[int, Fate]:
    """What became of the letters of every step of an event that began a mailing."""
    columns = (Mailing.step_id, Mailing.id, Mailing.finished_at, Mailing.last_id, OutboxMail.state)
    rows = db.session.execute(
        select(*columns, func.count())
        .outerjoin(OutboxMail, OutboxMail.mailing_id == Mailing.id)
        .where(Mailing.event_id == event.id, Mailing.step_id.is_not(None))
        .group_by(*columns)
        .order_by(Mailing.id)
    )
    found: dict[int, Fate] = {}
    for step_id, mailing_id, finished_at, last_id, state, number in rows:
        if step_id is None:
            continue
        fate = found.setdefault(step_id, Fate(mailing_id))
        fate.mailing_id, fate.finished = mailing_id, finished_at is not None
        fate.reached = fate.reached or last_id > 0
        _add(fate, state, number)
    return found


def _add(fate: Fate, state: str | None, number: int) -> None:
    if state == "sent":
        fate.sent += number
    elif state == "failed":
        fate.failed += number
    elif state == "stopped":
        fate.stopped += number
    elif state is not None:
        fate.waiting += number


def _wish(step: Step, message: Message) -> tuple[int, str, int | None]:
    return step.event_id, message.audience.value, step.organisation_id


def _count(step: Step, audience: Audience) -> ScalarSelect[int]:
    people: Select[Registration] | Select[Subscriber]
    if audience in OF_SUBSCRIBERS:
        people = subscribers_of(step.event, audience)
    else:
        people = people_of(step.event, audience, organisation_id=step.organisation_id)
    return select(func.count()).select_from(people.order_by(None).subquery()).scalar_subquery()
