"""Mails of the organisers' own: noted as steps that wait for a word, with texts of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.mails.audiences import OWN_AUDIENCES, Audience, own_audiences
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.times import Timing
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.services.mails.texts import TextChange, event_scope, save_text
from ikone_events.services.plan.plans import add_message
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration

MOST_TITLE = 200
_COMING = sorted(status.value for status in ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessage:
    """What somebody wants to write; `organisation_id` belongs to one audience alone."""

    title: str
    audience: Audience
    timing: Timing
    texts: Sequence[TextChange]
    organisation_id: int | None = None


def note_message(slug: str, message: OwnMessage, *, actor: str, now: datetime) -> Step:
    """Store a mail as a step that is switched off: it leaves only on a further word.

    Raises UnfitInput, NotFound.
    """
    event = lock_event(slug)
    _check(event, message)
    step = add_message(
        event,
        title=message.title.strip(),
        audience=message.audience,
        timing=message.timing,
        organisation_id=message.organisation_id,
    )
    step.active = False
    for change in message.texts:
        save_text(event_scope(event), step.name, change, event=event, actor=actor, now=now)
    return step


def counts_of_audiences(event: Event) -> dict[Audience, int]:
    """How many people each audience would reach now; that of an administration is asked for."""
    numbers = count_each(
        Group(event, audience)
        for audience in own_audiences(hybrid=event.format == EventFormat.HYBRID.value)
        if audience is not Audience.ADMINISTRATION
    )
    return {group.audience: number for group, number in numbers.items()}


def organisations_of(event: Event) -> list[tuple[int, str, int]]:
    """The administrations whose people come or wait: number, name, how many."""
    rows = db.session.execute(
        select(Organisation.id, Organisation.name, func.count())
        .join(Registration, Registration.organisation_id == Organisation.id)
        .where(
            Registration.event_id == event.id,
            Registration.status.in_(_COMING),
            Registration.anonymised_at.is_(None),
        )
        .group_by(Organisation.id, Organisation.name)
        .order_by(Organisation.name)
    )
    return [(number, name, people) for number, name, people in rows]


def notes_of(event: Event) -> list[Step]:
    """The organisers' own mails of an event that still wait, the next one first."""
    wanted = (
        select(Step)
        .where(Step.event_id == event.id, Step.kind == MailKind.NOTE.value, Step.outcome == "")
        .order_by(Step.due_at, Step.id)
    )
    return list(db.session.scalars(wanted))


def _check(event: Event, message: OwnMessage) -> None:
    found = []
    if not message.title.strip():
        found.append(Complaint(N_("Please enter a title."), about="title"))
    elif len(message.title.strip()) > MOST_TITLE:
        text = N_("Please use at most %(most)d characters.")
        found.append(Complaint(text, {"most": MOST_TITLE}, "title"))
    if message.audience not in OWN_AUDIENCES:
        found.append(Complaint(N_("Please choose to whom you write."), about="audience"))
    known = {number for number, _name, _people in organisations_of(event)}
    if message.audience is Audience.ADMINISTRATION and message.organisation_id not in known:
        found.append(Complaint(N_("Please choose an administration."), about="organisation"))
    if found:
        raise UnfitInput(found)
