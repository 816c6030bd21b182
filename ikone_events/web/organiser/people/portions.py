"""A long list is entered in portions: everybody else gets the database in between."""

import time
from collections.abc import Callable

from ikone_events.domain.refusals import Busy
from ikone_events.services.lists.people_import import enter_portion
from ikone_events.services.office import now
from ikone_events.store.db import transaction
from ikone_events.web.access import organiser
from ikone_events.web.organiser.frame import actor

# Long enough for somebody in another process too, who looks for the lock every 0.1 s.
PAUSE_SECONDS = 0.15
WORK_SECONDS = 5.0


def enter_list(
    slug: str,
    public_id: str,
    *,
    seconds: float = WORK_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> None:
    """Enter portions of a list until it is through or the time is over, at least one.

    Raises Busy only when nothing could be entered at all.
    """
    end, begun = clock() + seconds, False
    while True:
        try:
            with transaction():
                waits = enter_portion(slug, public_id, organiser(), actor=actor(), now=now())
        except Busy:
            if begun:
                return
            raise
        if not waits or clock() >= end:
            return
        begun = True
        rest(PAUSE_SECONDS)
