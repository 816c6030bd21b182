"""Facts about an event at one moment, the input of the rules."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ikone_events.domain.refusals import N_


class EventFormat(StrEnum):
    """Where an event takes place."""

    ONLINE = "online"
    ON_SITE = "on_site"
    HYBRID = "hybrid"


FORMAT_LABELS: dict[EventFormat, str] = {
    EventFormat.ONLINE: N_("Online (video conference)"),
    EventFormat.ON_SITE: N_("On site"),
    EventFormat.HYBRID: N_("On site and online"),
}


class ProviderKind(StrEnum):
    """What makes the video room of an event."""

    LINK = "link"
    BIGBLUEBUTTON = "bbb"
    JITSI = "jitsi"


class State(StrEnum):
    """The stored state of an event, set by a person; what depends on the clock is derived."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    DISPATCHED = "dispatched"
    FOLLOWED_UP = "followed_up"
    ARCHIVED = "archived"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


STATE_LABELS: dict[State, str] = {
    State.DRAFT: N_("Draft"),
    State.ANNOUNCED: N_("Announced"),
    State.OPEN: N_("Registration open"),
    State.CLOSED: N_("Registration closed"),
    State.DISPATCHED: N_("Access link sent"),
    State.FOLLOWED_UP: N_("Followed up"),
    State.ARCHIVED: N_("Archived"),
    State.POSTPONED: N_("Postponed"),
    State.CANCELLED: N_("Cancelled"),
}

# States of a public event with a valid date; of those, the ones in which people get promoted.
TAKES_PLACE = (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
RUNNING = (State.OPEN, State.CLOSED, State.DISPATCHED)
CALLED_OFF = (State.POSTPONED, State.CANCELLED)
# States in which a follow-up has been made, or there will be none.
AFTER_FOLLOW_UP = (State.FOLLOWED_UP, State.ARCHIVED)


class Mode(StrEnum):
    """How a person takes part; at hybrid events people choose."""

    ONLINE = "online"
    ON_SITE = "on_site"


class Number(StrEnum):
    """A field of Facts that has to be counted in the database."""

    CONFIRMED = "confirmed"
    MATERIALS = "materials"
    REGISTERED = "registered"
    MAILS = "mails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All facts that a need may read. Times are aware UTC.

    `registered` counts all registrations ever, `mails` all mails but tests. `before` is the state
    before the postponement; `undo_to` the state before an action that can still be undone.
    """

    now: datetime
    state: State
    title: str = ""
    summary: str = ""
    starts_at: datetime
    ends_at: datetime
    format: EventFormat = EventFormat.ONLINE
    place: str = ""
    room_provider: str = ProviderKind.LINK
    room_url: str = ""
    deadline: datetime | None = None
    capacity: int | None = None
    confirmed: int = 0
    materials: int = 0
    registered: int = 0
    mails: int = 0
    privacy_contact: bool = False
    retention_until: datetime | None = None
    reason: str | None = None
    new_starts_at: datetime | None = None
    new_ends_at: datetime | None = None
    before: State | None = None
    undo_to: State | None = None

    @property
    def over(self) -> bool:
        """Whether the event has ended."""
        return self.now >= self.ends_at

    @property
    def running(self) -> bool:
        """Whether the event has begun and not ended."""
        return self.starts_at <= self.now < self.ends_at

    @property
    def has_room(self) -> bool:
        """Whether people take part by video."""
        return self.format is not EventFormat.ON_SITE

    @property
    def room_known(self) -> bool:
        """Whether there is a link to the video room, or a provider that makes rooms."""
        return self.room_provider != ProviderKind.LINK or bool(self.room_url)
