"""How long a person was in a room, from looks at regular moments.

Only our own clock counts: moments are those at which we have asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# How often a room is looked at, and how much later a look may be and still count in full.
INTERVAL = timedelta(seconds=60)
TOLERANCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Stay:
    """What is known of a person: `left_at` is None while they are in the room."""

    joined_at: datetime
    seen_at: datetime
    left_at: datetime | None = None
    seconds: int = 0

    @property
    def minutes(self) -> int:
        """The seconds in minutes, rounded."""
        return minutes_of(self.seconds)


def minutes_of(seconds: int) -> int:
    """Seconds in minutes, rounded."""
    return (seconds + 30) // 60


def seen(stay: Stay | None, now: datetime) -> Stay:
    """After a look that has seen the person.

    The time since the look before counts, if that has seen them too. If the room could not be
    looked at meanwhile, no more than the usual distance of two looks counts.
    """
    if stay is None:
        return Stay(joined_at=now, seen_at=now)
    if now <= stay.seen_at:
        return stay  # a later look was faster
    lasted = timedelta(0)
    if stay.left_at is None:
        lasted = min(now - stay.seen_at, INTERVAL + TOLERANCE)
    seconds = stay.seconds + int(lasted.total_seconds())
    return replace(stay, seen_at=now, left_at=None, seconds=seconds)


def _not_seen(stay: Stay, now: datetime) -> Stay:
    """After a look that has not seen the person: they left when they were seen last."""
    if stay.left_at is not None or now <= stay.seen_at:
        return stay
    return replace(stay, left_at=stay.seen_at)


def after_look(known: Mapping[int, Stay], present: set[int], now: datetime) -> dict[int, Stay]:
    """The stays that a look changes, by id."""
    seen_now = {number: seen(known.get(number), now) for number in present}
    gone = {number: _not_seen(stay, now) for number, stay in known.items() if number not in present}
    after = {**seen_now, **gone}
    return {number: stay for number, stay in after.items() if stay != known.get(number)}


def unseen_time(before: datetime | None, now: datetime) -> timedelta:
    """How much of the time since the look before was not seen; none before the first look."""
    if before is None:
        return timedelta(0)
    gap = now - before
    return gap - INTERVAL if gap > INTERVAL + TOLERANCE else timedelta(0)
