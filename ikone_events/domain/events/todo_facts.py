"""What rules of the to-do list read of an event, and the entries that they return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from hashlib import sha256

from ikone_events.domain.events.facts import Facts
from ikone_events.domain.events.lifecycle import ACTION_LABELS, Action, next_action
from ikone_events.domain.refusals import N_, Complaint


class Severity(IntEnum):
    """How urgent an entry is; the lowest number comes first."""

    DANGER = 0
    WARNING = 1
    INFO = 2


class Target(StrEnum):
    """The page on which the entry is settled."""

    EVENT = "event"
    ROOM = "room"
    DOOR = "door"
    EDIT = "edit"
    REGISTRATIONS = "registrations"
    MAIL = "mail"
    ANSWERS = "answers"
    MATERIALS = "materials"
    FOLLOW_UP = "follow_up"
    HANDED_IN = "handed_in"
    MATERIAL_REQUESTS = "material_requests"
    STEPS = "steps"
    ATTENDANCE = "attendance"
    MAILBOX = "mailbox"
    NOWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A step that is due and can't run; `label` is its message id or own title."""

    step_id: int
    label: str
    complaints: tuple[Complaint, ...]
    action: Action | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTodoFacts:
    """The facts of one event. `seated` counts the people with a seat.

    `held_back`: rules of the event may keep people waiting while seats are free. `failed_mail`
    counts mails that no server accepted, `unreached` addresses whose mails bounced, `odd_answers`
    calendar answers to look at. `room_fails`: at the door the provider did not answer. `unrecorded`
    counts the people with a place after the end, while it is known of nobody who was there. Of
    `blocked` steps only the oldest becomes an entry, because the others mostly wait for it.
    `handed_in`: slides of speakers that are not released; `infected`: files in which the virus
    scanner found something; `unscanned`: files that it could not check. `material_requests` wait
    for a decision. `dismissed` are names and facts.
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
    room_fails: bool = False
    unrecorded: int = 0
    handed_in: int = 0
    material_requests: int = 0
    infected: int = 0
    unscanned: int = 0
    blocked: tuple[Blocked, ...] = ()
    dismissed: frozenset[tuple[str, str]] = frozenset()

    def is_blocked_at(self, *actions: Action) -> bool:
        """Whether the first blocked step is one of these actions."""
        return bool(self.blocked) and self.blocked[0].action in actions

    @property
    def free(self) -> int | None:
        """The number of free seats; None without a limit."""
        capacity = self.facts.capacity
        return None if capacity is None else max(capacity - self.seated, 0)

    def starts_within(self, span: timedelta) -> bool:
        """Whether the event is not over and starts within a span."""
        return not self.facts.over and self.facts.starts_at - self.facts.now <= span


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """One entry: a message id with its values, and the page on which it is settled.

    For a blocked step `step_id` is its number, and `complaints` follow the text. `action` is the
    one that settles it, if there is one; `name` is that of its rule.
    """

    severity: Severity
    text: str
    target: Target
    values: dict[str, object] = field(default_factory=dict)
    slug: str = ""
    starts_at: datetime | None = None
    step_id: int = 0
    complaints: tuple[Complaint, ...] = ()
    action: Action | None = None
    name: str = ""

    @property
    def fact(self) -> str:
        """What the entry says; a dismissed one returns when that changes, except for its title."""
        values = sorted((key, str(each)) for key, each in self.values.items() if key != "title")
        said = (self.text, self.severity.name, values, self.step_id, self.starts_at)
        return sha256(repr((*said, list(map(str, self.complaints)))).encode()).hexdigest()


def todo_of(
    event: EventTodoFacts, severity: Severity, text: str, target: Target, **values: object
) -> ToDo:
    """An entry about one event; the next action settles it on its page and on that of edits."""
    return ToDo(
        severity=severity,
        text=text,
        target=target,
        values={"title": event.facts.title, **values},
        slug=event.slug,
        starts_at=event.facts.starts_at,
        action=next_action(event.facts) if target in (Target.EVENT, Target.EDIT) else None,
    )


TARGET_LABELS: Mapping[Target, str] = {
    Target.EVENT: N_("Open event"),
    Target.ROOM: N_("Enter link"),
    Target.DOOR: N_("Check the video room"),
    Target.EDIT: N_("Edit event"),
    Target.REGISTRATIONS: N_("See registrations"),
    Target.MAIL: N_("See e-mails"),
    Target.ANSWERS: N_("See answers"),
    Target.MATERIALS: N_("Add materials"),
    Target.FOLLOW_UP: N_("View the follow-up"),
    Target.HANDED_IN: N_("See the slides"),
    Target.MATERIAL_REQUESTS: N_("See the requests"),
    Target.STEPS: N_("See the automatic steps"),
    Target.ATTENDANCE: N_("Record attendance"),
    Target.MAILBOX: N_("Open mailbox"),
}


def sentences_of(todo: ToDo) -> tuple[Complaint, ...]:
    """What has to be done, and why it can't be done yet."""
    return (Complaint(todo.text, todo.values), *todo.complaints)


def settling_label(todo: ToDo, *, may_act: bool) -> str:
    """The message id: the action that settles it, if the reader may take it, or the page."""
    if todo.action is not None and may_act:
        return ACTION_LABELS[todo.action]
    return TARGET_LABELS.get(todo.target, "")
