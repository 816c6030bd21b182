"""Running steps: due steps run once, blocked ones give reasons, late ones are skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import contains_eager

from ikone_events.domain.events.facts import Facts, Number
from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.events.lifecycle import Action, Message
from ikone_events.domain.events.needs import numbers_read
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import (
    RESTING,
    Judgement,
    Verdict,
    judge,
    needs_of,
    obstacles,
)
from ikone_events.domain.refusals import N_, Complaint, TransitionRefused
from ikone_events.services.events.transitions import Request, facts_of, perform
from ikone_events.services.events.undoing import quiet_until
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.plan.plans import (
    DONE,
    EXPIRED,
    MOOT,
    OBSOLETE,
    PLAN,
    anchors_of,
    finish,
    what_of,
)
from ikone_events.services.plan.step_editing import lock_step, lock_step_of
from ikone_events.store.damage import readable
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import numbers_for
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step

_TOO_LATE = Complaint(N_("It came too late to make sense."))


@dataclass(frozen=True, slots=True)
class StepView:
    """One step for the plan's page; `judgement` is None once it has an outcome.

    `dropped`: a mail that will not be sent at its time, as the complaint of its judgement says.
    """

    step: Step
    judgement: Judgement | None
    dropped: bool = False

    @property
    def status(self) -> str:
        """The outcome, else "off", else the verdict."""
        if self.step.outcome:
            return self.step.outcome
        if not self.step.active or self.judgement is None:
            return "off"
        return self.judgement.verdict.value


def look_at(step: Step, facts: Facts) -> StepView:
    """One step, judged by the facts of its event."""
    if step.outcome:
        return StepView(step, None)
    return StepView(step, judge(what_of(step), step.due_at, anchors_of(step.event), facts))


def due_steps(now: datetime) -> list[int]:
    """The ids of all due steps, the oldest first; without events whose plan rests."""
    return [step.id for step in _due(now)]


def steps_to_look_at(now: datetime) -> list[int]:
    """The due steps of events in which at least one can be settled.

    Steps may be blocked for months, such as follow-ups without materials. Where one step can be
    settled, the other steps of its event are kept: it may unblock them.
    """
    due = _due(now)
    reads = frozenset[Number]().union(*(_reads(step) for step in due))
    numbers = numbers_for(sorted({step.event_id for step in due}), reads)
    moving = {step.event_id for step in due if _is_moving(step, now, numbers[step.event_id])}
    return [step.id for step in due if step.event_id in moving]


def _is_moving(step: Step, now: datetime, numbers: Mapping[str, int]) -> bool:
    """Whether a step may be settled; a damaged one is to be looked at alone, where it fails."""
    try:
        return _may_be_settled(step, facts_of(step.event, now, numbers=numbers, past=NO_PAST))
    except (ValueError, TypeError, LookupError):
        return True


def _due(now: datetime) -> Sequence[Step]:
    """The due steps; while a press can be undone, the plan of its event does not go on."""
    can_be_undone = exists().where(
        Mailing.event_id == Event.id, Mailing.state_change_id.is_not(None), Mailing.due_at > now
    )
    resting = [state.value for state in RESTING]
    wanted = (
        select(Step)
        .join(Step.event)
        .where(
            Step.outcome == "",
            Step.active,
            Step.due_at <= now,
            ~can_be_undone,
            or_(Event.state.not_in(resting), Step.action == Action.ANNOUNCE.value),
        )
        .order_by(Step.due_at, Step.id)
    )
    return readable(wanted, Step, contains_eager(Step.event), populate_existing=True)


def is_to_be_settled(step_id: int, *, now: datetime) -> bool:
    """Whether a due step may run or is over, checked without the lock.

    Blocked steps are checked at every tick and must not hold the lock for it.
    """
    step = db.session.get(Step, step_id, populate_existing=True)
    if step is None or step.outcome or not step.active or step.due_at > now:
        return False
    return _may_be_settled(step, _facts_for(step, now))


def _facts_for(step: Step, now: datetime) -> Facts:
    return facts_of(step.event, now, reads=_reads(step), past=NO_PAST)


def _reads(step: Step) -> frozenset[Number]:
    """The numbers that the needs of a step read."""
    return numbers_read(needs_of(what_of(step)))


def _may_be_settled(step: Step, facts: Facts) -> bool:
    verdict = judge(what_of(step), step.due_at, anchors_of(step.event), facts).verdict
    return verdict in (Verdict.READY, Verdict.LATE, Verdict.MOOT)


def run_due(step_id: int, *, now: datetime) -> str:
    """Settle one due step and return its outcome; empty when there is nothing left to do.

    The event's row lock makes one of several workers run the step; the others find it done.
    """
    step = lock_step(step_id)
    if step is None or step.outcome or not step.active or step.due_at > now:
        return ""
    facts = _facts_for(step, now)
    judgement = judge(what_of(step), step.due_at, anchors_of(step.event), facts)
    if judgement.verdict is Verdict.READY:
        _carry_out(step, PLAN, now=now)
    elif judgement.verdict is Verdict.LATE:
        finish(step, EXPIRED, PLAN, *(judgement.complaints or (_TOO_LATE,)), now=now)
    elif judgement.verdict is Verdict.MOOT:
        finish(step, MOOT, PLAN, OBSOLETE, now=now)
    return step.outcome


def run_now(
    event: Event, step_id: int, *, actor: str, now: datetime, waits: bool = False
) -> Mailing | None:
    """Run a step early, or one that is switched off; returns the mailing it began.

    With `waits` a message to many, or what is announced, can be undone for some minutes.
    Raises TransitionRefused with all obstacles, NotFound.
    """
    step = lock_step_of(event, step_id)
    if found := obstacles_of(step, now):
        raise TransitionRefused(found)
    return _carry_out(step, actor, now=now, waits=waits)


def obstacles_of(step: Step, now: datetime) -> tuple[Complaint, ...]:
    """Everything that keeps a step from running now."""
    return obstacles(what_of(step), _facts_for(step, now))


def _carry_out(step: Step, actor: str, *, now: datetime, waits: bool = False) -> Mailing | None:
    """Run the action or start the mailing of a step; a transition marks its own step."""
    if step.action:
        request = Request(action=Action(step.action), actor=actor, waits=waits)
        return perform(step.event.slug, request, now=now).mailing
    message = Message(MailKind(step.kind), Audience(step.audience))
    finish(step, DONE, actor, now=now)
    due_at = quiet_until(step.event, now=now) if waits and step.kind == MailKind.NOTE else None
    return start_mailing(step.event, message, now=now, started_by=actor, step=step, due_at=due_at)
