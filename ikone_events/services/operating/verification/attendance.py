"""Records of attendance: of the right event, and possible."""

from collections.abc import Iterator
from datetime import datetime

from ikone_events.store.rooms.attendance import odd_records


def odd_attendance(_now: datetime) -> Iterator[str]:
    """A record belongs to the event of its registration, and its sources make sense."""
    for number, what in odd_records():
        yield f"attendance: of registration {number}: {what}"
