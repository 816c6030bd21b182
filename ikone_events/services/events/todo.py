"""The to-do list of organisers: what it is derived from, and dismissing its entries.

An entry is dismissed for one event, for everybody who sees it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, select

from ikone_events.domain.events.facts import Facts, State
from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.events.todo import RULES
from ikone_events.domain.events.todo_facts import Blocked, EventTodoFacts
from ikone_events.domain.plan.steps import Verdict
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.rooms.attendance import is_over
from ikone_events.services.events.steps import look_at
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.plan.plans import what_of
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import DismissedTodo, Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.figures.counts import Counts
from ikone_events.store.office.queries import events_with_failing_room
from ikone_events.store.plan.models import Step, waiting_steps
from ikone_events.store.rooms.attendance import recorded_among


def todo_facts_of(
    events: Iterable[Event], counts: Mapping[int, Counts], now: datetime, *, locale: str
) -> list[EventTodoFacts]:
    """The facts of each event that is not archived, with its blocked steps.

    The number of queries does not grow with the events.
    """
    wanted = [event for event in events if event.state != State.ARCHIVED.value]
    dismissed = dismissed_of([event.id for event in wanted])
    failing = events_with_failing_room(wanted)
    due: dict[int, list[Step]] = {event.id: [] for event in wanted}
    recorded = recorded_among(due)
    for step in waiting_steps(due, now):
        due[step.event_id].append(step)
    return [
        replace(
            _todo_facts(event, counts[event.id], due[event.id], now, locale),
            dismissed=dismissed[event.id],
            room_fails=event.id in failing,
            unrecorded=_unrecorded(event, counts[event.id], recorded, now),
        )
        for event in wanted
    ]


def _unrecorded(event: Event, counts: Counts, recorded: Collection[int], now: datetime) -> int:
    over = is_over(event.state, event.ends_at, now)
    return counts.confirmed if over and event.id not in recorded else 0


def _blocked(steps: Iterable[Step], facts: Facts) -> Iterator[Blocked]:
    for step in steps:
        judgement = look_at(step, facts).judgement
        if judgement is not None and judgement.verdict is Verdict.BLOCKED:
            what = what_of(step)
            yield Blocked(
                step_id=step.id,
                label=step.title or what.label,
                complaints=judgement.complaints,
                action=what.action,
            )


def _has_quota(event: Event, now: datetime) -> bool:
    """Whether a rule of the event may keep people waiting although seats are free."""
    closed_to_others = event.members_until is not None and now < event.members_until
    limits = (event.per_administration, event.capacity_online, event.capacity_on_site)
    return closed_to_others or any(limit is not None for limit in limits)


def _todo_facts(
    event: Event, counts: Counts, due: Iterable[Step], now: datetime, locale: str
) -> EventTodoFacts:
    facts = facts_of(event, now, numbers=counts.numbers, past=NO_PAST)
    return EventTodoFacts(
        slug=event.slug,
        facts=replace(facts, title=event.title_in(locale)),
        seated=counts.seated,
        waiting=counts.waiting,
        to_approve=counts.to_approve,
        held_back=_has_quota(event, now),
        failed_mail=counts.failed_mail - counts.bounced_mail,
        unreached=counts.unreached,
        odd_answers=counts.odd_answers,
        handed_in=counts.handed_in,
        material_requests=counts.material_requests,
        infected=counts.infected,
        unscanned=counts.unscanned,
        blocked=tuple(_blocked(due, facts)),
    )


def dismiss(slug: str, name: str, fact: str, *, actor: str, now: datetime) -> None:
    """Dismiss an entry as it was shown; it returns when its fact changes. Raises NotFound."""
    if name not in {rule.__name__ for rule in RULES}:
        raise NotFound(Complaint(N_("There is no such entry.")))
    event = lock_event(slug)
    _forget(event, name)
    row = DismissedTodo(event_id=event.id, name=name, fact=fact[:64])
    row.dismissed_at, row.dismissed_by = now, actor
    db.session.add(row)
    db.session.flush()


def show_again(slug: str, name: str) -> None:
    """Undo the dismissal of an entry. Raises NotFound."""
    _forget(lock_event(slug), name)


def dismissed_of(event_ids: Collection[int]) -> dict[int, frozenset[tuple[str, str]]]:
    """The names and facts of the dismissed entries of these events, by event id."""
    wanted = select(DismissedTodo).where(DismissedTodo.event_id.in_(event_ids))
    found: dict[int, set[tuple[str, str]]] = {event_id: set() for event_id in event_ids}
    for row in db.session.scalars(wanted):
        found[row.event_id].add((row.name, row.fact))
    return {event_id: frozenset(rows) for event_id, rows in found.items()}


def _forget(event: Event, name: str) -> None:
    mine = (DismissedTodo.event_id == event.id) & (DismissedTodo.name == name)
    rows_written(delete(DismissedTodo).where(mine))
