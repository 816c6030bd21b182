"""The one writer of an event's state."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import update

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, EventFormat, Facts, Number, State
from ikone_events.domain.events.history import NO_PAST, Past
from ikone_events.domain.events.lifecycle import (
    RULES,
    UNDOABLE,
    Action,
    Message,
    TransitionRule,
    plan_in_turn,
)
from ikone_events.domain.events.needs import numbers_read
from ikone_events.domain.events.registration_settings import MOMENTS
from ikone_events.domain.header_text import MOST_REASON, checked_text
from ikone_events.domain.mails.audiences import OF_CONTACTS
from ikone_events.domain.mails.recipients import SUBSCRIBERS_ALONE, Recipients
from ikone_events.domain.times import moved_along
from ikone_events.services.events.discarding import discard, somebody_was_faster
from ikone_events.services.events.obsolete_mailings import stop_obsolete
from ikone_events.services.events.undoing import (
    fill_seats_left,
    past_of,
    quiet_until,
    take_back,
)
from ikone_events.services.events.updates import forget_update
from ikone_events.services.followup.sending import note_mailed
from ikone_events.services.installation import get_identity
from ikone_events.services.mails.mailings import release_waiting, start_mailing
from ikone_events.services.mails.speaker_mails import messages_to_speakers
from ikone_events.services.plan.plans import ask_no_feedback, mark_performed, move_steps
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.services.registering.expirations import expire_all
from ikone_events.services.registering.reservations import renew_reservations
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.services.rooms.attendance import forget_former_day
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.public_history import note_public_change, public_facts
from ikone_events.store.events.queries import lock_event, retention_until
from ikone_events.store.figures.counts import numbers_for
from ikone_events.store.mails.event_versions import calendar_facts, keep_version
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A requested action; `expected` is the state that was on the screen.

    `waits`: it comes from a page, so that its mailing waits until it can't be undone any more.
    `recipients` are those of an announcement. Raises UnfitInput for a reason that can't be mailed.
    """

    action: Action
    actor: str
    expected: State | None = None
    reason: str = ""
    new_starts_at: datetime | None = None
    new_ends_at: datetime | None = None
    waits: bool = False
    recipients: Recipients = SUBSCRIBERS_ALONE

    def __post_init__(self) -> None:
        """Normalise and check the reason."""
        reason = checked_text(self.reason, MOST_REASON, "reason")
        object.__setattr__(self, "reason", reason)


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a transition. `files` are to be deleted after the commit."""

    event: Event
    rule: TransitionRule
    mailing: Mailing | None = None
    files: tuple[Path, ...] = ()


def facts_of(
    event: Event,
    now: datetime,
    request: Request | None = None,
    *,
    reads: Iterable[Number] = Number,
    numbers: Mapping[str, int] | None = None,
    past: Past | None = None,
) -> Facts:
    """The facts of one event now, with the values of a request.

    `reads` are the numbers to count, by default all; others stay 0. `numbers` are known counts;
    with them nothing is counted. `past` is what the history says; without it, it is read.
    """
    past = past_of(event) if past is None else past
    if numbers is None:
        numbers = numbers_for([event.id], reads)[event.id]
    return Facts(
        now=now,
        state=State(event.state),
        title=event.title,
        summary=event.summary,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        format=EventFormat(event.format),
        place=event.place,
        room_provider=event.room_provider,
        room_url=event.room_url,
        deadline=event.deadline,
        capacity=event.capacity,
        privacy_contact=bool(get_identity().privacy_contact),
        retention_until=retention_until(event),
        reason=request.reason if request else None,
        new_starts_at=request.new_starts_at if request else None,
        new_ends_at=request.new_ends_at if request else None,
        before=past.before,
        undo_to=past.undo_to,
        **numbers,
    )


def facts_for(action: Action, event: Event, now: datetime, request: Request | None = None) -> Facts:
    """The facts that decide about one action; only the numbers of its needs are counted."""
    past = None if action in (Action.UNDO, Action.RESCHEDULE) else NO_PAST
    return facts_of(event, now, request, reads=_reads(action), past=past)


def _reads(*actions: Action) -> frozenset[Number]:
    return numbers_read(need for rule in RULES if rule.action in actions for need in rule.needs)


def perform(slug: str, request: Request, *, now: datetime) -> Done:
    """Carry out one action: state, history, calendar, mailing; all or nothing.

    Raises TransitionRefused with all complaints, SomebodyWasFaster when the state is not
    `expected`, NotFound.
    """
    return perform_in_turn(slug, request, request.action, now=now)


def perform_in_turn(slug: str, request: Request, *actions: Action, now: datetime) -> Done:
    """Carry out actions one after the other; the result is of the last, the reason of the first."""
    event = lock_event(slug)
    if request.expected is not None and event.state != request.expected.value:
        raise somebody_was_faster()
    facts = facts_for(actions[0], event, now, request)
    if len(actions) > 1:
        facts = facts_of(event, now, request, reads=_reads(*actions))
    *before, last = plan_in_turn(actions, facts)
    if last.target is None:
        return Done(event, last, files=discard(event))
    if last.action is not Action.UNDO:
        release_waiting(event)
    waits = request.waits and actions[0] in UNDOABLE
    due_at = quiet_until(event, now=now) if waits else None
    for rule in before:
        _carry_out(event, rule, request, now=now, due_at=due_at)
        request = replace(request, reason="")
    return _carry_out(event, last, request, now=now, due_at=due_at)


def _carry_out(
    event: Event, rule: TransitionRule, request: Request, *, now: datetime, due_at: datetime | None
) -> Done:
    old, public = (event.starts_at, event.ends_at), public_facts(event)
    if rule.action is Action.UNDO:
        take_back(event, actor=request.actor, now=now)
    _set_state(event, rule, now=now)
    change = _record(event, rule, request, now=now)
    if rule.action is Action.RESCHEDULE:
        _move(event, request, now=now)
    note_public_change(event, public, now=now)
    step = mark_performed(event, rule.action, request.actor, now=now)
    if rule.action is Action.CONCLUDE and rule.source is not State.DISPATCHED:
        ask_no_feedback(event, request.actor, now=now)
    if rule.action is Action.FOLLOW_UP:
        note_mailed(event, now=now)
    if rule.action is Action.ARCHIVE:
        expire_all(event, now=now)
        archive_persons(event, by=request.actor, now=now)
    _settle_update(event, due_at)
    if rule.action in (Action.CANCEL, Action.POSTPONE):
        stop_obsolete(event, actor=request.actor, now=now)
    mailings = [
        _write_to(event, each, request, old=old, step=step, change=change, now=now, due_at=due_at)
        for each in _messages(event, rule, request)
    ]
    _settle_seats(event, rule, now=now)
    return Done(event, rule, mailings[0] if mailings else None)


def _messages(event: Event, rule: TransitionRule, request: Request) -> Sequence[Message]:
    """What an action writes; an announcement has one message to each of its audiences."""
    if rule.message is None:
        return ()
    if rule.action is not Action.ANNOUNCE:
        return (rule.message, *messages_to_speakers(event, rule.action))
    return [Message(rule.message.kind, each) for each in request.recipients.audiences]


def _settle_update(event: Event, due_at: datetime | None) -> None:
    """Forget a change that waits to be mailed, but not before the action can't be undone."""
    if event.state in TAKES_PLACE:
        return
    if due_at is None:
        forget_update(event)
    elif event.update_due_at is not None:
        event.update_due_at = max(event.update_due_at, due_at)


def _settle_seats(event: Event, rule: TransitionRule, *, now: datetime) -> None:
    """Give free seats to those who wait, where people can get seats again."""
    again = rule.action is Action.RESCHEDULE and rule.target in RUNNING
    if rule.action is Action.OPEN or again:
        renew_reservations(event, now=now)
    if rule.action in (Action.OPEN, Action.REOPEN) or again:
        promote_waiting(event, now=now)
    if rule.action is Action.UNDO:
        fill_seats_left(event, now=now)


def _set_state(event: Event, rule: TransitionRule, *, now: datetime) -> None:
    """Compare and set: of two simultaneous requests the second finds another state."""
    mine = (Event.id == event.id) & (Event.state == rule.source.value)
    values = {"state": rule.target, "changed_at": now}
    if rows_written(update(Event).where(mine).values(values)) != 1:
        raise somebody_was_faster()
    db.session.refresh(event)


def _record(event: Event, rule: TransitionRule, request: Request, *, now: datetime) -> StateChange:
    change = StateChange(
        event_id=event.id,
        action=rule.action.value,
        source=rule.source.value,
        target=event.state,
        actor=request.actor,
        reason=request.reason,
        at=now,
    )
    db.session.add(change)
    return change


def _move(event: Event, request: Request, *, now: datetime) -> None:
    """Set the new date; the moments of registration keep their distance to the start."""
    if request.new_starts_at is None or request.new_ends_at is None:
        raise RuntimeError("reschedule was planned without a date")
    keep_version(event, calendar_facts(event), until=now)
    old, new = event.starts_at, request.new_starts_at
    for name in MOMENTS:
        if (moment := getattr(event, name)) is not None:
            setattr(event, name, moved_along(moment, old=old, new=new, zone=event.zone))
    event.starts_at, event.ends_at = new, request.new_ends_at
    event.edit_version += 1
    move_steps(event, now=now, anew=True)
    forget_former_day(event, now=now)


def _write_to(
    event: Event,
    message: Message,
    request: Request,
    *,
    old: tuple[datetime, datetime],
    step: Step | None,
    change: StateChange,
    now: datetime,
    due_at: datetime | None,
) -> Mailing:
    contacts = request.recipients.contacts if message.audience in OF_CONTACTS else None
    return start_mailing(
        event,
        message,
        now=now,
        started_by=request.actor,
        step=step,
        reason=request.reason,
        old_starts_at=old[0],
        old_ends_at=old[1],
        change=change,
        due_at=due_at,
        contact_choice=contacts.packed() if contacts else "",
    )
