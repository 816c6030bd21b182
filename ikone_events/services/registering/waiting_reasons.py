"""Why those who wait have no seat, for a whole page of people at once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registration import Status
from ikone_events.domain.seating import Sitting, obstacle
from ikone_events.services.registering.seating import candidate_of, is_member
from ikone_events.store.events import Event
from ikone_events.store.line import Party, party_of, seated_by_party
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import get_sitting


def waiting_reasons(
    event: Event, people: Iterable[Registration], *, now: datetime
) -> dict[int, Complaint]:
    """What keeps each one who waits from a seat at this moment, by row number.

    The people come with their administrations, so the number of queries does not grow.
    """
    waiting = [each for each in people if each.status == Status.WAITLISTED.value]
    if not waiting:
        return {}
    sitting = get_sitting(event, now)
    counted = sitting.per_administration is not None
    colleagues = seated_by_party(event) if counted else Counter[Party]()
    return {each.id: _reason(event, each, sitting, colleagues[party_of(each)]) for each in waiting}


def _reason(event: Event, person: Registration, sitting: Sitting, colleagues: int) -> Complaint:
    candidate = candidate_of(event, person, sitting, colleagues=colleagues)
    if sitting.members_first:
        candidate = replace(candidate, member=is_member(event, person))
    if not sitting.moves:
        return Complaint(N_("The line stands still: registration is not running."))
    return obstacle(sitting, candidate) or Complaint(N_("Moves up with the next change."))
