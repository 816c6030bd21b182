import pytest

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import StatusRefused
from ikone_events.domain.registering.registration import ACTIVE, SEATED, Status
from ikone_events.domain.registering.status import (
    ACTION_LABELS,
    REGISTRATION_STATUS_LABELS,
    RULES,
    Actor,
    RegistrationAction,
    RegistrationStatus,
    actor_of,
    check,
    is_done,
    mail_for,
    mail_key,
    possible_actions,
    registration_status,
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
give_seat       -    -       -        o          -       -         -         -        -
switch_mode     -    po      po       po         -       po        -         -        -
hand_over       -    -       -        po         -       po        -         -        -
withdraw        -    po      po       po         po      po        =         -        -
decline         -    o       o        o          o       o         -         -        -
expire          -    c       c        -          c       -         -         -        -
correct         -    o       o        o          o       o         -         -        -
ask_address     -    -       o        -          -       o         -         -        -
resend          -    o       o        o          o       o         -         -        -
"""
# fmt: on
NAMES = {"address": RegistrationStatus.ADDRESS, "approval": RegistrationStatus.APPROVAL}


def cells() -> list[tuple[RegistrationAction, RegistrationStatus, str]]:
    header, *rows = [line.split() for line in TABLE.strip().splitlines()]
    return [
        (RegistrationAction(name), NAMES.get(head) or RegistrationStatus(head), cell)
        for name, *found in rows
        for head, cell in zip(header, found, strict=True)
    ]


def test_table_names_every_action_and_standing() -> None:
    assert {(action, standing) for action, standing, _ in cells()} == {
        (action, standing) for action in RegistrationAction for standing in RegistrationStatus
    }
    assert {rule.action for rule in RULES} == set(RegistrationAction)
    assert len(RULES) == len(RegistrationAction)


def drawn(action: RegistrationAction, standing: RegistrationStatus) -> str:
    """The cell of the table as the rules have it; refusals and offered actions say the same."""
    may = "".join(actor.value[0] for actor in Actor if _is_let(action, standing, actor))
    offered = [a.value[0] for a in Actor if action in possible_actions(standing, a)]
    assert may == "".join(offered), (action, standing)
    return "=" * is_done(action, standing) + may or "-"


def _is_let(action: RegistrationAction, standing: RegistrationStatus, actor: Actor) -> bool:
    try:
        check(action, standing, actor)
    except StatusRefused:
        return False
    return True


def test_table_allows_what_it_lists_and_nothing_else() -> None:
    table = {(action, standing): cell for action, standing, cell in cells()}
    assert {key: drawn(*key) for key in table} == table


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.action)
def test_every_outcome_has_a_mail(rule) -> None:
    assert None not in {mail_for(rule.action, target) for target in rule.targets}
    assert set(rule.done_in).isdisjoint(rule.sources)


@pytest.mark.parametrize(
    ("action", "target", "kind"),
    [
        (RegistrationAction.REGISTER, RegistrationStatus.CONFIRMED, MailKind.CONFIRMATION),
        (RegistrationAction.REGISTER, RegistrationStatus.WAITING, MailKind.WAITLIST),
        (RegistrationAction.REGISTER, RegistrationStatus.ADDRESS, MailKind.CONFIRM_ADDRESS),
        (
            RegistrationAction.CONFIRM_ADDRESS,
            RegistrationStatus.APPROVAL,
            MailKind.AWAITING_APPROVAL,
        ),
        (RegistrationAction.APPROVE, RegistrationStatus.OFFERED, MailKind.OFFER),
        (RegistrationAction.ACCEPT, RegistrationStatus.CONFIRMED, MailKind.CONFIRMATION),
        (RegistrationAction.PROMOTE, RegistrationStatus.OFFERED, MailKind.OFFER),
        (RegistrationAction.PROMOTE, RegistrationStatus.CONFIRMED, MailKind.PROMOTION),
        (RegistrationAction.TAKE_OVER, RegistrationStatus.WAITING, MailKind.TAKEN_OVER),
        (RegistrationAction.WITHDRAW, RegistrationStatus.CANCELLED, MailKind.WITHDRAWAL),
        (RegistrationAction.HAND_OVER, RegistrationStatus.CANCELLED, MailKind.HANDED_OVER),
    ],
)
def test_mail_states_what_happened(
    action: RegistrationAction, target: RegistrationStatus, kind: MailKind
) -> None:
    assert mail_for(action, target) is kind


def test_every_active_standing_can_be_left() -> None:
    for standing in RegistrationStatus:
        active = standing not in (RegistrationStatus.NONE, *list(RegistrationStatus)[6:])
        assert (RegistrationAction.WITHDRAW in possible_actions(standing, P)) == active


def test_standings_are_the_statuses() -> None:
    made = {
        registration_status(status, "address" if status is Status.PENDING else "")
        for status in Status
    }
    assert made == set(RegistrationStatus) - {RegistrationStatus.NONE, RegistrationStatus.APPROVAL}
    assert registration_status("pending", "approval") is RegistrationStatus.APPROVAL
    assert SEATED < ACTIVE


def test_actors_of_the_chain_are_distinguished() -> None:
    names = ["person", "system", "anna@example.org"]
    assert [actor_of(name) for name in names] == [P, C, O]


def test_every_word_has_a_label() -> None:
    assert set(ACTION_LABELS) == set(RegistrationAction)
    assert set(REGISTRATION_STATUS_LABELS) == set(RegistrationStatus)


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
def test_mails_are_made_once_by_their_key(kind: MailKind, fresh: bool, key: str) -> None:
    assert mail_key(kind, "x", 7, fresh=fresh) == key
