"""What will be dropped is said beforehand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.foresight import ComingStep, dropped
from ikone_events.domain.plan.steps import What
from ikone_events.domain.plan.times import Anchors

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = NOW + timedelta(days=20)
ANCHORS = Anchors(
    starts_at=START,
    ends_at=START + timedelta(hours=2),
    deadline=START - timedelta(days=4),
    retention_until=START + timedelta(days=90),
    zone="Europe/Berlin",
)
OPEN = ComingStep("open", What(action=Action.OPEN), NOW + timedelta(days=1))
REMINDER = ComingStep("hour", What(kind=MailKind.REMINDER_HOUR), START - timedelta(hours=1))


def keys(*steps: ComingStep, state: State = State.ANNOUNCED) -> set[object]:
    return set(dropped(steps, ANCHORS, state, NOW))


def test_reminder_is_dropped_where_registration_will_never_open() -> None:
    assert keys(REMINDER) == {"hour"}
    assert keys(OPEN, REMINDER) == set()
    assert keys(REMINDER, state=State.OPEN) == set()


def test_draft_is_taken_as_announced_and_nothing_is_foreseen_of_a_postponed_event() -> None:
    assert keys(OPEN, REMINDER, state=State.DRAFT) == set()
    assert keys(REMINDER, state=State.DRAFT) == {"hour"}
    assert keys(REMINDER, state=State.POSTPONED) == set()


def test_reminder_behind_its_own_limit_is_dropped() -> None:
    late = replace(REMINDER, due=START + timedelta(minutes=1))
    assert keys(late, state=State.OPEN) == {"hour"}


def test_transition_within_the_grace_of_a_mail_still_saves_it() -> None:
    opens = replace(OPEN, due=START - timedelta(minutes=40))
    assert keys(opens, REMINDER) == set()
    assert keys(replace(opens, due=START - timedelta(minutes=29)), REMINDER) == {"hour"}


def test_reminder_of_the_deadline_is_dropped_once_registration_is_closed() -> None:
    step = ComingStep("deadline", What(kind=MailKind.REMINDER_DEADLINE), START - timedelta(days=6))
    closes = ComingStep("close", What(action=Action.CLOSE), START - timedelta(days=9))
    assert keys(closes, step, state=State.OPEN) == {"deadline"}
    assert keys(step, state=State.OPEN) == set()
