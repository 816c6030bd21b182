"""Which of all actions that a state allows an organiser looks for."""

from ikone_events.domain.lifecycle import Action, Facts, State

_NEXT: dict[State, Action] = {
    State.DRAFT: Action.ANNOUNCE,
    State.ANNOUNCED: Action.OPEN,
    State.DISPATCHED: Action.FOLLOW_UP,
    State.FOLLOWED_UP: Action.ARCHIVE,
    State.CANCELLED: Action.ARCHIVE,
    State.POSTPONED: Action.RESCHEDULE,
}


def next_action(facts: Facts) -> Action | None:
    """The step that leads on: of all actions a state allows, the one an organiser looks for."""
    if facts.state in _NEXT:
        return _NEXT[facts.state]
    if facts.state is State.OPEN:
        return Action.DISPATCH if facts.has_room and not facts.over else Action.CLOSE
    if facts.state is State.CLOSED:
        return Action.DISPATCH if facts.has_room and not facts.over else Action.FOLLOW_UP
    return None
