"""What an answer counts for, as a table: each row changes one thing of a plain acceptance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.incoming.answer_rules import (
    AnswerOrder,
    Invited,
    is_proved,
    judge,
    order_of,
    same_person,
)
from ikone_events.domain.incoming.mails import CalendarAnswer, Envelope, IncomingOutcome, Method

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MARIA = "maria.muster@example.org"
INVITED = Invited(address=MARIA, live=True, since=3, told_at=NOW - timedelta(days=1))
_numbers = count()


def answer(**values: object) -> CalendarAnswer:
    """Maria's calendar says yes to the object with sequence 3."""
    envelope = {
        "digest": f"digest-{next(_numbers)}",
        "message_id": "<1@example.org>",
        "sender": MARIA,
        "received_at": NOW,
    }
    own = {
        name: values.pop(name)
        for name in ("sender", "received_at", "authenticated")
        if name in values
    }
    plain = {
        "method": Method.REPLY,
        "uid": "secret@localhost",
        "attendee": MARIA,
        "partstat": "ACCEPTED",
        "sequence": 3,
        "stamp": NOW,
    }
    return CalendarAnswer(envelope=Envelope(**{**envelope, **own}), **{**plain, **values})  # type: ignore[arg-type]


SOMEBODY = "kai.kollege@example.org"
BEFORE = NOW - timedelta(days=2)

TABLE = [
    ({}, IncomingOutcome.TAKEN),
    ({"partstat": "DECLINED"}, IncomingOutcome.TAKEN),
    ({"partstat": "TENTATIVE"}, IncomingOutcome.TAKEN),
    ({"partstat": "NEEDS-ACTION"}, IncomingOutcome.UNCLEAR),
    ({"partstat": ""}, IncomingOutcome.UNCLEAR),
    ({"partstat": "DELEGATED"}, IncomingOutcome.DELEGATED),
    ({"partstat": "DELEGATED", "sequence": 0}, IncomingOutcome.DELEGATED),
    ({"method": Method.COUNTER}, IncomingOutcome.COUNTER),
    ({"method": Method.COUNTER, "attendee": SOMEBODY}, IncomingOutcome.COUNTER),
    ({"method": Method.OTHER}, IncomingOutcome.UNCLEAR),
    ({"method": Method.REFRESH, "partstat": ""}, IncomingOutcome.REFRESH),
    (
        {"method": Method.REFRESH, "attendee": SOMEBODY, "sender": SOMEBODY},
        IncomingOutcome.OTHER_ADDRESS,
    ),
    ({"attendee": SOMEBODY}, IncomingOutcome.TAKEN),  # an alias in the object, the mail is Maria's
    ({"sender": SOMEBODY}, IncomingOutcome.TAKEN),  # sent by her office, for her
    ({"attendee": SOMEBODY, "sender": SOMEBODY}, IncomingOutcome.OTHER_ADDRESS),
    ({"attendee": "", "sender": ""}, IncomingOutcome.OTHER_ADDRESS),
    ({"attendee": "MAILTO:Maria.Muster+work@Example.ORG", "sender": ""}, IncomingOutcome.TAKEN),
    ({"sequence": 2}, IncomingOutcome.OLD_DATE),
    ({"sequence": 0, "stamp": NOW + timedelta(days=9)}, IncomingOutcome.OLD_DATE),
    ({"stamp": NOW + timedelta(days=999)}, IncomingOutcome.TAKEN),
    ({"sequence": 4}, IncomingOutcome.TAKEN),
    ({"sequence": None}, IncomingOutcome.TAKEN),
    ({"sequence": None, "stamp": BEFORE}, IncomingOutcome.OLD_DATE),
    ({"sequence": None, "stamp": None}, IncomingOutcome.TAKEN),
    ({"sequence": None, "stamp": None, "received_at": BEFORE}, IncomingOutcome.OLD_DATE),
]


@pytest.mark.parametrize(("values", "outcome"), TABLE)
def test_answer_counts_for_what_the_table_says(
    values: dict[str, object], outcome: IncomingOutcome
) -> None:
    assert judge(answer(**values), INVITED) is outcome


@pytest.mark.parametrize("values", [row[0] for row in TABLE])
def test_answer_to_a_withdrawn_invitation_is_about_nothing(values: dict[str, object]) -> None:
    assert judge(answer(**values), replace(INVITED, live=False)) is IncomingOutcome.ENDED


def test_answer_given_before_the_one_in_force_is_late() -> None:
    given = order_of(answer())
    in_force = replace(INVITED, latest=given)
    second = timedelta(seconds=1)
    assert judge(answer(stamp=NOW - second), in_force) is IncomingOutcome.REPEATED
    assert judge(answer(stamp=NOW + second), in_force) is IncomingOutcome.TAKEN
    assert order_of(answer(stamp=NOW + second)) == given, "nobody answers after the mail"
    assert judge(answer(received_at=NOW - second), in_force) is IncomingOutcome.REPEATED
    assert judge(answer(received_at=NOW + second), in_force) is IncomingOutcome.TAKEN


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (MARIA, MARIA, True),
        (MARIA, "Maria.Muster@EXAMPLE.org", True),
        (MARIA, "maria.muster+kalender@example.org", True),
        ("maria.muster+ikone@example.org", MARIA, True),
        (MARIA, "mailto:maria.muster@example.org", True),
        ("a@bücher.example", "a@xn--bcher-kva.example", True),
        (MARIA, "maria.muster@example.com", False),
        (MARIA, "maria@example.org", False),
        ("", "", False),
        (MARIA, "", False),
    ],
)
def test_addresses_are_compared_as_mailboxes(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
    assert same_person(other, one) is same


@pytest.mark.parametrize(
    ("values", "proved"),
    [
        ({"authenticated": True}, True),
        ({"authenticated": False}, False),
        ({"authenticated": True, "sender": SOMEBODY}, False),  # proved, but that is not Maria
        ({"authenticated": True, "attendee": SOMEBODY}, True),
    ],
)
def test_answer_is_proved_by_the_senders_own_domain(
    values: dict[str, object], proved: bool
) -> None:
    assert is_proved(answer(**values), MARIA) is proved


def in_force(answers: list[CalendarAnswer]) -> str:
    """The answer that counts after all these have come in, one by one."""
    latest: AnswerOrder | None = None
    partstat = ""
    for each in answers:
        if judge(each, replace(INVITED, latest=latest)) is IncomingOutcome.TAKEN:
            latest, partstat = order_of(each), each.partstat
    return partstat


STATS = st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED", ""])
MINUTES = st.integers(-3000, 3000)
SEQUENCES = st.one_of(st.none(), st.integers(0, 6))


@given(
    st.lists(st.tuples(STATS, SEQUENCES, MINUTES), unique_by=lambda each: each[2], max_size=8),
    st.randoms(use_true_random=False),
)
def test_order_of_arrival_does_not_decide_what_counts(
    given_answers: list[tuple[str, int | None, int]], chance: object
) -> None:
    answers = [
        answer(
            partstat=partstat,
            sequence=sequence,
            stamp=NOW + timedelta(minutes=minute),
            received_at=NOW + timedelta(minutes=minute, seconds=minute % 7 - 2),
        )
        for partstat, sequence, minute in given_answers
    ]
    shuffled = list(answers)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_force(shuffled) == in_force(answers)
