"""Verdicts on steps: a step waits, runs, is blocked with reasons, comes too late, or is moot."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from ikone_events.domain.events.facts import EventFormat, Facts, State
from ikone_events.domain.events.lifecycle import Action, find_rule
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import GRACE, MAILS, Verdict, What, judge, latest, obstacles
from ikone_events.domain.plan.templates import PLANS, PlanName, plan_for
from ikone_events.domain.plan.times import Anchors, check_timing

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
DATES = Anchors(
    starts_at=START,
    ends_at=START + timedelta(hours=2),
    deadline=START - timedelta(days=1),
    retention_until=START + timedelta(days=90),
    zone="Europe/Berlin",
)
DISPATCH = What(action=Action.DISPATCH)
DUE = START - timedelta(days=1)


def facts(now: datetime, state: State = State.OPEN, **values: Any) -> Facts:
    return Facts(
        **{
            "now": now,
            "state": state,
            "title": "Workshop",
            "summary": "Kurz.",
            "starts_at": DATES.starts_at,
            "ends_at": DATES.ends_at,
            "deadline": DATES.deadline,
            "room_url": "https://video.example.org/raum",
            "confirmed": 3,
            "privacy_contact": True,
            "retention_until": DATES.retention_until,
            **values,
        }
    )


def verdict(what: What, due: datetime, found: Facts) -> Verdict:
    return judge(what, due, DATES, found).verdict


def test_step_waits_until_it_is_due() -> None:
    assert verdict(DISPATCH, DUE, facts(DUE - timedelta(seconds=1))) is Verdict.WAITING
    assert verdict(DISPATCH, DUE, facts(DUE)) is Verdict.READY


def test_waiting_step_shows_beforehand_what_will_be_missing() -> None:
    early = judge(DISPATCH, DUE, DATES, facts(DUE - timedelta(days=3), room_url=""))
    assert early.verdict is Verdict.WAITING
    assert [c.about for c in early.complaints] == ["room_url"]


def test_time_alone_is_no_complaint_beforehand() -> None:
    follow_up = What(action=Action.FOLLOW_UP)
    waiting = judge(follow_up, DATES.ends_at, DATES, facts(DUE, materials=1))
    assert waiting.complaints == ()


def test_due_step_is_blocked_by_its_complaints_until_they_are_gone() -> None:
    blocked = judge(DISPATCH, DUE, DATES, facts(DUE, room_url=""))
    assert blocked.verdict is Verdict.BLOCKED
    assert [c.about for c in blocked.complaints] == ["room_url"]
    assert verdict(DISPATCH, DUE, facts(DUE + timedelta(hours=20))) is Verdict.READY


def test_blocked_step_expires_when_it_makes_no_sense_any_more() -> None:
    late = judge(DISPATCH, DUE, DATES, facts(DATES.ends_at + timedelta(seconds=1), room_url=""))
    assert late.verdict is Verdict.LATE
    assert late.complaints


@pytest.mark.parametrize("kind", [MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR])
def test_reminder_is_never_sent_after_the_start(kind: MailKind) -> None:
    due = START - timedelta(minutes=10)
    assert latest(What(kind=kind), due, DATES) == START
    assert verdict(What(kind=kind), due, facts(START + timedelta(seconds=1))) is Verdict.LATE


def test_reminder_late_beyond_its_grace_is_left_out() -> None:
    what, due = What(kind=MailKind.REMINDER_DAY), START - timedelta(days=1)
    grace = GRACE[MailKind.REMINDER_DAY]
    assert verdict(what, due, facts(due + grace)) is Verdict.READY
    assert verdict(what, due, facts(due + grace + timedelta(seconds=1))) is Verdict.LATE


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (Action.OPEN, State.OPEN),
        (Action.OPEN, State.DISPATCHED),
        (Action.CLOSE, State.DISPATCHED),
        (Action.DISPATCH, State.FOLLOWED_UP),
        (Action.DISPATCH, State.CANCELLED),
        (Action.ARCHIVE, State.ARCHIVED),
    ],
)
def test_step_behind_the_event_is_moot(action: Action, state: State) -> None:
    assert verdict(What(action=action), DUE, facts(DUE, state)) is Verdict.MOOT


@pytest.mark.parametrize("state", [State.DRAFT, State.POSTPONED])
def test_plan_rests_while_the_event_is_a_draft_or_postponed(state: State) -> None:
    assert verdict(DISPATCH, DUE, facts(DUE, state)) is Verdict.WAITING


def test_announcement_of_a_draft_is_not_held_back_by_its_being_a_draft() -> None:
    announce = What(action=Action.ANNOUNCE)
    assert verdict(announce, DUE, facts(DUE, State.DRAFT)) is Verdict.READY


def test_mails_of_a_cancelled_event_are_moot_except_the_organisers_own() -> None:
    cancelled = facts(DUE, State.CANCELLED)
    assert verdict(What(kind=MailKind.REMINDER_DAY), DUE, cancelled) is Verdict.MOOT
    assert verdict(What(kind=MailKind.NOTE), DUE, cancelled) is Verdict.READY


def test_ready_step_is_one_the_lifecycle_allows() -> None:
    for action, state in product(Action, State):
        found = facts(DUE, state, materials=1)
        if verdict(What(action=action), DUE, found) is Verdict.READY:
            assert find_rule(action, state) is not None, (action, state)
            assert obstacles(What(action=action), found) == (), (action, state)


@pytest.mark.parametrize("name", list(PlanName))
def test_plan_is_in_order_and_each_step_makes_sense(name: PlanName) -> None:
    names = [step.name for step in PLANS[name]]
    assert len(set(names)) == len(names)
    assert {"announce", "open", "close", "follow_up", "archive"} <= set(names)
    for step in PLANS[name]:
        check_timing(step.timing)
        assert (step.audience is not None) is (step.what.kind is not None)
        assert step.what.kind is None or step.what.kind in MAILS


def test_event_on_site_has_no_link_to_send() -> None:
    assert not {"dispatch", "reminder_hour"} & {s.name for s in PLANS[PlanName.ON_SITE]}


@pytest.mark.parametrize(
    ("event_format", "chosen", "expected"),
    [
        (EventFormat.ONLINE, "", PlanName.WORKSHOP),
        (EventFormat.ONLINE, "round_table", PlanName.ROUND_TABLE),
        (EventFormat.ON_SITE, "round_table", PlanName.ON_SITE),
        (EventFormat.HYBRID, "workshop", PlanName.HYBRID),
    ],
)
def test_plan_follows_the_format_unless_a_round_table_was_chosen(
    event_format: EventFormat, chosen: str, expected: PlanName
) -> None:
    assert plan_for(event_format, chosen) is expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.CLOSED, Verdict.BLOCKED),
        (State.DISPATCHED, Verdict.READY),
        (State.FOLLOWED_UP, Verdict.READY),
    ],
)
def test_nobody_is_asked_how_they_liked_what_they_could_not_enter(
    state: State, expected: Verdict
) -> None:
    after = DATES.ends_at + timedelta(days=1)
    assert verdict(What(kind=MailKind.FEEDBACK), after, facts(after, state)) is expected
