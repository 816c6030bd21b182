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
    latest,
    needs_of,
    obstacles,
)
from ikone_events.domain.plan.times import Timing
from ikone_events.domain.refusals import N_, Complaint, NotFound, TransitionRefused, UnfitInput
from ikone_events.services.events.transitions import Request, facts_of, perform
from ikone_events.services.events.undoing import quiet_until
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.plan.plans import (
    DONE,
    EXPIRED,
    MOOT,
    OBSOLETE,
    PLAN,
    SKIPPED,
    anchors_of,
    finish,
    reopen,
    set_timing,
    what_of,
)
from ikone_events.store.damage import readable
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
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
    step = _lock_step(step_id)
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
    step = _find(event, step_id)
    if found := obstacles_of(step, now):
        raise TransitionRefused(found)
    return _carry_out(step, actor, now=now, waits=waits)


def obstacles_of(step: Step, now: datetime) -> tuple[Complaint, ...]:
    """Everything that keeps a step from running now."""
    return obstacles(what_of(step), _facts_for(step, now))


def skip(event: Event, step_id: int, *, actor: str, now: datetime) -> Step:
    """Skip a step; `take_back` reverts it."""
    step = _find(event, step_id)
    _refuse_archive(step)
    finish(step, SKIPPED, actor, now=now)
    return step


def take_back(event: Event, step_id: int) -> Step:
    """Let a skipped or expired step wait again. Raises NotFound."""
    step = _find(event, step_id, waiting=False)
    if step.outcome in (SKIPPED, EXPIRED):
        reopen(step)
    return step


def switch(event: Event, step_id: int, *, active: bool) -> Step:
    """Switch a waiting step on or off; the archiving step stays on."""
    step = _find(event, step_id)
    _refuse_archive(step)
    step.active = active
    return step


def retime(event: Event, step_id: int, timing: Timing, *, now: datetime) -> Step:
    """Give a step another time; a skipped or expired one waits for it again.

    Raises UnfitInput for a time that has passed, or at which the step would be too late, and
    NotFound.
    """
    step = _find(event, step_id, waiting=False)
    _refuse_archive(step)
    if step.outcome not in ("", SKIPPED, EXPIRED):
        raise _no_such_step()
    anchors = anchors_of(step.event)
    set_timing(step, timing, anchors)
    about = "fixed" if timing.fixed else "amount"
    if step.due_at <= now:
        text = N_("That time has already passed. Choose a later one, or run the step now.")
        raise UnfitInput(Complaint(text, about=about))
    last = latest(what_of(step), step.due_at, anchors)
    if last is not None and step.due_at > last:
        text = N_("That is too late for this step: it would no longer run. Choose an earlier time.")
        raise UnfitInput(Complaint(text, about=about))
    reopen(step)
    return step


def remove_message(event: Event, step_id: int) -> None:
    """Delete an organiser's own mail that was never sent."""
    step = _find(event, step_id)
    if step.kind != MailKind.NOTE.value:
        raise _no_such_step()
    db.session.delete(step)


def find_step(event: Event, step_id: int) -> Step:
    """A step of this event, for reading; raises NotFound."""
    step = db.session.get(Step, step_id, populate_existing=True)
    if step is None or step.event_id != event.id:
        raise _no_such_step()
    return step


def _carry_out(step: Step, actor: str, *, now: datetime, waits: bool = False) -> Mailing | None:
    """Run the action or start the mailing of a step; a transition marks its own step."""
    if step.action:
        request = Request(action=Action(step.action), actor=actor, waits=waits)
        return perform(step.event.slug, request, now=now).mailing
    message = Message(MailKind(step.kind), Audience(step.audience))
    finish(step, DONE, actor, now=now)
    due_at = quiet_until(step.event, now=now) if waits and step.kind == MailKind.NOTE else None
    return start_mailing(step.event, message, now=now, started_by=actor, step=step, due_at=due_at)


def _find(event: Event, step_id: int, *, waiting: bool = True) -> Step:
    """A step of the event, locked; a step that has run counts as missing if `waiting`."""
    step = _lock_step(step_id)
    if step is None or step.event_id != event.id or (waiting and step.outcome):
        raise _no_such_step()
    return step


def _lock_step(step_id: int) -> Step | None:
    """Lock the event of a step, then read the step."""
    slug = db.session.scalar(
        select(Event.slug).join(Step, Step.event_id == Event.id).where(Step.id == step_id)
    )
    if slug is None:
        return None
    lock_event(slug)
    return db.session.get(Step, step_id, populate_existing=True)


def is_promised(step: Step) -> bool:
    """Whether the step is the archiving that people were promised; nobody may move it."""
    return step.action == Action.ARCHIVE.value


def _refuse_archive(step: Step) -> None:
    """Raise TransitionRefused for the archiving step: retention is edited with the event."""
    if is_promised(step):
        text = N_("This step keeps a promise; change the retention period of the event instead.")
        raise TransitionRefused(Complaint(text))


def _no_such_step() -> NotFound:
    return NotFound(Complaint(N_("There is no such step, or it has already run.")))
