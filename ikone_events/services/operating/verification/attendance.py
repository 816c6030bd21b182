"""Records of attendance: of the right event, and possible."""

from collections.abc import Iterator
from datetime import datetime

from ikone_events.store.rooms.attendance import odd_records
from ikone_events.store.rooms.check_in import presses_of_other_events


def odd_attendance(_now: datetime) -> Iterator[str]:
    """A record and a press belong to the event of their registration, and sources make sense."""
    for number, what in odd_records():
        yield f"attendance: of registration {number}: {what}"
    for number in presses_of_other_events():
        yield f"attendance: of registration {number}: a press at the entrance of another event"
