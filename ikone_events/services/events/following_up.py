"""Sending the follow-up, whatever happened before."""

from datetime import datetime

from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.events.lifecycle import Action, find_rule
from ikone_events.domain.events.needs import lacks_link
from ikone_events.services.events.transitions import Done, Request, facts_of, perform_in_turn
from ikone_events.store.events.queries import lock_event


def follow_up(slug: str, request: Request, *, now: datetime) -> Done:
    """Send the follow-up; if the link was never sent by us, the reason says how people got it.

    That is the reason of MARK_SENT in the history, and of nothing else. Raises what `perform`
    raises, with the complaints of both actions.
    """
    facts = facts_of(lock_event(slug), now, reads=(), past=NO_PAST)
    if lacks_link(facts) and find_rule(Action.MARK_SENT, facts.state):
        return perform_in_turn(slug, request, Action.MARK_SENT, Action.FOLLOW_UP, now=now)
    return perform_in_turn(slug, request, Action.FOLLOW_UP, now=now)
