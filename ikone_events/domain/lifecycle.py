"""The life of an event: which action leads where, what it needs, and to whom it writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ikone_events.domain.messages import MailKind
from ikone_events.domain.refusals import N_, Complaint, TransitionRefused


class EventFormat(StrEnum):
    """Where an event takes place."""

    ONLINE = "online"
    ON_SITE = "on_site"
    HYBRID = "hybrid"


class State(StrEnum):
    """What a person decided last about an event; what the clock decides is derived."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    DISPATCHED = "dispatched"
    FOLLOWED_UP = "followed_up"
    ARCHIVED = "archived"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What an organiser, the shell or a step can do to an event."""

    ANNOUNCE = "announce"
    OPEN = "open"
    CLOSE = "close"
    REOPEN = "reopen"
    DISPATCH = "dispatch"
    FOLLOW_UP = "follow_up"
    ARCHIVE = "archive"
    POSTPONE = "postpone"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"


class Audience(StrEnum):
    """The registrations a transition writes to."""

    CONFIRMED = "confirmed"
    CONFIRMED_AND_WAITING = "confirmed_and_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a need may look at, at one moment. Times are aware UTC."""

    now: datetime
    state: State
    title: str = ""
    summary: str = ""
    starts_at: datetime
    ends_at: datetime
    format: EventFormat = EventFormat.ONLINE
    place: str = ""
    room_url: str = ""
    deadline: datetime | None = None
    capacity: int | None = None
    confirmed: int = 0
    materials: int = 0
    privacy_contact: bool = False
    retention_until: datetime | None = None
    reason: str | None = None
    new_starts_at: datetime | None = None
    new_ends_at: datetime | None = None

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


Need = Callable[[Facts], Complaint | None]


def needs_title(facts: Facts) -> Complaint | None:
    """An announcement needs a title."""
    if facts.title.strip():
        return None
    return Complaint(N_("The title is missing."), about="title")


def needs_summary(facts: Facts) -> Complaint | None:
    """An announcement needs a few sentences that say what it is about."""
    if facts.summary.strip():
        return None
    return Complaint(N_("The summary is missing."), about="summary")


def needs_order_of_times(facts: Facts) -> Complaint | None:
    """The end comes after the start."""
    if facts.starts_at < facts.ends_at:
        return None
    return Complaint(N_("The end is not after the start."), about="ends_at")


def needs_future_start(facts: Facts) -> Complaint | None:
    """What is announced still lies ahead."""
    if facts.starts_at > facts.now:
        return None
    return Complaint(N_("The start is in the past."), about="starts_at")


def needs_place(facts: Facts) -> Complaint | None:
    """An event on site or hybrid names its place."""
    if facts.format is EventFormat.ONLINE or facts.place.strip():
        return None
    return Complaint(N_("The place is missing."), about="place")


def needs_privacy_contact(facts: Facts) -> Complaint | None:
    """Art. 13 GDPR: who asks for data says whom to turn to."""
    if facts.privacy_contact:
        return None
    return Complaint(N_("The contact for data protection is not set (IKONE_PRIVACY_CONTACT)."))


def needs_seats(facts: Facts) -> Complaint | None:
    """A form that can never seat anybody is not valid."""
    if facts.capacity is None or facts.capacity > 0:
        return None
    return Complaint(N_("The number of places is zero."), about="capacity")


def needs_future_deadline(facts: Facts) -> Complaint | None:
    """Registration ends in the future; without a deadline it ends with the start."""
    if (facts.deadline or facts.starts_at) > facts.now:
        return None
    return Complaint(N_("The registration deadline is in the past."), about="deadline")


def needs_video(facts: Facts) -> Complaint | None:
    """Only online and hybrid events have an access link."""
    if facts.has_room:
        return None
    return Complaint(N_("An event on site has no access link."), about="format")


def needs_room(facts: Facts) -> Complaint | None:
    """The access link can only be sent once the room is known."""
    if not facts.has_room or facts.room_url:
        return None
    return Complaint(N_("The access link to the video room is missing."), about="room_url")


def needs_confirmed_person(facts: Facts) -> Complaint | None:
    """A dispatch writes to somebody."""
    if facts.confirmed > 0:
        return None
    return Complaint(N_("Nobody is confirmed yet."))


def needs_not_over(facts: Facts) -> Complaint | None:
    """What has taken place can't be called off."""
    if not facts.over:
        return None
    return Complaint(N_("The event is already over."))


def needs_over(facts: Facts) -> Complaint | None:
    """Follow-up comes after the event."""
    if facts.over:
        return None
    return Complaint(N_("The event is not over yet."))


def needs_material(facts: Facts) -> Complaint | None:
    """A follow-up hands something out."""
    if facts.materials > 0:
        return None
    return Complaint(N_("No slides, link or contact have been added yet."))


def needs_link_sent(facts: Facts) -> Complaint | None:
    """Events with a room are followed up after their link was sent; only on site goes without."""
    if facts.state is State.DISPATCHED or facts.format is EventFormat.ON_SITE:
        return None
    return Complaint(N_("The access link was never sent; only events on site go without."))


def needs_retention_over(facts: Facts) -> Complaint | None:
    """Persons are anonymised when the retention period is over, not before."""
    if facts.retention_until is not None and facts.now >= facts.retention_until:
        return None
    return Complaint(N_("The retention period is not over yet."))


def needs_reason(facts: Facts) -> Complaint | None:
    """People who are told of a change are told why."""
    if facts.reason and facts.reason.strip():
        return None
    return Complaint(N_("Please give a reason; everybody concerned will read it."), about="reason")


def needs_new_date(facts: Facts) -> Complaint | None:
    """A postponed event comes back with a date in the future."""
    start, end = facts.new_starts_at, facts.new_ends_at
    if start is None or end is None:
        return Complaint(N_("The new date is missing."), about="starts_at")
    if start <= facts.now:
        return Complaint(N_("The new date is in the past."), about="starts_at")
    if start >= end:
        return Complaint(N_("The end is not after the start."), about="ends_at")
    return None


@dataclass(frozen=True, slots=True)
class Message:
    """The letter a transition owes to an audience."""

    kind: MailKind
    audience: Audience


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: an action in a state, what it needs, where it leads, what it writes."""

    action: Action
    source: State
    target: State
    needs: tuple[Need, ...] = ()
    message: Message | None = None


def _rows(
    action: Action,
    sources: tuple[State, ...],
    target: State,
    needs: tuple[Need, ...],
    message: Message | None = None,
) -> Iterator[Rule]:
    return (Rule(action, source, target, needs, message) for source in sources)


_BEFORE_THE_EVENT = (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
_ANNOUNCE = (
    needs_title,
    needs_summary,
    needs_order_of_times,
    needs_future_start,
    needs_place,
    needs_privacy_contact,
)
_DISPATCH = (needs_video, needs_room, needs_confirmed_person, needs_not_over)
_FOLLOW_UP = (needs_over, needs_material, needs_link_sent)
_LINK = Message(MailKind.ACCESS_LINK, Audience.CONFIRMED)
_MATERIALS = Message(MailKind.FOLLOW_UP, Audience.CONFIRMED)
_POSTPONED = Message(MailKind.POSTPONED, Audience.CONFIRMED_AND_WAITING)
_MOVED = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)
_CANCELLED = Message(MailKind.CANCELLATION, Audience.CONFIRMED_AND_WAITING)

# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(Action.ANNOUNCE, State.DRAFT, State.ANNOUNCED, _ANNOUNCE),
    Rule(Action.OPEN, State.ANNOUNCED, State.OPEN, (needs_seats, needs_future_deadline)),
    Rule(Action.CLOSE, State.OPEN, State.CLOSED),
    Rule(Action.REOPEN, State.CLOSED, State.OPEN, (needs_future_deadline,)),
    *_rows(Action.DISPATCH, (State.OPEN, State.CLOSED), State.DISPATCHED, _DISPATCH, _LINK),
    *_rows(Action.FOLLOW_UP, (State.OPEN, State.CLOSED, State.DISPATCHED), State.FOLLOWED_UP, _FOLLOW_UP, _MATERIALS),  # noqa: E501 - one row, one line
    *_rows(Action.ARCHIVE, (State.FOLLOWED_UP, State.CANCELLED), State.ARCHIVED, (needs_retention_over,)),  # noqa: E501 - one row, one line
    *_rows(Action.POSTPONE, _BEFORE_THE_EVENT, State.POSTPONED, (needs_reason, needs_not_over), _POSTPONED),  # noqa: E501 - one row, one line
    Rule(Action.RESCHEDULE, State.POSTPONED, State.ANNOUNCED, (needs_new_date,), _MOVED),
    *_rows(Action.CANCEL, (*_BEFORE_THE_EVENT, State.POSTPONED), State.CANCELLED, (needs_reason, needs_not_over), _CANCELLED),  # noqa: E501 - one row, one line
)
# fmt: on

_BY_PAIR = {(rule.action, rule.source): rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that the event's state allows, with what still stands in its way."""

    rule: Rule
    complaints: tuple[Complaint, ...]

    @property
    def ready(self) -> bool:
        """Whether pressing the button would succeed now."""
        return not self.complaints


def find_rule(action: Action, state: State) -> Rule | None:
    """The row for an action in a state, if the table has one."""
    return _BY_PAIR.get((action, state))


def complaints(rule: Rule, facts: Facts) -> tuple[Complaint, ...]:
    """Everything the rule's needs complain about, in the table's order."""
    return tuple(c for need in rule.needs if (c := need(facts)) is not None)


def plan(action: Action, facts: Facts) -> Rule:
    """The rule to carry out; raises TransitionRefused with all complaints at once."""
    rule = find_rule(action, facts.state)
    if rule is None:
        text = N_("“%(action)s” is not possible while the event is in the state “%(state)s”.")
        values = {"action": ACTION_LABELS[action], "state": STATE_LABELS[facts.state]}
        raise TransitionRefused(Complaint(text, values))
    if found := complaints(rule, facts):
        raise TransitionRefused(found)
    return rule


def offers(facts: Facts) -> tuple[Offer, ...]:
    """Every action the state allows, with its complaints: the source of all buttons.

    Needs that only the form of an action can meet (a reason, a new date) are not held against
    the button that leads to that form.
    """
    asked_later = (needs_reason, needs_new_date)
    return tuple(
        Offer(rule, tuple(c for n in rule.needs if n not in asked_later and (c := n(facts))))
        for rule in RULES
        if rule.source is facts.state
    )


STATE_LABELS: dict[State, str] = {
    State.DRAFT: N_("Draft"),
    State.ANNOUNCED: N_("Announced"),
    State.OPEN: N_("Registration open"),
    State.CLOSED: N_("Registration closed"),
    State.DISPATCHED: N_("Link sent"),
    State.FOLLOWED_UP: N_("Followed up"),
    State.ARCHIVED: N_("Archived"),
    State.POSTPONED: N_("Postponed"),
    State.CANCELLED: N_("Cancelled"),
}

ACTION_LABELS: dict[Action, str] = {
    Action.ANNOUNCE: N_("Announce"),
    Action.OPEN: N_("Open registration"),
    Action.CLOSE: N_("Close registration"),
    Action.REOPEN: N_("Reopen registration"),
    Action.DISPATCH: N_("Send access link"),
    Action.FOLLOW_UP: N_("Send follow-up"),
    Action.ARCHIVE: N_("Archive"),
    Action.POSTPONE: N_("Postpone"),
    Action.RESCHEDULE: N_("Set new date"),
    Action.CANCEL: N_("Cancel event"),
}
