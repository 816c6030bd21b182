"""The mails of steps: whom a step writes to, how many they are, and what became of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import RULES, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step


@dataclass(slots=True)
class Fate:
    """What became of the mails of one step; `mailing_id` is the last mailing it began.

    `reached` tells a mailing whose mails have been deleted since from one that wrote to nobody.
    """

    mailing_id: int
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    stopped: int = 0
    finished: bool = True
    reached: bool = False


def message_of(step: Step) -> Message | None:
    """The mail a step writes, with its audience; None when it writes to nobody."""
    if step.kind:
        return Message(MailKind(step.kind), Audience(step.audience))
    return next((rule.message for rule in RULES if rule.action == step.action), None)


def count_people(steps: Iterable[Step]) -> dict[int, int]:
    """How many people each step would write to today, by the id of the step."""
    groups = {
        step.id: Group(step.event, message.audience, step.organisation_id)
        for step in steps
        if (message := message_of(step)) is not None
    }
    numbers = count_each(groups.values())
    return {step_id: numbers[group] for step_id, group in groups.items()}


def fates_of(event: Event) -> dict[int, Fate]:
    """What became of the mails of every step of an event that began a mailing."""
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
