"""What the history of an event says: its state before a postponement, and what can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import UNDOABLE, Action


class Change(Protocol):
    """One transition, as the history stores it."""

    @property
    def action(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def at(self) -> datetime: ...


AnyChange = TypeVar("AnyChange", bound=Change)

# Where an event may be after an action that can be undone.
MAY_BE_UNDONE = (State.ANNOUNCED, State.OPEN, State.POSTPONED, State.CANCELLED)


@dataclass(frozen=True, slots=True)
class Past:
    """The state before the postponement, and the one before an action that can be undone."""

    before: State | None = None
    undo_to: State | None = None


NO_PAST = Past()


def state_before(state: str, history: Sequence[Change]) -> State | None:
    """The state out of which a postponed event came; None for all others, and if unknown."""
    if state != State.POSTPONED:
        return None
    postponed = (c for c in reversed(history) if c.action == Action.POSTPONE)
    return next((State(change.source) for change in postponed), None)


def last_press(history: Sequence[AnyChange]) -> Sequence[AnyChange]:
    """The last changes if they are of a kind that can be undone, else none.

    Announcing and opening in one press are two changes of the same moment.
    """
    last = history[-1:]
    if last and last[0].action == Action.OPEN and len(history) > 1:
        first, then = history[-2:]
        if first.action == Action.ANNOUNCE and (first.at, first.actor) == (then.at, then.actor):
            last = history[-2:]
    return last if last and last[0].action in UNDOABLE else ()
