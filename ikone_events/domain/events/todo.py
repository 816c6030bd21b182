"""What an organiser has to do today: derived from facts at one moment, never stored.

Each rule looks at one event and says at most one thing. The dashboard shows the answers in order:
the most pressing first, then by date.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from ikone_events.domain.events.lifecycle import Action, EventFormat, Facts, State
from ikone_events.domain.refusals import N_, Complaint

LINK_NEEDED_BEFORE = timedelta(days=3)
LINK_SENT_BEFORE = timedelta(days=1)
# Three weeks are what a town hall needs to find somebody who can come.
OPENED_BEFORE = timedelta(days=21)
ANNOUNCED_BEFORE = timedelta(days=28)


class Severity(IntEnum):
    """How pressing: the lower, the sooner."""

    DANGER = 0
    WARNING = 1
    INFO = 2


class Target(StrEnum):
    """The page on which it is done."""

    EVENT = "event"
    ROOM = "room"
    EDIT = "edit"
    REGISTRATIONS = "registrations"
    MAIL = "mail"
    ANSWERS = "answers"
    MATERIALS = "materials"
    STEPS = "steps"
    NOWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A step whose time has come and that can't run; `label` is its message id or own title."""

    step_id: int
    label: str
    complaints: tuple[Complaint, ...]
    action: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTodoFacts:
    """One event as the rules look at it. `seated` counts those who hold a seat.

    `held_back`: the event has rules by which people may wait while there are free places.
    `failed_mail` are mails that no server took, `unreached` addresses whose mails came back,
    `odd_answers` mails of calendars that somebody has to look at.
    `blocked` are the steps of its plan that stand still, the oldest first. Only that one is told:
    the others mostly wait for it.
    """

    slug: str
    facts: Facts
    seated: int = 0
    waiting: int = 0
    to_approve: int = 0
    held_back: bool = False
    failed_mail: int = 0
    unreached: int = 0
    odd_answers: int = 0
    blocked: tuple[Blocked, ...] = ()

    def tells_of(self, *actions: Action) -> bool:
        """Whether the blocked step that is told is one of these actions."""
        return bool(self.blocked) and self.blocked[0].action in actions

    @property
    def free(self) -> int | None:
        """Seats that nobody holds; None when there is no limit."""
        capacity = self.facts.capacity
        return None if capacity is None else max(capacity - self.seated, 0)

    def starts_within(self, span: timedelta) -> bool:
        """Whether the start is near, and the event not over."""
        return not self.facts.over and self.facts.starts_at - self.facts.now <= span


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """One thing to do: an English message id with its values, and where to do it.

    Of a blocked step `step_id` is its number, and `complaints` follow the text.
    """

    severity: Severity
    text: str
    target: Target
    values: dict[str, object] = field(default_factory=dict)
    slug: str = ""
    starts_at: datetime | None = None
    step_id: int = 0
    complaints: tuple[Complaint, ...] = ()


Rule = Callable[[EventTodoFacts], ToDo | None]

_BEFORE = (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
_RUNNING = (State.OPEN, State.CLOSED, State.DISPATCHED)


def todos(todo_facts: Iterable[EventTodoFacts]) -> tuple[ToDo, ...]:
    """Everything to do about events: blocked steps, then the most pressing, then by date."""
    found = [todo for event in todo_facts for rule in RULES if (todo := rule(event)) is not None]
    return tuple(sorted(found, key=_order))


def _order(todo: ToDo) -> tuple[bool, Severity, datetime | None]:
    return not todo.step_id, todo.severity, todo.starts_at


def step_blocked(event: EventTodoFacts) -> ToDo | None:
    """What should have happened by itself and did not."""
    if not event.blocked:
        return None
    blocked = event.blocked[0]
    text = N_("“%(step)s” (%(title)s) is blocked:")
    about = {complaint.about for complaint in blocked.complaints}
    places = {"room_url": Target.ROOM, "materials": Target.MATERIALS}
    target = next((places[name] for name in about if name in places), Target.STEPS)
    todo = _todo(event, Severity.DANGER, text, target, step=blocked.label)
    return replace(todo, step_id=blocked.step_id, complaints=blocked.complaints)


def link_missing(event: EventTodoFacts) -> ToDo | None:
    """Three days before, the room has to be known; one day before, it is urgent."""
    facts = event.facts
    if event.tells_of(Action.DISPATCH):
        return None
    if facts.state not in _BEFORE or not facts.has_room or facts.room_url:
        return None
    if not event.starts_within(LINK_NEEDED_BEFORE):
        return None
    urgent = event.starts_within(LINK_SENT_BEFORE)
    text = N_("“%(title)s” has no access link yet.")
    return _todo(event, Severity.DANGER if urgent else Severity.WARNING, text, Target.ROOM)


def link_not_sent(event: EventTodoFacts) -> ToDo | None:
    """The day before, everybody who is confirmed should have the link."""
    facts = event.facts
    ready = facts.has_room and facts.room_url and facts.confirmed
    if (
        event.tells_of(Action.DISPATCH)
        or facts.state not in (State.OPEN, State.CLOSED)
        or not ready
    ):
        return None
    if not event.starts_within(LINK_SENT_BEFORE):
        return None
    text = N_(
        "The access link of “%(title)s” has not been sent. People waiting for it: %(number)d."
    )
    return _todo(event, Severity.DANGER, text, Target.EVENT, number=facts.confirmed)


def deadline_passed(event: EventTodoFacts) -> ToDo | None:
    """Nobody can register any more, yet the event still calls itself open."""
    facts = event.facts
    if facts.state is not State.OPEN or facts.over or facts.deadline is None:
        return None
    if facts.deadline > facts.now:
        return None
    text = N_("The registration deadline of “%(title)s” has passed. Registration can be closed.")
    return _todo(event, Severity.INFO, text, Target.EVENT)


def follow_up_due(event: EventTodoFacts) -> ToDo | None:
    """After the event: gather what is handed out, then send it."""
    facts = event.facts
    if facts.state not in _RUNNING or not facts.over or event.tells_of(Action.FOLLOW_UP):
        return None
    if facts.state is State.OPEN:
        text = N_("“%(title)s” is over, but its registration was never closed.")
        return _todo(event, Severity.WARNING, text, Target.EVENT)
    if facts.state is State.CLOSED and facts.format is not EventFormat.ON_SITE:
        text = N_("“%(title)s” is over, but its access link was never sent.")
        return _todo(event, Severity.WARNING, text, Target.EVENT)
    if facts.materials == 0:
        text = N_("“%(title)s” is over. Slides, links or contacts for the follow-up are missing.")
        return _todo(event, Severity.WARNING, text, Target.MATERIALS)
    text = N_("The follow-up of “%(title)s” is ready to be sent.")
    return _todo(event, Severity.WARNING, text, Target.EVENT)


def mails_failed(event: EventTodoFacts) -> ToDo | None:
    """Somebody was promised a mail and did not get it."""
    if not event.failed_mail:
        return None
    text = N_("E-mails of “%(title)s” that could not be delivered: %(number)d.")
    return _todo(event, Severity.DANGER, text, Target.MAIL, number=event.failed_mail)


def mails_came_back(event: EventTodoFacts) -> ToDo | None:
    """A server took the mail and sent it back: the person knows of nothing."""
    if not event.unreached:
        return None
    one = N_("One invitation to “%(title)s” did not arrive.")
    text = (
        N_("%(number)d invitations to “%(title)s” did not arrive.") if event.unreached > 1 else one
    )
    return _todo(event, Severity.DANGER, text, Target.ANSWERS, number=event.unreached)


def answers_to_look_at(event: EventTodoFacts) -> ToDo | None:
    """An answer that nobody but a person can make sense of."""
    if not event.odd_answers:
        return None
    text = N_("Answers to “%(title)s” that you should look at: %(number)d.")
    return _todo(event, Severity.WARNING, text, Target.ANSWERS, number=event.odd_answers)


def seats_free_while_waiting(event: EventTodoFacts) -> ToDo | None:
    """The line moves by itself; when it does not, somebody has to look."""
    if event.facts.state not in _RUNNING or event.facts.over:
        return None
    if not event.waiting or event.free == 0 or event.held_back:
        return None
    text = N_("People wait for “%(title)s” although there are free places. Waiting: %(number)d.")
    return _todo(event, Severity.WARNING, text, Target.REGISTRATIONS, number=event.waiting)


def approvals_due(event: EventTodoFacts) -> ToDo | None:
    """People who hold a place until somebody decides: they do not know whether they can come."""
    if not event.to_approve or event.facts.over:
        return None
    text = N_("People wait for your approval for “%(title)s”: %(number)d.")
    return _todo(event, Severity.WARNING, text, Target.REGISTRATIONS, number=event.to_approve)


def opening_due(event: EventTodoFacts) -> ToDo | None:
    """A date that comes near, or has passed, while nobody can register for it."""
    facts = event.facts
    if facts.state not in (State.DRAFT, State.ANNOUNCED):
        return None
    if event.tells_of(Action.ANNOUNCE, Action.OPEN):
        return None
    if facts.over:
        text = N_("The date of “%(title)s” has passed without a registration.")
        return _todo(event, Severity.INFO, text, Target.EDIT)
    if facts.state is State.DRAFT and event.starts_within(ANNOUNCED_BEFORE):
        text = N_("“%(title)s” is still a draft. It should be announced.")
        return _todo(event, Severity.INFO, text, Target.EVENT)
    if facts.state is State.ANNOUNCED and event.starts_within(OPENED_BEFORE):
        text = N_("Registration for “%(title)s” has not been opened yet.")
        return _todo(event, Severity.WARNING, text, Target.EVENT)
    return None


def new_date_due(event: EventTodoFacts) -> ToDo | None:
    """Whoever was told “postponed” waits for a new date."""
    if event.facts.state is not State.POSTPONED or not event.facts.over:
        return None
    text = N_("“%(title)s” was postponed and has no new date yet.")
    return _todo(event, Severity.INFO, text, Target.EVENT)


RULES: tuple[Rule, ...] = (
    step_blocked,
    link_missing,
    link_not_sent,
    mails_failed,
    mails_came_back,
    answers_to_look_at,
    approvals_due,
    seats_free_while_waiting,
    follow_up_due,
    deadline_passed,
    opening_due,
    new_date_due,
)


def _todo(
    event: EventTodoFacts, severity: Severity, text: str, target: Target, **values: object
) -> ToDo:
    return ToDo(
        severity=severity,
        text=text,
        target=target,
        values={"title": event.facts.title, **values},
        slug=event.slug,
        starts_at=event.facts.starts_at,
    )
