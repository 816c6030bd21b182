"""The to-do list of organisers, derived from the facts of events and never stored.

Each rule looks at one event and returns at most one entry. Urgent entries come first, then by date.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, EventFormat, State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.events.todo_facts import EventTodoFacts, Severity, Target, ToDo, todo_of
from ikone_events.domain.refusals import N_

LINK_NEEDED_BEFORE, LINK_SENT_BEFORE = timedelta(days=3), timedelta(days=1)
OPENED_BEFORE = timedelta(days=21)  # administrations need so long to find somebody who can come
ANNOUNCED_BEFORE = timedelta(days=28)


Rule = Callable[[EventTodoFacts], ToDo | None]


def todos(todo_facts: Iterable[EventTodoFacts]) -> tuple[ToDo, ...]:
    """All entries but dismissed ones: blocked steps first, then by urgency, then by date."""
    found = [
        replace(todo, name=rule.__name__)
        for event in todo_facts
        for rule in RULES
        if (todo := rule(event)) and (rule.__name__, todo.fact) not in event.dismissed
    ]
    return tuple(sorted(found, key=lambda todo: (not todo.step_id, todo.severity, todo.starts_at)))


def step_blocked(event: EventTodoFacts) -> ToDo | None:
    """A step of the plan could not run."""
    if not event.blocked:
        return None
    text, blocked = N_("“%(step)s” (%(title)s) is blocked:"), event.blocked[0]
    places = {"room_url": Target.ROOM, "materials": Target.MATERIALS}
    target = next((places[c.about] for c in blocked.complaints if c.about in places), Target.STEPS)
    todo = todo_of(event, Severity.DANGER, text, target, step=blocked.label)
    if target is Target.STEPS and blocked.action is Action.FOLLOW_UP:
        todo = replace(todo, target=Target.FOLLOW_UP)  # asks there how people got the link
    return replace(todo, step_id=blocked.step_id, complaints=blocked.complaints)


def link_missing(event: EventTodoFacts) -> ToDo | None:
    """Three days before the start the room must be known; one day before it is urgent."""
    facts = event.facts
    if event.is_blocked_at(Action.DISPATCH):
        return None
    if facts.state not in TAKES_PLACE or not facts.has_room or facts.room_known:
        return None
    if not event.starts_within(LINK_NEEDED_BEFORE):
        return None
    urgent = event.starts_within(LINK_SENT_BEFORE)
    text = N_("“%(title)s” has no access link yet.")
    return todo_of(event, Severity.DANGER if urgent else Severity.WARNING, text, Target.ROOM)


def link_not_sent(event: EventTodoFacts) -> ToDo | None:
    """One day before the start, confirmed people should have the link."""
    facts = event.facts
    ready = facts.has_room and facts.room_known and facts.confirmed
    if event.is_blocked_at(Action.DISPATCH) or not ready:
        return None
    if facts.state not in (State.OPEN, State.CLOSED) or not event.starts_within(LINK_SENT_BEFORE):
        return None
    text = N_(
        "The access link of “%(title)s” has not been sent. People waiting for it: %(number)d."
    )
    return todo_of(event, Severity.DANGER, text, Target.EVENT, number=facts.confirmed)


def room_unreachable(event: EventTodoFacts) -> ToDo | None:
    """People stand at the door of the video room, and its provider does not answer."""
    if not event.room_fails or event.facts.over or event.facts.state is not State.DISPATCHED:
        return None
    text = N_("People can't enter the room of “%(title)s”: the video service does not answer.")
    return todo_of(event, Severity.DANGER, text, Target.DOOR)


def deadline_passed(event: EventTodoFacts) -> ToDo | None:
    """The deadline has passed, but the event is still open."""
    facts = event.facts
    if facts.state is not State.OPEN or facts.over or facts.deadline is None:
        return None
    if facts.deadline > facts.now:
        return None
    text = N_("The registration deadline of “%(title)s” has passed. Registration can be closed.")
    return replace(todo_of(event, Severity.INFO, text, Target.EVENT), action=Action.CLOSE)


def follow_up_due(event: EventTodoFacts) -> ToDo | None:
    """After the event: add materials, then send the follow-up."""
    facts = event.facts
    if facts.state not in RUNNING or not facts.over or event.is_blocked_at(Action.FOLLOW_UP):
        return None
    if facts.state is State.OPEN:
        text = N_("“%(title)s” is over, but its registration was never closed.")
        return todo_of(event, Severity.WARNING, text, Target.FOLLOW_UP)
    if facts.state is State.CLOSED and facts.format is not EventFormat.ON_SITE:
        text = N_("“%(title)s” is over, but its access link was never sent.")
        return todo_of(event, Severity.WARNING, text, Target.FOLLOW_UP)
    if facts.materials == 0:
        text = N_("“%(title)s” is over. Slides, links or contacts for the follow-up are missing.")
        return todo_of(event, Severity.WARNING, text, Target.MATERIALS)
    text = N_("The follow-up of “%(title)s” is ready to be sent.")
    return todo_of(event, Severity.WARNING, text, Target.FOLLOW_UP)


def slides_handed_in(event: EventTodoFacts) -> ToDo | None:
    """Speakers have handed in slides, which nobody else sees before the office has looked."""
    if not event.handed_in:
        return None
    text = N_("Contributors’ slides for “%(title)s” are waiting for your release: %(number)d.")
    return todo_of(event, Severity.WARNING, text, Target.HANDED_IN, number=event.handed_in)


def materials_requested(event: EventTodoFacts) -> ToDo | None:
    """People who were not there ask for the materials."""
    if not event.material_requests:
        return None
    text = N_("People ask for the materials of “%(title)s”: %(number)d.")
    target, number = Target.MATERIAL_REQUESTS, event.material_requests
    return todo_of(event, Severity.WARNING, text, target, number=number)


def virus_found(event: EventTodoFacts) -> ToDo | None:
    """The scanner found something; the file is held back for good."""
    if not event.infected:
        return None
    text = N_("Files of “%(title)s” are infected and held back. Please delete them: %(number)d.")
    return todo_of(event, Severity.DANGER, text, Target.HANDED_IN, number=event.infected)


def scan_failed(event: EventTodoFacts) -> ToDo | None:
    """The scanner does not answer; it is asked again and again."""
    if not event.unscanned:
        return None
    text = N_("The virus scanner does not answer. Files of “%(title)s” held back: %(number)d.")
    return todo_of(event, Severity.WARNING, text, Target.HANDED_IN, number=event.unscanned)


def attendance_unrecorded(event: EventTodoFacts) -> ToDo | None:
    """After the end nobody is recorded, so nothing is known of all who had a place."""
    if event.facts.state not in (*RUNNING, State.FOLLOWED_UP) or not event.unrecorded:
        return None
    text = N_("Attendance at “%(title)s” is not recorded. Unknown people: %(number)d.")
    return todo_of(event, Severity.INFO, text, Target.ATTENDANCE, number=event.unrecorded)


def mails_failed(event: EventTodoFacts) -> ToDo | None:
    """Mails failed for good."""
    if not event.failed_mail:
        return None
    text = N_("E-mails of “%(title)s” that could not be delivered: %(number)d.")
    return todo_of(event, Severity.DANGER, text, Target.MAIL, number=event.failed_mail)


def mails_came_back(event: EventTodoFacts) -> ToDo | None:
    """Mails bounced: the people concerned do not know of their invitation."""
    if not event.unreached:
        return None
    text = N_("One invitation to “%(title)s” did not arrive.")
    if event.unreached > 1:
        text = N_("%(number)d invitations to “%(title)s” did not arrive.")
    return todo_of(event, Severity.DANGER, text, Target.ANSWERS, number=event.unreached)


def answers_to_look_at(event: EventTodoFacts) -> ToDo | None:
    """Calendar answers that a person has to interpret."""
    if not event.odd_answers:
        return None
    text = N_("Answers to “%(title)s” that you should look at: %(number)d.")
    return todo_of(event, Severity.WARNING, text, Target.ANSWERS, number=event.odd_answers)


def seats_free_while_waiting(event: EventTodoFacts) -> ToDo | None:
    """People wait although seats are free; promotion should have happened by itself."""
    if event.facts.state not in RUNNING or event.facts.over:
        return None
    if not event.waiting or event.free == 0 or event.held_back:
        return None
    text = N_("People wait for “%(title)s” although there are free places. Waiting: %(number)d.")
    return todo_of(event, Severity.WARNING, text, Target.REGISTRATIONS, number=event.waiting)


def approvals_due(event: EventTodoFacts) -> ToDo | None:
    """People with a reserved seat wait for approval."""
    if not event.to_approve or event.facts.over:
        return None
    text = N_("People wait for your approval for “%(title)s”: %(number)d.")
    return todo_of(event, Severity.WARNING, text, Target.REGISTRATIONS, number=event.to_approve)


def opening_due(event: EventTodoFacts) -> ToDo | None:
    """The date is near or has passed, and nobody can register."""
    facts = event.facts
    if facts.state not in (State.DRAFT, State.ANNOUNCED):
        return None
    if event.is_blocked_at(Action.ANNOUNCE, Action.OPEN):
        return None
    if facts.over:
        text = N_("The date of “%(title)s” has passed without a registration.")
        return todo_of(event, Severity.INFO, text, Target.EDIT)
    if facts.state is State.DRAFT and event.starts_within(ANNOUNCED_BEFORE):
        text = N_("“%(title)s” is still a draft. It should be announced.")
        return todo_of(event, Severity.INFO, text, Target.EVENT)
    if facts.state is State.ANNOUNCED and event.starts_within(OPENED_BEFORE):
        text = N_("Registration for “%(title)s” has not been opened yet.")
        return todo_of(event, Severity.WARNING, text, Target.EVENT)
    return None


def new_date_due(event: EventTodoFacts) -> ToDo | None:
    """A postponed event has no new date."""
    if event.facts.state is not State.POSTPONED or not event.facts.over:
        return None
    text = N_("“%(title)s” was postponed and has no new date yet.")
    return todo_of(event, Severity.INFO, text, Target.EVENT)


RULES: tuple[Rule, ...] = (
    step_blocked,
    link_missing,
    link_not_sent,
    room_unreachable,
    mails_failed,
    mails_came_back,
    answers_to_look_at,
    approvals_due,
    virus_found,
    scan_failed,
    slides_handed_in,
    materials_requested,
    seats_free_while_waiting,
    follow_up_due,
    attendance_unrecorded,
    deadline_passed,
    opening_due,
    new_date_due,
)
