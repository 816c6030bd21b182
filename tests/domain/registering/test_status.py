import pytest

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import StandingRefused
from ikone_events.domain.registering.registration import ACTIVE, SEATED, Status
from ikone_events.domain.registering.status import (
    ACTION_LABELS,
    RULES,
    STANDING_LABELS,
    Action,
    Actor,
    Standing,
    actor_of,
    check,
    is_done,
    letter_for,
    letter_key,
    possible_actions,
    standing_of,
)

P, O, C = Actor.PERSON, Actor.ORGANISER, Actor.CLOCK  # noqa: E741 - heads of columns
BOTH = {P, O}

# Who may do what at which standing, written by hand: p person, o organiser, c clock, "=" is done
# already and a success, "-" is refused.
# fmt: off
TABLE = """
                none address approval waitlisted offered confirmed cancelled declined expired
register        p    -       -        -          -       -         -         -        -
add             o    -       -        -          -       -         -         -        -
take_over       po   -       -        po         -       -         -         -        -
confirm_address -    po      =        -          =       =         -         -        -
approve         -    -       o        -          -       -         -         -        -
accept          -    -       -        -          p       =         -         -        -
promote         -    -       -        c          -       -         -         -        -
move_up         -    -       -        o          -       -         -         -        -
switch_mode     -    po      po       po         -       po        -         -        -
hand_over       -    -       -        po         -       po        -         -        -
withdraw        -    po      po       po         po      po        =         -        -
decline         -    o       o        o          o       o         -         -        -
lapse           -    c       c        -          c       -         -         -        -
"""
# fmt: on
NAMES = {"address": Standing.ADDRESS, "approval": Standing.APPROVAL}


def cells() -> list[tuple[Action, Standing, str]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (Action(name), NAMES.get(head) or Standing(head), cell)
        for name, *found in rows
        for head, cell in zip(header, found, strict=True)
    ]


def test_table_names_every_action_and_standing() -> None:
    assert {(action, standing) for action, standing, _ in cells()} == {
        (action, standing) for action in Action for standing in Standing
    }
    assert {rule.action for rule in RULES} == set(Action)
    assert len(RULES) == len(Action)


def drawn(action: Action, standing: Standing) -> str:
    """The cell of the table as the rules have it; refusals and offered actions say the same."""
    may = "".join(actor.value[0] for actor in Actor if _is_let(action, standing, actor))
    offered = [a.value[0] for a in Actor if action in possible_actions(standing, a)]
    assert may == "".join(offered), (action, standing)
    return "=" * is_done(action, standing) + may or "-"


def _is_let(action: Action, standing: Standing, actor: Actor) -> bool:
    try:
        check(action, standing, actor)
    except StandingRefused:
        return False
    return True


def test_table_lets_do_what_it_says_and_nothing_else() -> None:
    table = {(action, standing): cell for action, standing, cell in cells()}
    assert {key: drawn(*key) for key in table} == table


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.action)
def test_every_outcome_has_a_letter(rule) -> None:
    assert None not in {letter_for(rule.action, target) for target in rule.targets}
    assert set(rule.done_in).isdisjoint(rule.sources)


@pytest.mark.parametrize(
    ("action", "target", "kind"),
    [
        (Action.REGISTER, Standing.CONFIRMED, MailKind.CONFIRMATION),
        (Action.REGISTER, Standing.WAITING, MailKind.WAITLIST),
        (Action.REGISTER, Standing.ADDRESS, MailKind.CONFIRM_ADDRESS),
        (Action.CONFIRM_ADDRESS, Standing.APPROVAL, MailKind.AWAITING_APPROVAL),
        (Action.APPROVE, Standing.OFFERED, MailKind.OFFER),
        (Action.ACCEPT, Standing.CONFIRMED, MailKind.CONFIRMATION),
        (Action.PROMOTE, Standing.OFFERED, MailKind.OFFER),
        (Action.PROMOTE, Standing.CONFIRMED, MailKind.PROMOTION),
        (Action.TAKE_OVER, Standing.WAITING, MailKind.TAKEN_OVER),
        (Action.WITHDRAW, Standing.CANCELLED, MailKind.WITHDRAWAL),
        (Action.HAND_OVER, Standing.CANCELLED, MailKind.HANDED_OVER),
    ],
)
def test_letter_tells_what_happened(action: Action, target: Standing, kind: MailKind) -> None:
    assert letter_for(action, target) is kind


def test_every_active_standing_can_be_left() -> None:
    for standing in Standing:
        active = standing not in (Standing.NONE, *list(Standing)[6:])
        assert (Action.WITHDRAW in possible_actions(standing, P)) == active


def test_standings_are_the_statuses() -> None:
    made = {standing_of(status, "address" if status is Status.PENDING else "") for status in Status}
    assert made == set(Standing) - {Standing.NONE, Standing.APPROVAL}
    assert standing_of("pending", "approval") is Standing.APPROVAL
    assert SEATED < ACTIVE


def test_actors_of_the_chain_are_told_apart() -> None:
    names = ["person", "system", "anna@example.org"]
    assert [actor_of(name) for name in names] == [P, C, O]


def test_every_word_has_a_label() -> None:
    assert set(ACTION_LABELS) == set(Action)
    assert set(STANDING_LABELS) == set(Standing)


@pytest.mark.parametrize(
    ("kind", "fresh", "key"),
    [
        (MailKind.CONFIRMATION, True, "registered:x"),
        (MailKind.CONFIRMATION, False, "confirmed:x"),
        (MailKind.WAITLIST, True, "registered:x"),
        (MailKind.OFFER, False, "offer:x:7"),
        (MailKind.CHANGED, False, "changed:x:7"),
        (MailKind.PROMOTION, False, "promoted:x"),
        (MailKind.TAKEN_OVER, True, "taken:x"),
        (MailKind.TAKEN_OVER, False, "taken:x:7"),
    ],
)
def test_letters_are_made_once_by_their_key(kind: MailKind, fresh: bool, key: str) -> None:
    assert letter_key(kind, "x", 7, fresh=fresh) == key
