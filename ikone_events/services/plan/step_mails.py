"""Mails of steps: own messages, recipients, and how many mails were sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import RULES, Message
from ikone_events.domain.mails.audiences import OWN_AUDIENCES, Audience, own_audiences
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.times import Timing
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.texts import TextChange, event_scope, save_text
from ikone_events.services.plan.plans import add_message
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step, choose_people
from ikone_events.store.registering.models import IS_ACTIVE, Registration


@dataclass(slots=True)
class Fate:
    """The mails of a step by state; `mailing_id` is its last mailing.

    `reached` is True if mails were written, even if they have been deleted since.
    """

    mailing_id: int
    sent: int = 0
    failed: int = 0
    queued: int = 0
    stopped: int = 0
    finished: bool = True
    reached: bool = False


def message_of(step: Step) -> Message | None:
    """The mail of a step and its audience; None if it sends none."""
    if step.kind:
        return Message(MailKind(step.kind), Audience(step.audience))
    return next((rule.message for rule in RULES if rule.action == step.action), None)


def count_people(steps: Iterable[Step], *, now: datetime) -> dict[int, int]:
    """The current number of recipients of each step, by step id."""
    groups = {
        step.id: Group(step.event, message.audience, step.organisation_id, _chosen_for(step))
        for step in steps
        if (message := message_of(step)) is not None
    }
    numbers = count_each(groups.values(), now=now)
    return {step_id: numbers[group] for step_id, group in groups.items()}


def _chosen_for(step: Step) -> int | None:
    """The step whose chosen people count; None for audiences that many steps share."""
    return step.id if step.audience == Audience.CHOSEN.value else None


def fates_of(event: Event) -> dict[int, Fate]:
    """The mails of all steps of an event that have started a mailing, by step id."""
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
        if state is not None:  # a state of the outbox, named like its field
            setattr(fate, state, getattr(fate, state) + number)
    return found


MOST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessage:
    """An own message of the organisers; without a title its subject is shown in lists.

    `organisation_id` is for Audience.ADMINISTRATION, `people` (registrations) for Audience.CHOSEN.
    """

    title: str
    audience: Audience
    timing: Timing
    texts: Sequence[TextChange]
    organisation_id: int | None = None
    people: Sequence[int] = ()


def note_message(slug: str, message: OwnMessage, *, actor: str, now: datetime) -> Step:
    """Store an own message as a step that is switched off until it is confirmed.

    Raises UnfitInput and NotFound.
    """
    event = lock_event(slug)
    _check(event, message)
    step = add_message(
        event,
        title=message.title.strip() or _subject_of(message),
        audience=message.audience,
        timing=message.timing,
        organisation_id=message.organisation_id,
    )
    step.active = False
    if message.audience is Audience.CHOSEN:
        choose_people(step, message.people)
    for change in message.texts:
        save_text(event_scope(event), step.name, change, event=event, actor=actor, now=now)
    return step


def _subject_of(message: OwnMessage) -> str:
    return next((change.text.subject for change in message.texts if change.text.subject), "")


def counts_of_audiences(event: Event, now: datetime) -> dict[Audience, int]:
    """The number of people of each audience for own messages, except one administration's."""
    audiences = own_audiences(hybrid=event.format == EventFormat.HYBRID.value)
    groups = [Group(event, each) for each in audiences if each is not Audience.ADMINISTRATION]
    numbers = count_each(groups, now=now)
    return {group.audience: number for group, number in numbers.items()}


def organisations_of(event: Event) -> list[tuple[int, str, int]]:
    """The administrations with active registrations: id, name, number of people."""
    rows = db.session.execute(
        select(Organisation.id, Organisation.name, func.count())
        .join(Registration, Registration.organisation_id == Organisation.id)
        .where(
            Registration.event_id == event.id,
            IS_ACTIVE,
            Registration.anonymised_at.is_(None),
        )
        .group_by(Organisation.id, Organisation.name, Organisation.name_key)
        .order_by(Organisation.name_key)
    )
    return [(number, name, people) for number, name, people in rows]


def notes_of(event: Event) -> list[Step]:
    """The own messages of an event that have not been sent, the next one first."""
    wanted = (
        select(Step)
        .where(Step.event_id == event.id, Step.kind == MailKind.NOTE.value, Step.outcome == "")
        .order_by(Step.due_at, Step.id)
    )
    return list(db.session.scalars(wanted))


def _check(event: Event, message: OwnMessage) -> None:
    found = []
    if len(message.title.strip()) > MOST_TITLE:
        text = N_("Please use at most %(most)d characters.")
        found.append(Complaint(text, {"most": MOST_TITLE}, "title"))
    if message.audience not in OWN_AUDIENCES:
        found.append(Complaint(N_("Please choose to whom you write."), about="audience"))
    if message.audience is Audience.CHOSEN and not message.people:
        found.append(Complaint(N_("Please choose to whom you write."), about="audience"))
    known = {number for number, _name, _people in organisations_of(event)}
    if message.audience is Audience.ADMINISTRATION and message.organisation_id not in known:
        found.append(Complaint(N_("Please choose a public body."), about="organisation"))
    if found:
        raise UnfitInput(found)
