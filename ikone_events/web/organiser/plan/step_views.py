"""Rows of the pages that show steps: labels, verdicts, and the possible buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import url_for

from ikone_events.domain.events.facts import CALLED_OFF, Facts, State
from ikone_events.domain.events.needs import NOBODY_CONFIRMED
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import RESTING, Verdict, obstacles
from ikone_events.domain.refusals import Complaint
from ikone_events.services.events.foresight import step_views
from ikone_events.services.events.steps import StepView
from ikone_events.services.plan.plans import (
    DONE,
    EXPIRED,
    MOOT,
    SKIPPED,
    reasons_of,
    timing_of,
    what_of,
)
from ikone_events.services.plan.step_editing import is_promised
from ikone_events.services.plan.step_mails import Fate, count_people, fates_of, message_of
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import Step
from ikone_events.web.organiser.mails.mailing_words import code_words
from ikone_events.web.organiser.plan.step_words import (
    mails_words,
    people_words,
    status_words,
    step_label,
    timing_words,
)
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate

# A step that is due later than this may still find people.
TIME_TO_REGISTER = timedelta(days=1)
BLOCKED, READY = Verdict.BLOCKED.value, Verdict.READY.value
WAITING, LATE = Verdict.WAITING.value, Verdict.LATE.value
COMING = (BLOCKED, READY, WAITING)
OFF, RESTS, EVENT = "off", "rests", "event"


@dataclass(frozen=True, slots=True)
class Missing:
    """A complaint about a step, and the link to the form that settles it."""

    text: str
    url: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One row of a plan; `may` names the buttons that would succeed.

    `number` counts the people to whom a coming step writes; `dropped` mails will not be sent.
    """

    at: datetime
    event: Event
    label: str
    status: str
    when: str
    id: int = 0
    action: str = ""
    relation: str = ""
    people: str = ""
    number: int | None = None
    note: str = ""
    missing: tuple[Missing, ...] = ()
    dropped: bool = False
    writes: bool = False
    mailing_id: int = 0
    promised: bool = False
    own: bool = False
    may: frozenset[str] = field(default=frozenset())

    @property
    def look(self) -> str:
        """The class of the row's dot in the timeline."""
        known = {DONE: "done", BLOCKED: "blocked", READY: "ready", EVENT: "event"}
        return known.get(self.status, "todo" if self.status == WAITING else "off")

    @property
    def preview(self) -> str:
        """The address of the preview of this step's mails."""
        return url_for("organiser.preview_step", slug=self.event.slug, step_id=self.id)


@dataclass(frozen=True, slots=True)
class PlanView:
    """The rows of one event's plan."""

    blocked: list[StepRow]
    past: list[StepRow]
    coming: list[StepRow]
    resting: bool


def plan_view(event: Event, facts: Facts) -> PlanView:
    """Return the plan of one event; the number of queries does not grow with its steps."""
    looks = step_views(event, facts)
    ahead = (look.step for look in looks if not look.step.outcome)
    people = count_people(ahead, now=facts.now)
    fates = fates_of(event)
    rows = [row_of(look, event, facts, people, fates) for look in looks]
    rows.append(event_row(event))
    rows.sort(key=lambda row: row.at)
    blocked = [row for row in rows if row.status == BLOCKED]
    rest = [row for row in rows if row.status != BLOCKED]
    past = [row for row in rest if _is_past(row, facts.now)]
    coming = [row for row in rest if row not in past]
    return PlanView(blocked, past, coming, facts.state in RESTING)


def row_of(
    look: StepView,
    event: Event,
    facts: Facts,
    people: Mapping[int, int],
    fates: Mapping[int, Fate] | None = None,
) -> StepRow:
    """Return the row of a step."""
    step, status = look.step, _status(look, facts)
    fate = (fates or {}).get(step.id)
    message = message_of(step)
    at = _moment(step)
    return StepRow(
        at=at,
        event=event,
        id=step.id,
        label=step_label(step, what_of(step).label),
        status=status,
        when=moment_words(at, event.zone),
        action=what_of(step).action or "",
        relation=_relation(step, at),
        people=_people(step, people, fate),
        number=people.get(step.id, 0) if message is not None and not step.outcome else None,
        note=status_words(step, status, reasons_of(step)),
        missing=_missing(look, event, facts.now),
        dropped=look.dropped,
        writes=message is not None,
        mailing_id=fate.mailing_id if fate else 0,
        promised=is_promised(step),
        own=step.kind == MailKind.NOTE.value,
        may=_may(step, facts),
    )


def event_row(event: Event) -> StepRow:
    """Return the row of the event itself among its steps."""
    called_off = event.state in CALLED_OFF
    return StepRow(
        at=event.starts_at,
        event=event,
        label=_("The event does not take place on this date") if called_off else _("The event"),
        status=OFF if called_off else EVENT,
        when=moment_words(event.starts_at, event.zone),
    )


def fix_of(complaint: Complaint, event: Event) -> Missing:
    """Return a complaint with the link that settles it, if there is one."""
    text = translate(complaint)
    if complaint.about == "room_url":
        room = url_for("organiser.event", slug=event.slug, _anchor="room")
        return Missing(text, room, _("Enter link"))
    if complaint.about == "materials":
        return Missing(text, url_for("organiser.materials", slug=event.slug), _("Add materials"))
    if complaint.about:
        form = url_for("organiser.edit_event", slug=event.slug, _anchor=complaint.about)
        return Missing(text, form, _("Complete it"))
    return Missing(text)


def rest_note(event: Event) -> str:
    """Return why no step of the plan runs."""
    if event.state == State.DRAFT.value:
        return _("The event is a draft. The automatic steps start once it has been announced.")
    return _("The event has been postponed. The automatic steps go on when there is a new date.")


def _status(look: StepView, facts: Facts) -> str:
    if look.status == WAITING and facts.state in RESTING:
        return RESTS
    return EXPIRED if look.status == LATE and not look.step.outcome else look.status


def _moment(step: Step) -> datetime:
    """Return when a step was done or became obsolete, else when it is due."""
    if step.outcome not in (DONE, MOOT) or step.outcome_at is None:
        return step.due_at
    return step.outcome_at if step.outcome == DONE else min(step.outcome_at, step.due_at)


def _relation(step: Step, at: datetime) -> str:
    """Return the time relative to the event; "" if the step ran at another time than planned."""
    if moment_words(at, step.event.zone) != moment_words(step.due_at, step.event.zone):
        return ""
    return timing_words(timing_of(step), step.due_at, step.event.zone)


def _is_past(row: StepRow, now: datetime) -> bool:
    if row.status in (READY, RESTS):
        return False
    return row.status in (DONE, MOOT) or row.at <= now


def _people(step: Step, people: Mapping[int, int], fate: Fate | None) -> str:
    if fate is not None:
        return mails_words(fate)
    message = message_of(step)
    if message is None or step.outcome:
        return ""
    words = people_words(message.audience, people.get(step.id, 0), step.event)
    return f"{words}. {about}" if (about := code_words(step.event, message.audience)) else words


def _missing(look: StepView, event: Event, now: datetime) -> tuple[Missing, ...]:
    """Return what is missing. That nobody has registered is no news while people still can."""
    if look.judgement is None or not look.step.active or look.status == LATE:
        return ()
    found = look.judgement.complaints
    if look.step.due_at - now > TIME_TO_REGISTER:
        found = tuple(each for each in found if each != NOBODY_CONFIRMED)
    return tuple(fix_of(complaint, event) for complaint in found)


def _may(step: Step, facts: Facts) -> frozenset[str]:
    """Return the buttons that would succeed; the services check again."""
    found: set[str] = set()
    if facts.state is State.ARCHIVED:
        return frozenset()
    if not step.outcome and not obstacles(what_of(step), facts):
        found.add("run")
    if is_promised(step):
        return frozenset(found)
    if not step.outcome:
        found |= {"skip", "off", "move"} if step.active else {"on", "move"}
        if step.kind == MailKind.NOTE.value:
            found.add("delete")
    elif step.outcome == SKIPPED:
        found |= {"take_back", "move"}
    elif step.outcome == EXPIRED:
        found.add("move")
    return frozenset(found)
