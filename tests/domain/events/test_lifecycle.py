from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.events.facts import Number
from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    RULES,
    STATE_LABELS,
    Action,
    Audience,
    EventFormat,
    Facts,
    State,
    find_rule,
    offers,
    plan,
    plan_in_turn,
    rule_for,
)
from ikone_events.domain.events.needs import numbers_read
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.plan.steps import MAILS
from ikone_events.domain.refusals import TransitionRefused

NOW = datetime(2021, 1, 11, 7, 30, tzinfo=UTC)

# The whole table, written out by hand: where each action leads from each state; "-" is nowhere.
# fmt: off
TABLE = """
            draft     announced  open        closed      dispatched  followed_up archived postponed cancelled
announce    announced -          -           -           -           -           -        -         -
open        -         open       -           -           -           -           -        -         -
close       -         -          closed      -           -           -           -        -         -
reopen      -         -          -           open        -           -           -        -         -
dispatch    -         -          dispatched  dispatched  -           -           -        -         -
mark_sent   -         -          dispatched  dispatched  -           -           -        -         -
follow_up   -         -          followed_up followed_up followed_up -           -        -         -
conclude    -         followed_up followed_up followed_up followed_up -          -        -         -
archive     -         -          -           -           -           archived    -        -         archived
postpone    -         postponed  postponed   postponed   postponed   -           -        -         -
reschedule  -         -          -           -           -           -           -        announced -
cancel      -         cancelled  cancelled   cancelled   cancelled   -           -        cancelled -
discard     gone      -          -           -           -           -           -        -         -
undo        -         -          -           -           -           -           -        -         -
"""  # noqa: E501 - a table reads as a table
# fmt: on


# A new date leads back to where registration was.
RESCHEDULED = {
    None: State.ANNOUNCED,  # loaded without its history
    State.ANNOUNCED: State.ANNOUNCED,
    State.OPEN: State.OPEN,
    State.CLOSED: State.CLOSED,
    State.DISPATCHED: State.CLOSED,
}
TAKES_PLACE = (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
# Where an action that can be undone may have led, and from where.
UNDONE = {
    State.ANNOUNCED: (State.DRAFT,),
    State.OPEN: (State.DRAFT,),
    State.POSTPONED: TAKES_PLACE,
    State.CANCELLED: (*TAKES_PLACE, State.POSTPONED),
}
GONE = "gone"


def cells() -> list[tuple[Action, State, State | str | None]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    ends: dict[str, State | str | None] = {"-": None, GONE: GONE}
    return [
        (Action(name), State(state), ends[target] if target in ends else State(target))
        for name, *targets in rows
        for state, target in zip(header, targets, strict=True)
    ]


def make_facts(state: State = State.DRAFT, **changes: object) -> Facts:
    """An event tomorrow at which nothing is missing."""
    facts = Facts(
        now=NOW,
        state=state,
        title="Gemeinsam aus der Krise",
        summary="Worum es geht.",
        starts_at=NOW + timedelta(hours=26),
        ends_at=NOW + timedelta(hours=28),
        room_url="https://video.example.org/raum",
        deadline=NOW + timedelta(hours=2),
        capacity=60,
        confirmed=59,
        privacy_contact=True,
        retention_until=NOW + timedelta(days=90),
        reason="Die Referentin ist erkrankt.",
        new_starts_at=NOW + timedelta(days=30),
        new_ends_at=NOW + timedelta(days=30, hours=2),
    )
    return replace(facts, **changes)


def test_needs_name_the_numbers_they_look_at() -> None:
    """Numbers that no need names are not counted: a need that looked at one would see 0."""
    needs = {need for rule in RULES for need in rule.needs}
    needs |= {need for mail in MAILS.values() for need in mail.needs}
    for need in needs:
        looks_at = {
            number
            for number in Number
            for state in State
            if need(make_facts(state, **{number: 0})) != need(make_facts(state, **{number: 1}))
        }
        assert numbers_read([need]) == looks_at, need.__name__


def over(facts: Facts) -> Facts:
    """The same event when it has ended, with something to hand out and nobody left to keep."""
    return replace(
        facts,
        now=facts.ends_at + timedelta(days=91),
        retention_until=facts.ends_at + timedelta(days=90),
        materials=1,
        format=facts.format if facts.state is State.DISPATCHED else EventFormat.ON_SITE,
    )


def fit_for(action: Action, state: State) -> Facts:
    late = action in (Action.FOLLOW_UP, Action.CONCLUDE, Action.ARCHIVE)
    facts = make_facts(state)
    return over(facts) if late else facts


def target_of(action: Action, state: State) -> State | str | int | None:
    """Where an action leads; None when it is refused for one reason, else how many there are."""
    try:
        return plan(action, fit_for(action, state)).target or GONE
    except TransitionRefused as refusal:
        reasons = len(refusal.complaints)
        return None if reasons == 1 else reasons


def test_action_leads_where_the_table_says() -> None:
    table = {(action, state): target for action, state, target in cells()}
    assert {key: target_of(*key) for key in table} == table


def test_new_date_leads_back_to_where_registration_was() -> None:
    postponed = make_facts(State.POSTPONED)
    found = {
        before: plan(Action.RESCHEDULE, replace(postponed, before=before)).target
        for before in RESCHEDULED
    }
    assert found == RESCHEDULED


def test_undo_leads_to_the_state_before_and_nowhere_else() -> None:
    found = {
        (state, target)
        for state in State
        for target in State
        if (rule := rule_for(Action.UNDO, make_facts(state, undo_to=target)))
        and rule.target is target
    }
    assert found == {(state, target) for state, targets in UNDONE.items() for target in targets}


def test_undo_is_offered_only_while_something_can_be_undone() -> None:
    cancelled = make_facts(State.CANCELLED)
    assert Action.UNDO not in {offer.rule.action for offer in offers(cancelled)}
    undoable = replace(cancelled, undo_to=State.OPEN)
    undo = [offer for offer in offers(undoable) if offer.rule.action is Action.UNDO]
    assert [(offer.rule.target, offer.ready) for offer in undo] == [(State.OPEN, True)]


def test_table_has_no_row_twice() -> None:
    rows = [(r.action, r.source, out_of) for r in RULES for out_of in r.out_of or (None,)]
    assert len(rows) == len(set(rows))


# What leads on from each state once the clock has passed everything: the only ends are the archive
# and a draft that is gone.
WAYS_OUT = {
    State.DRAFT: {Action.DISCARD},
    State.ANNOUNCED: {Action.CONCLUDE},
    State.OPEN: {Action.CONCLUDE},
    State.CLOSED: {Action.CONCLUDE},
    State.DISPATCHED: {Action.CONCLUDE},
    State.FOLLOWED_UP: {Action.ARCHIVE},
    State.POSTPONED: {Action.RESCHEDULE, Action.CANCEL},
    State.CANCELLED: {Action.ARCHIVE},
    State.ARCHIVED: set(),
}


def test_every_state_has_a_way_out_once_all_has_passed() -> None:
    """Without a room, materials or people, long after the event."""
    facts = make_facts(room_url="", confirmed=0, deadline=None)
    now = facts.ends_at + timedelta(days=400)
    late = replace(facts, now=now, new_starts_at=now + timedelta(1), new_ends_at=now + timedelta(2))
    forward = set(Action) - {Action.CLOSE, Action.MARK_SENT}  # they lead to a state named here

    def ready(state: State) -> set[Action]:
        return {action for action in forward if _is_possible(action, replace(late, state=state))}

    assert {state: ready(state) for state in State} == WAYS_OUT


def _is_possible(action: Action, facts: Facts) -> bool:
    try:
        plan(action, facts)
    except TransitionRefused:
        return False
    return True


def test_announcing_and_opening_complain_about_both_at_once() -> None:
    facts = make_facts(title="", capacity=0)
    with pytest.raises(TransitionRefused) as refusal:
        plan_in_turn([Action.ANNOUNCE, Action.OPEN], facts)
    assert [complaint.about for complaint in refusal.value.complaints] == ["title", "capacity"]


def test_every_state_is_reached_from_draft() -> None:
    reached: set[State] = {State.DRAFT}
    while more := {r.target for r in RULES if r.target and r.source in reached} - reached:
        reached |= more
    assert reached == set(State)


def test_only_archived_has_no_way_out() -> None:
    assert {s for s in State if not any(r.source is s for r in RULES)} == {State.ARCHIVED}


def test_every_state_and_action_has_a_label() -> None:
    assert set(STATE_LABELS) == set(State)
    assert set(ACTION_LABELS) == set(Action)


@pytest.mark.parametrize(
    ("action", "state", "changes", "about"),
    [
        (Action.ANNOUNCE, State.DRAFT, {"title": " "}, ["title"]),
        (Action.ANNOUNCE, State.DRAFT, {"summary": ""}, ["summary"]),
        (Action.ANNOUNCE, State.DRAFT, {"ends_at": NOW}, ["ends_at"]),
        (Action.ANNOUNCE, State.DRAFT, {"starts_at": NOW}, ["starts_at"]),
        (Action.ANNOUNCE, State.DRAFT, {"format": EventFormat.HYBRID}, ["place"]),
        (Action.ANNOUNCE, State.DRAFT, {"privacy_contact": False}, [None]),
        (
            Action.ANNOUNCE,
            State.DRAFT,
            {"title": "", "summary": "", "privacy_contact": False},
            ["title", "summary", None],
        ),
        (Action.OPEN, State.ANNOUNCED, {"capacity": 0}, ["capacity"]),
        (Action.OPEN, State.ANNOUNCED, {"deadline": NOW}, ["deadline"]),
        (Action.REOPEN, State.CLOSED, {"deadline": NOW}, ["deadline"]),
        (Action.DISPATCH, State.OPEN, {"room_url": ""}, ["room_url"]),
        (Action.DISPATCH, State.CLOSED, {"confirmed": 0}, [None]),
        (Action.DISPATCH, State.CLOSED, {"format": EventFormat.ON_SITE}, ["format"]),
        (Action.DISPATCH, State.CLOSED, {"now": NOW + timedelta(hours=28)}, [None]),
        (Action.FOLLOW_UP, State.DISPATCHED, {}, [None, "materials"]),
        (Action.FOLLOW_UP, State.DISPATCHED, {"now": NOW + timedelta(days=2)}, ["materials"]),
        (Action.ARCHIVE, State.FOLLOWED_UP, {}, [None]),
        (Action.ARCHIVE, State.CANCELLED, {}, [None]),
        (Action.POSTPONE, State.OPEN, {"reason": "  "}, ["reason"]),
        (Action.POSTPONE, State.OPEN, {"now": NOW + timedelta(days=2)}, [None]),
        (Action.RESCHEDULE, State.POSTPONED, {"new_ends_at": None}, ["starts_at"]),
        (Action.RESCHEDULE, State.POSTPONED, {"new_starts_at": NOW}, ["starts_at"]),
        (Action.CANCEL, State.POSTPONED, {"reason": None}, ["reason"]),
        (Action.CANCEL, State.DISPATCHED, {"now": NOW + timedelta(days=2)}, [None]),
        (Action.MARK_SENT, State.OPEN, {"reason": ""}, ["reason"]),
        (Action.MARK_SENT, State.CLOSED, {"format": EventFormat.ON_SITE}, ["format"]),
        (Action.CONCLUDE, State.OPEN, {"reason": None}, [None, "reason"]),
        (Action.DISCARD, State.DRAFT, {"registered": 1, "mails": 1}, [None, None]),
        (Action.UNDO, State.CANCELLED, {}, [None]),
        (Action.UNDO, State.OPEN, {"undo_to": State.DRAFT, "registered": 1}, [None]),
    ],
)
def test_need_complains_about_what_is_missing(
    action: Action, state: State, changes: dict[str, object], about: list[str | None]
) -> None:
    with pytest.raises(TransitionRefused) as refusal:
        plan(action, make_facts(state, **changes))
    assert [complaint.about for complaint in refusal.value.complaints] == about


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
def test_online_event_is_not_followed_up_before_its_link_was_sent(state: State) -> None:
    facts = replace(over(make_facts(state)), format=EventFormat.ONLINE)
    with pytest.raises(TransitionRefused):
        plan(Action.FOLLOW_UP, facts)


@pytest.mark.parametrize(
    ("action", "state", "kind", "audience"),
    [
        (Action.ANNOUNCE, State.DRAFT, MailKind.ANNOUNCEMENT, Audience.SUBSCRIBERS),
        (Action.OPEN, State.ANNOUNCED, MailKind.OPENING, Audience.INTERESTED),
        (Action.DISPATCH, State.CLOSED, MailKind.ACCESS_LINK, Audience.CONFIRMED_ONLINE),
        (Action.FOLLOW_UP, State.DISPATCHED, MailKind.FOLLOW_UP, Audience.FOLLOWED_UP),
        (Action.POSTPONE, State.OPEN, MailKind.POSTPONED, Audience.CONFIRMED_AND_WAITING),
        (Action.RESCHEDULE, State.POSTPONED, MailKind.MOVED, Audience.CONFIRMED_AND_WAITING),
        (Action.CANCEL, State.OPEN, MailKind.CANCELLATION, Audience.CONFIRMED_AND_WAITING),
    ],
)
def test_transition_owes_its_mail(
    action: Action, state: State, kind: MailKind, audience: Audience
) -> None:
    message = plan(action, fit_for(action, state)).message
    assert message is not None
    assert (message.kind, message.audience) == (kind, audience)


@given(
    state=st.sampled_from(State),
    title=st.sampled_from(["", "Titel"]),
    capacity=st.sampled_from([None, 0, 5]),
    confirmed=st.integers(0, 2),
    hours=st.integers(-50, 3000),
    materials=st.integers(0, 1),
    room=st.sampled_from(["", "https://video.example.org"]),
    form=st.sampled_from(EventFormat),
)
def test_offered_button_and_rule_agree(  # noqa: PLR0917 - drawn one by one
    state: State,
    title: str,
    capacity: int | None,
    confirmed: int,
    hours: int,
    materials: int,
    room: str,
    form: EventFormat,
) -> None:
    facts = make_facts(
        state,
        title=title,
        capacity=capacity,
        confirmed=confirmed,
        materials=materials,
        room_url=room,
        format=form,
        place="Rathaus",
        starts_at=NOW - timedelta(hours=hours),
        ends_at=NOW - timedelta(hours=hours - 2),
    )
    offered = {offer.rule.action: offer for offer in offers(facts)}
    for action in Action:
        if action not in offered:
            assert find_rule(action, state) is None
        elif offered[action].ready:
            assert plan(action, facts).action is action
        else:
            with pytest.raises(TransitionRefused) as refusal:
                plan(action, facts)
            assert refusal.value.complaints == offered[action].complaints
