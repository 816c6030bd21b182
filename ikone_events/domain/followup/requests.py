"""Requests for materials by people who were not registered: who may ask, and for how long."""

from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.refusals import N_, Complaint

# How long the link of a granted request is valid.
LINK_LIFE = timedelta(days=30)
# What is stored of a person goes so long after the link has ended or the request was refused, and
# of one that nobody has decided after the longer time.
KEPT_AFTER = timedelta(days=30)
UNDECIDED_KEPT = timedelta(days=90)


class RequestState(StrEnum):
    """What the office has decided about a request; REFUSED also for a link taken back."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


def not_asked_because(state: State, *, over: bool, on_request: bool) -> Complaint | None:
    """Why nobody can ask for materials, or None.

    `on_request`: there is something that registered people see and the public does not. An archived
    event takes no new personal data; what is public stays.
    """
    if state in CALLED_OFF:
        return Complaint(N_("This event did not take place. There are no materials to ask for."))
    if state is State.ARCHIVED:
        return Complaint(N_("This event has been archived. Materials can't be requested any more."))
    if not over:
        return Complaint(N_("Materials can be requested once the event is over."))
    if not on_request:
        return Complaint(N_("There are no materials of this event that can be requested."))
    return None


def is_link_valid(state: str, granted_until: datetime | None, now: datetime) -> bool:
    """Whether the link of a request opens the materials now."""
    granted = state == RequestState.GRANTED and granted_until is not None
    return granted and granted_until is not None and now < granted_until
