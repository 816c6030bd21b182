"""What the dashboard puts first, from facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ikone_events.domain.events.lifecycle import (
    RULES,
    Action,
    EventFormat,
    Facts,
    State,
    find_rule,
    next_action,
)
from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import (
    Blocked,
    EventTodoFacts,
    Severity,
    Target,
    settling_label,
)
from ikone_events.domain.refusals import Complaint

START = datetime(2021, 1, 12, 9, tzinfo=UTC)
END = START + timedelta(hours=2)
ROOM = "https://video.example.org/r"


def matter(
    *,
    before: timedelta = timedelta(0),
    seated: int = 0,
    waiting: int = 0,
    to_approve: int = 0,
    held_back: bool = False,
    failed: int = 0,
    unreached: int = 0,
    odd: int = 0,
    unrecorded: int = 0,
    slug: str = "workshop",
    blocked: tuple[Blocked, ...] = (),
    **facts: Any,
) -> EventTodoFacts:
    """An event, seen some time before its start."""
    values = {"now": START - before, "state": State.OPEN, "title": "Zukunft", "starts_at": START}
    return EventTodoFacts(
        slug=slug,
        facts=Facts(**{**values, "ends_at": END, **facts}),
        seated=seated,
        waiting=waiting,
        to_approve=to_approve,
        held_back=held_back,
        failed_mail=failed,
        unreached=unreached,
        odd_answers=odd,
        unrecorded=unrecorded,
        blocked=blocked,
    )


def stuck(action: Action | None, about: str | None = None) -> Blocked:
    """A step that can't run."""
    complaint = Complaint("Etwas fehlt.", about=about)
    return Blocked(step_id=7, label="Zugangslink", complaints=(complaint,), action=action)


def listed(*todo_facts: EventTodoFacts) -> list[tuple[Severity, Target]]:
    """Severity and target of everything to do."""
    return [(todo.severity, todo.target) for todo in todos(todo_facts)]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(days=3, minutes=1), []),
        (timedelta(days=3), [(Severity.WARNING, Target.ROOM)]),
        (timedelta(days=1), [(Severity.DANGER, Target.ROOM)]),
        (timedelta(hours=-1), [(Severity.DANGER, Target.ROOM)]),
    ],
)
def test_missing_link_becomes_urgent_the_day_before(before: timedelta, expected: list[Any]) -> None:
    assert listed(matter(before=before, confirmed=3)) == expected


def test_missing_link_is_no_matter_of_events_on_site_or_drafts() -> None:
    near = timedelta(hours=5)
    assert listed(matter(before=near, format=EventFormat.ON_SITE)) == []
    assert Target.ROOM not in [t for _, t in listed(matter(before=near, state=State.DRAFT))]


def test_unsent_link_is_urgent_once_somebody_is_confirmed() -> None:
    near = timedelta(hours=20)
    assert listed(matter(before=near, room_url=ROOM)) == []
    [todo] = todos([matter(before=near, room_url=ROOM, confirmed=59)])
    assert (todo.severity, todo.target) == (Severity.DANGER, Target.EVENT)
    assert todo.text % todo.values == (
        "The access link of “Zukunft” has not been sent. People waiting for it: 59."
    )
    assert listed(matter(before=near, room_url=ROOM, confirmed=59, state=State.DISPATCHED)) == []


def test_passed_deadline_of_an_open_event_is_listed() -> None:
    before, deadline = timedelta(days=4), START - timedelta(days=5)
    assert listed(matter(before=before, deadline=deadline)) == [(Severity.INFO, Target.EVENT)]
    assert listed(matter(before=before, deadline=deadline, state=State.CLOSED)) == []
    assert listed(matter(before=timedelta(days=6), deadline=deadline)) == []


@pytest.mark.parametrize(
    ("facts", "target"),
    [
        ({"state": State.DISPATCHED}, Target.MATERIALS),
        ({"state": State.DISPATCHED, "materials": 1}, Target.FOLLOW_UP),
        ({"state": State.CLOSED, "format": EventFormat.ON_SITE}, Target.MATERIALS),
        ({"state": State.CLOSED}, Target.FOLLOW_UP),
        ({"state": State.OPEN}, Target.FOLLOW_UP),
    ],
)
def test_event_that_is_over_wants_a_follow_up(facts: dict[str, Any], target: Target) -> None:
    assert listed(matter(before=START - END, **facts)) == [(Severity.WARNING, target)]


def test_followed_up_and_archived_events_want_nothing() -> None:
    for state in (State.FOLLOWED_UP, State.ARCHIVED, State.CANCELLED):
        assert listed(matter(before=timedelta(days=-9), state=state)) == []


def test_failed_mails_are_listed_in_every_state() -> None:
    expected = [(Severity.DANGER, Target.MAIL)]
    assert listed(matter(before=timedelta(days=-9), state=State.FOLLOWED_UP, failed=2)) == expected


def test_waiting_people_and_free_seats_do_not_go_together() -> None:
    far = timedelta(days=9)
    expected = [(Severity.WARNING, Target.REGISTRATIONS)]
    assert listed(matter(before=far, capacity=10, seated=9, waiting=1)) == expected
    assert listed(matter(before=far, capacity=10, seated=10, waiting=1)) == []
    assert listed(matter(before=far, waiting=1)) == expected
    assert listed(matter(before=far, waiting=1, held_back=True)) == []


def test_approvals_are_listed_until_the_event_is_over() -> None:
    expected = [(Severity.WARNING, Target.REGISTRATIONS)]
    assert listed(matter(before=timedelta(days=9), to_approve=2)) == expected
    assert expected[0] not in listed(matter(before=timedelta(days=-1), to_approve=2))


def test_drafts_and_announcements_that_come_near_are_listed() -> None:
    draft, announced = State.DRAFT, State.ANNOUNCED
    assert listed(matter(before=timedelta(days=29), state=draft)) == []
    assert listed(matter(before=timedelta(days=28), state=draft)) == [(Severity.INFO, Target.EVENT)]
    assert listed(matter(before=timedelta(days=22), state=announced)) == []
    expected = [(Severity.WARNING, Target.EVENT)]
    assert listed(matter(before=timedelta(days=21), state=announced)) == expected
    assert listed(matter(before=START - END, state=draft)) == [(Severity.INFO, Target.EDIT)]


def test_postponed_event_without_a_date_is_listed_once_the_old_one_has_passed() -> None:
    assert listed(matter(before=timedelta(days=1), state=State.POSTPONED)) == []
    assert listed(matter(before=START - END, state=State.POSTPONED)) == [
        (Severity.INFO, Target.EVENT)
    ]


def test_most_pressing_comes_first_then_the_next_event() -> None:
    late = matter(slug="late", before=timedelta(days=2), confirmed=1)
    soon = matter(
        slug="soon", before=timedelta(days=2), starts_at=START - timedelta(days=1), confirmed=1
    )
    failed = matter(slug="failed", before=timedelta(days=2), failed=1, room_url=ROOM)
    assert [todo.slug for todo in todos([late, failed, soon])] == ["soon", "failed", "late"]


def test_next_action_is_always_one_that_the_table_knows() -> None:
    for state in {rule.source for rule in RULES}:
        for kind in EventFormat:
            for before in (timedelta(days=3), timedelta(days=-3)):
                facts = matter(before=before, state=state, format=kind).facts
                action = next_action(facts)
                assert isinstance(action, Action)
                assert find_rule(action, state) is not None
    assert next_action(matter(state=State.ARCHIVED).facts) is None


@pytest.mark.parametrize(
    ("action", "facts"),
    [
        (Action.DISPATCH, {"before": timedelta(hours=5), "confirmed": 3}),
        (Action.DISPATCH, {"before": timedelta(hours=5), "confirmed": 3, "room_url": ROOM}),
        (Action.FOLLOW_UP, {"before": -timedelta(hours=5), "state": State.DISPATCHED}),
        (Action.OPEN, {"before": timedelta(days=5), "state": State.ANNOUNCED, "room_url": ROOM}),
        (Action.ANNOUNCE, {"before": timedelta(days=5), "state": State.DRAFT}),
    ],
)
def test_blocked_step_is_listed_once(action: Action, facts: dict[str, Any]) -> None:
    assert len(todos([matter(**facts)])) == 1
    [todo] = todos([matter(**facts, blocked=(stuck(action), stuck(None)))])
    assert todo.text % todo.values == "“Zugangslink” (Zukunft) is blocked:"
    where = Target.FOLLOW_UP if action is Action.FOLLOW_UP else Target.STEPS
    assert (todo.severity, todo.target, todo.step_id) == (Severity.DANGER, where, 7)
    assert [str(complaint) for complaint in todo.complaints] == ["Etwas fehlt."]


def test_blocked_follow_up_leads_to_where_the_way_of_the_link_is_chosen() -> None:
    over = matter(before=-timedelta(days=1), room_url=ROOM, blocked=(stuck(Action.FOLLOW_UP),))
    assert [(todo.target, todo.action) for todo in todos([over])] == [(Target.FOLLOW_UP, None)]


def test_other_rules_still_speak_beside_a_blocked_step() -> None:
    near = matter(before=timedelta(hours=5), failed=2, blocked=(stuck(None),))
    assert [todo.target for todo in todos([near])] == [Target.STEPS, Target.ROOM, Target.MAIL]


def test_blocked_step_comes_first_and_leads_where_it_is_settled() -> None:
    soon = matter(before=timedelta(hours=5), confirmed=1, slug="soon", failed=1)
    later = matter(before=timedelta(days=20), slug="later", blocked=(stuck(None, "room_url"),))
    found = todos([soon, later])
    assert [todo.slug for todo in found] == ["later", "soon", "soon"]
    assert found[0].target is Target.ROOM
    [todo] = todos([matter(before=timedelta(days=9), blocked=(stuck(None, "materials"),))])
    assert todo.target is Target.MATERIALS


def test_mails_that_came_back_are_urgent_and_show_how_many_people() -> None:
    [one] = todos([matter(before=timedelta(days=9), unreached=1)])
    [two] = todos([matter(before=timedelta(days=9), unreached=2, odd=0)])
    assert {one.severity, two.severity} == {Severity.DANGER}
    assert (one.target, one.text) == (
        Target.ANSWERS,
        "One invitation to “%(title)s” did not arrive.",
    )
    assert two.text % two.values == "2 invitations to “Zukunft” did not arrive."


def test_answers_to_check_are_listed_after_what_is_urgent() -> None:
    found = listed(matter(before=timedelta(days=9), odd=3, failed=1, unreached=1))
    assert found == [
        (Severity.DANGER, Target.MAIL),
        (Severity.DANGER, Target.ANSWERS),
        (Severity.WARNING, Target.ANSWERS),
    ]


def test_attendance_of_nobody_is_asked_for_until_the_event_is_archived() -> None:
    def asked(state: State) -> bool:
        event = matter(before=-timedelta(days=1), state=state, unrecorded=60)
        return Target.ATTENDANCE in {todo.target for todo in todos([event])}

    expected = {State.OPEN, State.CLOSED, State.DISPATCHED, State.FOLLOWED_UP}
    assert {state for state in State if asked(state)} == expected
    [todo] = todos([matter(before=-timedelta(days=9), state=State.FOLLOWED_UP, unrecorded=60)])
    assert (todo.severity, todo.values["number"]) == (Severity.INFO, 60)


def test_requests_for_materials_lead_to_where_they_are_decided() -> None:
    past = matter(before=-timedelta(days=9), state=State.FOLLOWED_UP)
    [todo] = todos([replace(past, material_requests=3)])
    assert (todo.target, todo.severity) == (Target.MATERIAL_REQUESTS, Severity.WARNING)
    assert todo.values["number"] == 3
    assert settling_label(todo, may_act=True) == "See the requests"


def test_infected_files_are_listed_before_those_that_could_not_be_checked() -> None:
    found = todos([replace(matter(before=timedelta(days=9)), infected=1, unscanned=2)])
    assert [(each.severity, each.values["number"], each.target) for each in found] == [
        (Severity.DANGER, 1, Target.HANDED_IN),
        (Severity.WARNING, 2, Target.HANDED_IN),
    ]


def test_slides_of_speakers_are_looked_at_and_not_added() -> None:
    [todo] = todos([replace(matter(before=timedelta(days=9)), handed_in=2)])
    assert todo.target is Target.HANDED_IN
    assert settling_label(todo, may_act=True) == "See the slides"
